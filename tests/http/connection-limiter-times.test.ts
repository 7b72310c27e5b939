/** For how long one is let in; in virtual time, with real connections. */
import { expect, test } from "bun:test";
import { turnsUntil } from "../harness/base/event-loop.ts";
import { openGate, say } from "../harness/fakes/limiter-fixture.ts";

test.each([["says nothing"], ["says half a request"]])(
  "connection limiter: a client that %s is disconnected after 10 s",
  async (what) => {
    using fixture = await openGate(2);
    const { client, socket } = await fixture.enter();
    await fixture.pass(3_000);
    if (what.includes("half")) await say(client, socket, "GET / HT");
    await fixture.pass(6_000);
    expect(client.closed).toBe(false);
    await fixture.pass(3_000);
    expect([client.closed, fixture.gate.size]).toEqual([true, 0]);
  },
);

test("connection limiter: a dripped request gains nothing by it", async () => {
  using fixture = await openGate(2);
  const { client, socket } = await fixture.enter();
  for (let second = 0; second < 12 && !client.closed; second++) {
    await say(client, socket, "x");
    await fixture.pass(1_000);
  }
  expect(client.closed).toBe(true);
});

test("connection limiter: after an answer a connection is kept for 75 s, and no longer", async () => {
  using fixture = await openGate(2);
  const { client, socket } = await fixture.enter();
  await say(client, socket, "GET / HTTP/1.1\r\n\r\n");
  fixture.gate.answering(socket)();
  await fixture.pass(74_000);
  expect(client.closed).toBe(false);
  await fixture.pass(3_000);
  expect(client.closed).toBe(true);
});

test("connection limiter: a kept connection has 10 s for its next request, from its first byte on", async () => {
  using fixture = await openGate(2);
  const { client, socket } = await fixture.enter();
  await say(client, socket, "GET / HTTP/1.1\r\n\r\n");
  fixture.gate.answering(socket)();
  await fixture.pass(60_000);
  await say(client, socket, "GET / HT");
  await fixture.pass(9_000);
  expect(client.closed).toBe(false);
  await fixture.pass(4_000);
  expect(client.closed).toBe(true);
});

test("connection limiter: an unread answer is abandoned after 30 s", async () => {
  using fixture = await openGate(2);
  const { client, socket } = await fixture.enter();
  fixture.gate.answering(socket);
  await fixture.pass(28_000);
  expect(client.closed).toBe(false);
  await fixture.pass(4_000);
  expect(client.closed).toBe(true);
});

test("connection limiter: an answer that moves on takes as long as it takes", async () => {
  using fixture = await openGate(2);
  const { client, socket } = await fixture.enter();
  fixture.gate.answering(socket);
  for (let piece = 1; piece <= 6; piece++) {
    socket.write("x".repeat(100));
    await turnsUntil(() => client.bytes === piece * 100, "the piece");
    await fixture.pass(25_000);
  }
  expect(client.closed).toBe(false);
});

// Its time runs from the end of the answer before: src/http/connection-limiter.ts, answering() does not set sinceMs.
test("connection limiter: an answer on a connection that was kept for long has its whole time", async () => {
  using fixture = await openGate(2);
  const { client, socket } = await fixture.enter();
  await say(client, socket, "GET / HTTP/1.1\r\n\r\n");
  const ended = fixture.gate.answering(socket);
  socket.write("answer");
  await fixture.pass(2_000);
  ended();
  await fixture.pass(60_000);
  await say(client, socket, "GET / HTTP/1.1\r\n\r\n");
  fixture.gate.answering(socket);
  // Not a byte of it has been written yet.
  await fixture.pass(20_000);
  expect(client.closed).toBe(false);
});
