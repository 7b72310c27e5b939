/**
 * tests/monitoring_stack_test.sh without Docker, which not every machine has: a stand-in for `docker` records its
 * calls, Prometheus is real, Grafana is a fake. The script itself shows the rest, with Docker. Run by `bun test`.
 */

import { expect, test } from "bun:test";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { peerTest } from "../harness/base/peers.ts";
import { freePort } from "../harness/base/ports.ts";
import { readToEnd } from "../harness/base/process.ts";
import { makeTempDir } from "../harness/base/tempdir.ts";
import { EXAMPLES, readYamlFile } from "../harness/observers/monitoring-files.ts";
import { startPrometheus } from "../harness/observers/prometheus.ts";

const SCRIPT = join(import.meta.dir, "..", "monitoring_stack_test.sh");
const COMPOSE = `compose --project-name healthcheck-monitoring-test --file ${EXAMPLES}/docker-compose.yml`;
const [{ uid } = { uid: "" }] = readYamlFile("grafana/provisioning/datasources/prometheus.yml").datasources;

interface Run {
  readonly status: number;
  readonly out: string;
  readonly err: string;
  /** Calls of `docker`, one per line. */
  readonly calls: readonly string[];
}

/** Runs the script with a `docker` that does nothing, or with an empty PATH. */
async function run(args: readonly string[], env: Readonly<Record<string, string>> | "no PATH"): Promise<Run> {
  await using dir = makeTempDir("stack");
  const docker = join(dir.path, "docker");
  const log = join(dir.path, "calls");
  writeFileSync(docker, `#!/bin/sh\necho "$@" >> ${log}\n`);
  chmodSync(docker, 0o755);
  const child = Bun.spawn(["/bin/bash", SCRIPT, ...args], {
    env: env === "no PATH" ? { PATH: "/nowhere" } : { PATH: `${dir.path}:/usr/bin:/bin`, ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const { out, err, status } = await readToEnd(child);
  const calls = existsSync(log) ? readFileSync(log, "utf8").trimEnd().split("\n") : [];
  return { status, out, err, calls };
}

/** The requests of the script to Grafana, answered as Grafana answers. */
function playGrafana(port: number) {
  const signedIn = `Basic ${btoa("admin:admin")}`;
  const answers: Readonly<Record<string, object>> = {
    [`/api/datasources/uid/${uid}`]: { uid, type: "prometheus" },
    [`/api/datasources/uid/${uid}/health`]: { status: "OK" },
    "/api/dashboards/uid/healthcheck-server": {
      dashboard: { title: "Healthcheck Server Metrics" },
      meta: { provisioned: true },
    },
  };
  return Bun.serve({
    hostname: "127.0.0.1",
    port,
    fetch(request) {
      const { pathname } = new URL(request.url);
      if (pathname === "/api/health") return Response.json({ database: "ok" });
      if (request.headers.get("authorization") !== signedIn) return new Response(null, { status: 401 });
      const answer = answers[pathname];
      return answer === undefined ? new Response(null, { status: 404 }) : Response.json(answer);
    },
  });
}

test("monitoring stack: without Docker it is skipped, or fails when it must not be", async () => {
  expect(await run([], "no PATH")).toMatchObject({ status: 0, out: "skipped: docker is not installed\n" });
  expect(await run(["--require-docker"], "no PATH")).toMatchObject({
    status: 1,
    err: "FAILED: docker is not installed\n",
  });
  const wrong = await run(["--no-such-option"], "no PATH");
  expect(wrong.status).toBe(2);
  expect(wrong.err).toStartWith("usage: ");
});

peerTest(
  "monitoring stack: it looks at everything and takes down what it brought up",
  ["prometheus", "curl"],
  async () => {
    // No process listens there: a target that is down is reported, and is no failure.
    await using prometheus = await startPrometheus(`127.0.0.1:${freePort()}`);
    const grafanaPort = freePort();
    await using _grafana = playGrafana(grafanaPort);
    const ports = {
      PROMETHEUS_PORT: `${prometheus.port}`,
      GRAFANA_PORT: `${grafanaPort}`,
      WAIT_SECONDS: "20",
    };
    const { status, out, err, calls } = await run(["--require-docker"], ports);
    expect({ status, err }).toEqual({ status: 0, err: "" });
    expect(out).toContain("ok: Prometheus has the rule HealthcheckDown\n");
    expect(out).toContain("ok: Grafana has the dashboard healthcheck-server\n");
    expect(out).toEndWith("passed\n");
    expect(calls).toEqual([
      "info",
      "compose version",
      `${COMPOSE} up --detach`,
      `${COMPOSE} down --volumes --remove-orphans --timeout 10`,
    ]);
  },
);

peerTest(
  "monitoring stack: a missing program is named, and the stack can still be stopped",
  ["curl"],
  async () => {
    const ports = { PROMETHEUS_PORT: `${freePort()}`, GRAFANA_PORT: `${freePort()}`, WAIT_SECONDS: "0" };
    const { status, err, calls } = await run([], ports);
    expect(status).toBe(1);
    expect(err).toContain("FAILED: Prometheus is healthy\n");
    expect(calls.at(-1)).toBe(`${COMPOSE} down --volumes --remove-orphans --timeout 10`);
  },
);
