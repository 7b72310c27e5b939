/** Pings of a service manager's watchdog, on a real notification socket. Run by `bun test`. */
// alone: measures time
import { expect, setDefaultTimeout, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { acceptAll } from "../harness/backends/backends.ts";
import { gaps, printFigure, quantile } from "../harness/base/figures.ts";
import { makeTempDir } from "../harness/base/tempdir.ts";
import { until } from "../harness/base/wait.ts";
import { tcpCheck } from "../harness/client/checks.ts";
import { connectClient } from "../harness/client/client.ts";
import { stateOf } from "../harness/client/client-assertions.ts";
import { type Daemon, type DaemonOptions, startDaemon } from "../harness/daemon/daemon.ts";
import { listenAbstract, type NotifyListener } from "../harness/daemon/notify-socket.ts";

setDefaultTimeout(40_000);

const WATCHDOG_MS = 1_000;
const FEED_MS = WATCHDOG_MS / 2;
const WATCHDOG = { WATCHDOG_USEC: String(WATCHDOG_MS * 1_000) };

function start(listener: NotifyListener, options: DaemonOptions = {}): Promise<Daemon> {
  return startDaemon({ ...options, env: { NOTIFY_SOCKET: listener.address, ...options.env } });
}

test("systemd: the watchdog is fed at half of its time", async () => {
  using listener = listenAbstract();
  await using _daemon = await start(listener, { env: WATCHDOG });
  await until(() => listener.times("WATCHDOG=1").length >= 8, 20_000, "8 times");
  const typicalMs = quantile(gaps(listener.times("WATCHDOG=1")), 0.5);
  printFigure("between two WATCHDOG=1", typicalMs, `ms, of ${WATCHDOG_MS}`);
  expect(typicalMs / FEED_MS).toBeGreaterThan(0.7);
  expect(typicalMs / FEED_MS).toBeLessThan(1.5);
});

test("systemd: a watchdog that waits for another process is not fed", async () => {
  using listener = listenAbstract();
  await using daemon = await start(listener, { env: { ...WATCHDOG, WATCHDOG_PID: "1" } });
  await Bun.sleep(3 * FEED_MS);
  daemon.signal("SIGTERM");
  await daemon.exited;
  listener.read();
  expect(listener.messages.map(({ text }) => text)).toEqual([
    "READY=1",
    "STATUS=0 healthy, 0 unhealthy, 0 unknown; no client connected",
    "STOPPING=1",
  ]);
});

test("systemd: while the event loop is blocked nothing is sent; afterwards the watchdog is pinged again", async () => {
  using listener = listenAbstract();
  await using _daemon = await start(listener, { env: { ...WATCHDOG, HEALTHCHECK_TEST_FAULT: "blocked" } });
  const silence = () =>
    gaps(listener.messages.map(({ atMs }) => atMs)).some((gapMs) => gapMs > 2 * WATCHDOG_MS);
  await until(silence, 20_000, "a silence, and its end");
  const { length } = listener.times("WATCHDOG=1");
  expect(listener.messages.at(-1)?.text).toContain("WATCHDOG=1");
  await until(() => listener.times("WATCHDOG=1").length >= length + 3, 10_000, "three more");
  const times = listener.times("WATCHDOG=1");
  printFigure("longest silence", Math.max(...gaps(times)), "ms");
  expect(Math.max(...gaps(times.slice(-3)))).toBeLessThan(2 * WATCHDOG_MS);
});

test("systemd: the watchdog's SIGABRT ends it while its event loop is blocked, and the next one is ready in its place", async () => {
  using listener = listenAbstract();
  const env = { ...WATCHDOG, HEALTHCHECK_TEST_FAULT: "blocked" };
  await using daemon = await start(listener, { env });
  const { atMs } = await listener.waitFor("WATCHDOG=1", 10_000);
  const silentMs = () => {
    // A message that has arrived and was not read yet breaks the silence.
    listener.read();
    return performance.now() - (listener.messages.at(-1)?.atMs ?? atMs);
  };
  await until(() => silentMs() > WATCHDOG_MS, 10_000, "a silence");
  const { length } = listener.messages;
  daemon.signal("SIGABRT");
  expect(await daemon.exited).toBe(128 + 6);
  expect(listener.messages.length).toBe(length);
  await using _next = await start(listener, { socketPath: daemon.socketPath });
  await listener.waitFor("READY=1", 5_000, length);
});

test("systemd: a scheduler that is dead is not covered up by an event loop that lives", async () => {
  using listener = listenAbstract();
  await using backend = acceptAll();
  const { hostname, port } = backend;
  await using dir = makeTempDir("notify");
  const checks = join(dir.path, "checks.yaml");
  const check = `{ id: 1, interval: 100ms, timeout: 1s, checker_type: tcp, ip: ${hostname}, port: ${port} }`;
  writeFileSync(checks, `healthchecks: [${check}]\n`);
  await using daemon = await start(listener, {
    args: ["--checks", checks],
    env: { ...WATCHDOG, HEALTHCHECK_TEST_FAULT: "scheduler" },
  });
  const last = () => {
    listener.read();
    return listener.times("WATCHDOG=1").at(-1) ?? performance.now();
  };
  await until(() => performance.now() - last() > 3 * WATCHDOG_MS, 20_000, "the watchdog to be left alone");
  const fed = listener.times("WATCHDOG=1").length;
  // It was, until the scheduler died.
  expect(fed).toBeGreaterThanOrEqual(2);
  daemon.signal("SIGHUP");
  await listener.waitFor(/^RELOADING=1$/, 5_000);
  await listener.waitFor(
    "READY=1",
    5_000,
    listener.messages.findIndex(({ text }) => text.startsWith("RELOADING")),
  );
  await Bun.sleep(2 * FEED_MS);
  expect(listener.times("WATCHDOG=1").length).toBe(fed);
});

test("systemd: a process that was stopped pings the watchdog as soon as it continues", async () => {
  using listener = listenAbstract();
  await using backend = acceptAll();
  await using daemon = await start(listener, { env: { WATCHDOG_USEC: "4000000" } });
  await using client = await connectClient(daemon.socketPath);
  client.update([tcpCheck(1, backend)]);
  await stateOf(client, 1, "healthy");
  daemon.signal("SIGSTOP");
  await Bun.sleep(3_000);
  const { length } = listener.messages;
  const goesOnMs = performance.now();
  daemon.signal("SIGCONT");
  const { atMs } = await listener.waitFor("WATCHDOG=1", 10_000, length);
  printFigure("from SIGCONT to WATCHDOG=1", atMs - goesOnMs, "ms");
  // Not with the next feeding, half of the watchdog's time later.
  expect(atMs - goesOnMs).toBeLessThan(1_000);
});
