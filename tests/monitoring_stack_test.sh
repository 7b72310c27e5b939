#!/usr/bin/env bash
# Brings up examples/monitoring with Docker and looks at it from outside: Prometheus is healthy and has its rules and its
# target, Grafana is healthy and has its data source and its dashboard. Takes it down again, with the volumes of the test.
#
# Usage: tests/monitoring_stack_test.sh [--require-docker]
# Exit status: 0 passed, or skipped because there is no Docker; 1 failed; with --require-docker also 1 without Docker;
# 2 wrong usage.
#
# It runs beside a stack that is in use: its project name, ports (PROMETHEUS_PORT, GRAFANA_PORT) and volumes are its own.
set -euo pipefail

readonly PROJECT=healthcheck-monitoring-test
readonly DATASOURCE=healthcheck-prometheus
readonly DASHBOARD=healthcheck-server
readonly WAIT_SECONDS=${WAIT_SECONDS:-180}
export PROMETHEUS_PORT=${PROMETHEUS_PORT:-19091}
export GRAFANA_PORT=${GRAFANA_PORT:-13000}
# Here rather than from a .env file beside docker-compose.yml: the test must know them.
export GRAFANA_USER=admin GRAFANA_PASSWORD=admin

require_docker=false
case "${1:-}" in
  "") ;;
  --require-docker) require_docker=true ;;
  *)
    echo "usage: tests/monitoring_stack_test.sh [--require-docker]" >&2
    exit 2
    ;;
esac

skip() {
  if [ "$require_docker" = true ]; then
    echo "FAILED: $1" >&2
    exit 1
  fi
  echo "skipped: $1"
  exit 0
}

# Until here and in here nothing but what bash itself has: it must also be able to say that it is skipped.
command -v docker >/dev/null 2>&1 || skip "docker is not installed"
docker info >/dev/null 2>&1 || skip "docker is installed, but its daemon does not answer"
if docker compose version >/dev/null 2>&1; then
  compose=(docker compose)
elif command -v docker-compose >/dev/null 2>&1; then
  compose=(docker-compose)
else
  skip "docker is installed, but not Docker Compose"
fi
command -v curl >/dev/null 2>&1 || skip "curl is not installed"

stack=$(cd "$(dirname "${BASH_SOURCE[0]}")/../examples/monitoring" && pwd)
compose+=(--project-name "$PROJECT" --file "$stack/docker-compose.yml")
prometheus="http://127.0.0.1:$PROMETHEUS_PORT"
grafana="http://127.0.0.1:$GRAFANA_PORT"
passed=false

clean_up() {
  if [ "$passed" = false ]; then
    "${compose[@]}" ps >&2 || true
    "${compose[@]}" logs --tail 50 >&2 || true
  fi
  "${compose[@]}" down --volumes --remove-orphans --timeout 10 || echo "could not take the stack down" >&2
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

get() { curl --fail --silent --show-error --max-time 5 "$@"; }

get_grafana() { get --user "$GRAFANA_USER:$GRAFANA_PASSWORD" "$grafana$1"; }

# Reads everything before it looks: a grep that stops early would break the pipe of who writes to it.
contains() {
  local text
  text=$(cat)
  grep --quiet --extended-regexp --regexp="$1" <<<"$text"
}

prometheus_healthy() { get "$prometheus/-/healthy" >/dev/null && get "$prometheus/-/ready" >/dev/null; }
has_rule() { get "$prometheus/api/v1/rules" | contains "\"name\": *\"$1\""; }
rules_sound() {
  local answer
  answer=$(get "$prometheus/api/v1/rules") || return 1
  ! contains '"health": *"err"' <<<"$answer"
}
has_target() { get "$prometheus/api/v1/targets?state=active" | contains '"job": *"healthcheck-server"'; }
target_up() { get "$prometheus/api/v1/targets?state=active" | contains '"health": *"up"'; }
grafana_healthy() { get "$grafana/api/health" | contains '"database": *"ok"'; }
has_datasource() { get_grafana "/api/datasources/uid/$DATASOURCE" | contains '"type": *"prometheus"'; }
datasource_works() { get_grafana "/api/datasources/uid/$DATASOURCE/health" | contains '"status": *"OK"'; }
has_dashboard() {
  local answer
  answer=$(get_grafana "/api/dashboards/uid/$DASHBOARD") || return 1
  contains '"title": *"Healthcheck Server Metrics"' <<<"$answer" && contains '"provisioned": *true' <<<"$answer"
}

# check "what" command…: waits until the command succeeds.
check() {
  local what=$1 deadline=$((SECONDS + WAIT_SECONDS))
  shift
  until "$@" 2>/dev/null; do
    if [ "$SECONDS" -ge "$deadline" ]; then
      echo "FAILED: $what" >&2
      # Once more, so that its own words are seen.
      "$@" || true
      exit 1
    fi
    sleep 1
  done
  echo "ok: $what"
}

"${compose[@]}" up --detach

check "Prometheus is healthy" prometheus_healthy
while read -r rule; do
  check "Prometheus has the rule $rule" has_rule "$rule"
done < <(sed -nE 's/^ *- (alert|record): //p' "$stack/alerts.yml" "$stack/recording.yml")
check "Prometheus has no rule that fails" rules_sound
check "Prometheus has the target healthcheck-server" has_target
check "Grafana is healthy" grafana_healthy
check "Grafana has the data source $DATASOURCE" has_datasource
check "Grafana reaches Prometheus through it" datasource_works
check "Grafana has the dashboard $DASHBOARD" has_dashboard
if target_up; then
  echo "ok: a healthcheck-server on this host is scraped"
else
  echo "note: no healthcheck-server on this host answers the containers, so nothing was scraped"
fi

passed=true
echo "passed"
