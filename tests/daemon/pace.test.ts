/** Fast interval, down interval and damping of the executable, the former beside HAProxy's `fastinter`. Run by `bun test`. */
// alone: measures time

import { expect, setDefaultTimeout, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { HealthcheckDetail } from "../../src/http/api.ts";
import { acceptAll, type Backend } from "../harness/backends/backends.ts";
import { runCommand } from "../harness/base/command.ts";
import { printFigure, quantile } from "../harness/base/figures.ts";
import { peerPath, peerTest } from "../harness/base/peers.ts";
import { readLines, stopProcess } from "../harness/base/process.ts";
import { makeTempDir } from "../harness/base/tempdir.ts";
import { until } from "../harness/base/wait.ts";
import { tcpCheck, times } from "../harness/client/checks.ts";
import { connectClient } from "../harness/client/client.ts";
import { notifications } from "../harness/client/client-assertions.ts";
import { NO_REFRESH, startDaemon } from "../harness/daemon/daemon.ts";
import { startMetered } from "../harness/daemon/daemon-with-metrics.ts";

setDefaultTimeout(60_000);

async function detailOf(port: number, id: number): Promise<HealthcheckDetail> {
  const answer = await fetch(`http://127.0.0.1:${port}/api/healthchecks/${id}`);
  // The type is the one that the server is compiled with.
  return (await answer.json()) as HealthcheckDetail;
}

test("daemon: the defaults of the section checks apply, and the pace of the next check is shown", async () => {
  await using up = acceptAll();
  const defaults = "checks: { fast_interval: 1s, down_interval: 2m, damping: { half_life: 5m } }";
  await using metered = await startMetered(`\n${defaults}`);
  await using client = await connectClient(metered.daemon.socketPath);
  client.update([tcpCheck(1, up, { interval: "60s" })]);
  await until(() => notifications(client).length > 0, 10_000, "the first state");
  const before = await detailOf(metered.port, 1);
  expect(before).toMatchObject({ state: "healthy", pace: "normal", damping: { damped: false, penalty: 0 } });
  const gapMs = Date.parse(before.next_at ?? "") - Date.parse(before.last?.at ?? "");
  expect(gapMs).toBeGreaterThan(29_000);
  expect(gapMs).toBeLessThan(61_000);
  expect(before.config).toMatchObject({
    fast_interval_ms: 1_000,
    down_interval_ms: 120_000,
    damping: { half_life_ms: 300_000, suppress: 2_000, reuse: 750 },
  });
});

test("daemon: a flapping backend stays unhealthy until it is calm; message, log, API, explain and metric show it", async () => {
  await using backend = acceptAll();
  await using metered = await startMetered();
  const { daemon, port } = metered;
  await using client = await connectClient(daemon.socketPath);
  client.update([
    tcpCheck(1, backend, { interval: "20ms", damping: { half_life: "2s", suppress: 1_100, reuse: 1_000 } }),
  ]);
  const states = () => notifications(client).map(({ status }) => status.state);
  await until(() => states().length === 1, 10_000, "healthy");
  backend.down();
  await until(() => states().length === 2, 10_000, "unhealthy");
  // The second change soon after the first damps: the recovery is not reported.
  backend.up();
  await daemon.waitForLog(
    /Backend is flapping, it stays unhealthy until it is calm id=1 .*suppress=1100 reuse=1000/,
    10_000,
  );
  const during = await detailOf(port, 1);
  expect(during).toMatchObject({
    state: "unhealthy",
    damped: true,
    last: { result: "success" },
    damping: { damped: true, measured_state: "healthy", suppress: 1_100, reuse: 1_000 },
  });
  expect(await metered.now('damped{id="1",type="tcp"}')).toBe(1);
  const explained = await runCommand(["explain", "1", "--addr", `127.0.0.1:${port}`]);
  expect(explained.out).toContain("flapping, stays unhealthy; measured state healthy");
  await daemon.waitForLog(/Flapping has ended, the measured state is reported id=1 .*state=healthy/, 20_000);
  await until(() => states().length === 3, 10_000, "healthy again");
  expect(states()).toEqual(["healthy", "unhealthy", "healthy"]);
  expect(await metered.now('damped{id="1",type="tcp"}')).toBe(0);
});

const COUNT = 100;
const INTERVAL_MS = 2_000;
const FAST_MS = 200;
const FALL = 3;

/** Starts HAProxy with the same checks. @returns the wall-clock times at which it reports a server down */
function startPeer(backend: Backend) {
  const dir = makeTempDir("haproxy-fastinter");
  const file = join(dir.path, "haproxy.cfg");
  const servers = times(
    COUNT,
    (at) =>
      `  server s${at} 127.0.0.1:${backend.port} check inter ${INTERVAL_MS} fastinter ${FAST_MS} fall ${FALL} rise 1`,
  );
  writeFileSync(
    file,
    [
      "global\n  nbthread 1",
      "defaults\n  mode tcp\n  timeout connect 1s\n  timeout client 1s\n  timeout server 1s",
      `frontend f\n  bind unix@${join(dir.path, "f.sock")}\n  default_backend b`,
      `backend b\n${servers.join("\n")}\n`,
    ].join("\n"),
  );
  const child = Bun.spawn([peerPath("haproxy"), "-db", "-f", file], { stdin: "ignore", stderr: "pipe" });
  const downMs: number[] = [];
  const reading = readLines(child.stderr, (line) => {
    if (/Server b\/s\d+ is DOWN/.test(line)) downMs.push(Date.now());
  });
  return {
    downMs,
    async [Symbol.asyncDispose]() {
      await stopProcess(child);
      await reading;
      dir.remove();
    },
  };
}

peerTest(
  "daemon: with a fast interval a backend that dies is reported as soon as by HAProxy with fastinter",
  ["haproxy"],
  async () => {
    await using backend = acceptAll();
    await using peer = startPeer(backend);
    await using daemon = await startDaemon({ config: NO_REFRESH });
    await using client = await connectClient(daemon.socketPath);
    const pace = { interval: `${INTERVAL_MS}ms`, fast_interval: `${FAST_MS}ms`, fall: FALL };
    client.update(times(COUNT, (at) => tcpCheck(at + 1, backend, pace)));
    await until(() => notifications(client).length === COUNT, 20_000, "all healthy");
    // Two intervals later both are on their grids.
    await Bun.sleep(2 * INTERVAL_MS);
    backend.down();
    const diedMs = Date.now();
    const down = () => notifications(client).filter(({ status }) => status.state === "unhealthy");
    await until(() => down().length === COUNT && peer.downMs.length === COUNT, 20_000, "all unhealthy");
    const ours = quantile(
      down().map(({ wallMs }) => wallMs - diedMs),
      0.99,
    );
    const theirs = quantile(
      peer.downMs.map((ms) => ms - diedMs),
      0.99,
    );
    printFigure("death to report, p99, fast_interval", ours, "ms");
    printFigure("death to report, p99, HAProxy's fastinter", theirs, "ms");
    // Stalls of a busy machine make HAProxy's checks run together, which makes its figure a matter of luck: the rule bounds both.
    const boundMs = INTERVAL_MS + (FALL - 1) * FAST_MS;
    expect(ours / Math.max(theirs, boundMs)).toBeLessThanOrEqual(1.1);
  },
);
