/** A timeout bounds the whole check: a backend that drips one byte a second gains nothing by it. Run by `bun test`. */
// alone: measures time

import { expect, setDefaultTimeout, test } from "bun:test";
import { drip, httpServer } from "../harness/backends/backends.ts";
import { printFigure } from "../harness/base/figures.ts";
import { httpCheck, tcpCheck } from "../harness/client/checks.ts";
import { connectClient } from "../harness/client/client.ts";
import { notifications, stateOf } from "../harness/client/client-assertions.ts";
import { startDaemon } from "../harness/daemon/daemon.ts";

setDefaultTimeout(30_000);

const OWN_WAIT_MS = 20;
const TIMEOUT_MS = 2_500;
/** Longest duration of a timed-out check beyond its timeout. */
const TOLERANCE_MS = 50;
const BATCH_MS = 10;
const NOISE_MS = 100;
const EVERY_MS = 1_000;

test("daemon: a backend that drips one byte a second is failed at its timeout", async () => {
  const answer = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789";
  await using head = drip({ everyMs: EVERY_MS, text: answer });
  await using banner = drip({ everyMs: EVERY_MS, text: "220 ready\r\n" });
  await using body = httpServer((_, socket) => {
    socket.write(answer.slice(0, -10));
    let next = 0;
    socket.data.timer = setInterval(() => socket.write(String(next++ % 10)), EVERY_MS);
  });
  await using daemon = await startDaemon({ config: `batching: { delay: ${BATCH_MS}ms }` });
  await using client = await connectClient(daemon.socketPath);
  const fields = { interval: "10s", timeout: `${TIMEOUT_MS}ms` };
  const updatedMs = Date.now();
  client.update([
    httpCheck(1, head, fields),
    tcpCheck(2, banner, { ...fields, receive: "220 ready" }),
    httpCheck(3, body, { ...fields, response: "0123456789" }),
  ]);
  for (const id of [1, 2, 3]) {
    const { duration, message } = await stateOf(client, id, "unhealthy", 10_000);
    const overMs = duration / 1e6 - TIMEOUT_MS;
    printFigure(`over its timeout, by duration (check ${id})`, overMs, "ms");
    // The time in which we had not noticed yet that the connection was open is left out of the duration.
    expect(overMs).toBeGreaterThan(-OWN_WAIT_MS);
    expect(overMs).toBeLessThanOrEqual(TOLERANCE_MS);
    expect(message).toMatch(/^L7TOUT .*(bytes of the (headers|body)|expected bytes)\) within 2\.5s$/);
  }
  for (const { wallMs } of notifications(client)) {
    expect(wallMs - updatedMs).toBeGreaterThanOrEqual(TIMEOUT_MS);
    expect(wallMs - updatedMs).toBeLessThanOrEqual(TIMEOUT_MS + TOLERANCE_MS + BATCH_MS + NOISE_MS);
  }
  // They were given their bytes: it was not for silence that they failed.
  expect([head.received, body.received].every((text) => text.startsWith("GET / HTTP/1.1\r\n"))).toBe(true);
});
