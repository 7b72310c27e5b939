#!/bin/sh
# Receives state changes of healthcheck-server as lines of JSON on standard input, and sends those to unhealthy to syslog.
# In the configuration file:
#   events:
#     exec: /usr/local/lib/seesaw/log-state-changes.sh
# The server starts it once and again when it ends; it must read quickly, or the oldest events are dropped.
set -u
while IFS= read -r event; do
  case $event in
  *'"to":"unhealthy"'*) printf '%s\n' "$event" | logger -t seesaw-healthcheck -p daemon.warning ;;
  esac
done
