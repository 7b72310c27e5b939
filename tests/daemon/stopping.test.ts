/**
 * Shutdown of the daemon: pending notifications are sent, the status is 0, and no client can delay it. Run by `bun
 * test`.
 */
// alone: measures time

import { expect, setDefaultTimeout, test } from "bun:test";
import { existsSync } from "node:fs";
import { acceptAll, type Backend, closedPort } from "../harness/backends/backends.ts";
import { printFigure } from "../harness/base/figures.ts";
import { until } from "../harness/base/wait.ts";
import { tcpCheck, times } from "../harness/client/checks.ts";
import { connectClient } from "../harness/client/client.ts";
import { handled, notifications } from "../harness/client/client-assertions.ts";
import { type Daemon, startDaemon } from "../harness/daemon/daemon.ts";

setDefaultTimeout(30_000);

const LIMIT_MS = 2_000;
/** The longest delay there is: a notification that comes earlier was flushed. */
const LONG_BATCH = "batching: { delay: 10s, max_size: 10000 }";

async function timedExit(daemon: Daemon, signals: readonly NodeJS.Signals[]) {
  const startMs = performance.now();
  for (const signal of signals) daemon.signal(signal);
  const status = await daemon.exited;
  return { status, tookMs: performance.now() - startMs };
}

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  test(`daemon: ${signal} flushes a pending change, exits 0 within 2 s and removes the socket`, async () => {
    await using backend = acceptAll();
    await using daemon = await startDaemon({ config: LONG_BATCH });
    await using client = await connectClient(daemon.socketPath);
    client.update([tcpCheck(1, backend)]);
    await daemon.waitForLog(/changed id=1 .*new_state=healthy/, 5_000);
    await handled(client);
    expect(notifications(client)).toEqual([]);
    const { status, tookMs } = await timedExit(daemon, [signal]);
    await client.closed;
    expect(notifications(client).map(({ id, status: { state } }) => [id, state])).toEqual([["1", "healthy"]]);
    printFigure(`exit after ${signal}`, tookMs, "ms");
    expect(status).toBe(0);
    expect(tookMs).toBeLessThanOrEqual(LIMIT_MS);
    expect(existsSync(daemon.socketPath)).toBe(false);
    expect(daemon.log.at(-1)).toEndWith("Healthcheck server stopped");
  });
}

/** A daemon whose client does not read: the socket is full, an answer is half written, and 2,000 changes wait. */
async function stuffed(stack: AsyncDisposableStack): Promise<Daemon> {
  const backend = stack.use(acceptAll());
  const closed = stack.use(closedPort());
  const daemon = stack.use(await startDaemon());
  const client = stack.use(await connectClient(daemon.socketPath));
  const update = (target: Backend) =>
    client.update(times(2_000, (id) => tcpCheck(id, target, { interval: "60s" })));
  update(backend);
  await until(() => client.latest.size === 2_000, 10_000, "2,000 states");
  client.pause();
  client.send({ type: "request_status" });
  update(closed);
  await daemon.waitForLog(/Failed to send notification: client is not reading/, 10_000);
  await daemon.waitForLog(/changed id=1999 .*new_state=unhealthy/, 10_000);
  return daemon;
}

test("daemon: SIGTERM exits 0 within 2 s, also with a client that does not read", async () => {
  await using stack = new AsyncDisposableStack();
  const daemon = await stuffed(stack);
  const { status, tookMs } = await timedExit(daemon, ["SIGTERM"]);
  printFigure("exit after SIGTERM with a client that does not read", tookMs, "ms");
  expect(status).toBe(0);
  expect(tookMs).toBeLessThanOrEqual(LIMIT_MS);
});

test("daemon: a second signal ends it immediately", async () => {
  await using stack = new AsyncDisposableStack();
  const daemon = await stuffed(stack);
  const startMs = performance.now();
  daemon.signal("SIGTERM");
  await daemon.waitForLog(/Stopping healthcheck server/, 2_000);
  daemon.signal("SIGTERM");
  expect(await daemon.exited).toBe(1);
  expect(performance.now() - startMs).toBeLessThan(1_000);
});

test("daemon: the message shutdown ends it with 0", async () => {
  await using backend = acceptAll();
  await using daemon = await startDaemon({ config: LONG_BATCH });
  await using client = await connectClient(daemon.socketPath);
  client.update([tcpCheck(1, backend)]);
  await daemon.waitForLog(/changed id=1 .*new_state=healthy/, 5_000);
  client.send({ type: "shutdown" });
  expect(await daemon.exited).toBe(0);
  await client.closed;
  expect(notifications(client).map(({ id }) => id)).toEqual(["1"]);
});
