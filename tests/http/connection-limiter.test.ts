/** Admission of connections; in virtual time, with real connections. */
import { expect, test } from "bun:test";
import { ConnectionLimiter } from "../../src/http/connection-limiter.ts";
import { turnsUntil } from "../harness/base/event-loop.ts";
import { freePort } from "../harness/base/ports.ts";
import { connectHttp } from "../harness/client/raw-http.ts";
import { openGate } from "../harness/fakes/limiter-fixture.ts";

test("connection limiter: one more than there is room for sends away the one that has waited longest", async () => {
  using fixture = await openGate(2);
  const first = await fixture.enter();
  await fixture.pass(10);
  const second = await fixture.enter();
  await fixture.pass(10);
  // The first one's answer has ended just now: the second has waited longer.
  fixture.gate.answering(first.socket)();
  await fixture.pass(3_000);
  const third = await fixture.enter();
  await turnsUntil(() => second.client.closed, "the second to be sent away");
  expect([first.client.closed, third.client.closed, fixture.gate.size]).toEqual([false, false, 2]);
});

test("connection limiter: no client with a running request is disconnected; with all busy the next one is", async () => {
  using fixture = await openGate(2);
  const first = await fixture.enter();
  const second = await fixture.enter();
  const ended = fixture.gate.answering(first.socket);
  fixture.gate.answering(second.socket);
  const third = await fixture.connect();
  expect([third.client.closed, third.socket]).toEqual([true, undefined]);
  expect([first.client.closed, second.client.closed, fixture.gate.size]).toEqual([false, false, 2]);
  ended();
  expect((await fixture.connect()).client.closed).toBe(false);
  await turnsUntil(() => first.client.closed, "the first to be sent away");
});

test("connection limiter: with several answers on one connection it is busy until the last has ended", async () => {
  using fixture = await openGate(1);
  const { client, socket } = await fixture.enter();
  const ends = [fixture.gate.answering(socket), fixture.gate.answering(socket)];
  ends[0]?.();
  expect((await fixture.connect()).client.closed).toBe(true);
  ends[1]?.();
  expect((await fixture.connect()).client.closed).toBe(false);
  await turnsUntil(() => client.closed, "the first to be sent away");
});

test("connection limiter: of many simultaneous clients as many stay as there is room for", async () => {
  using fixture = await openGate(5);
  for (let count = 0; count < 100; count++) await fixture.connect();
  await turnsUntil(() => fixture.gate.size === 5, "five to be left");
});

test("connection limiter: a connection that leaves makes room", async () => {
  using fixture = await openGate(1);
  const { client, socket } = await fixture.enter();
  fixture.gate.answering(socket);
  await client[Symbol.asyncDispose]();
  await turnsUntil(() => fixture.gate.size === 0, "the connection to be gone");
  expect((await fixture.connect()).client.closed).toBe(false);
});

test("connection limiter: closing it closes the listener and every connection", async () => {
  using fixture = await openGate(2);
  const { client } = await fixture.enter();
  fixture.gate.close();
  await turnsUntil(() => client.closed && fixture.gate.size === 0, "the end of the connection");
});

test("connection limiter: a port of another process is an error, and is opened once it is free", async () => {
  const port = freePort();
  const other = Bun.listen({ hostname: "127.0.0.1", port, socket: { data() {} } });
  const gate = new ConnectionLimiter(2, 0, () => {});
  const address = { ip: "127.0.0.1", port };
  await expect(gate.listen(address)).rejects.toThrow("EADDRINUSE");
  await expect(gate.listen(address)).rejects.toThrow("EADDRINUSE");
  other.stop(true);
  expect(await gate.listen(address)).toEqual(address);
  gate.close();
});

test("connection limiter: while all are answered the next waits in line, and takes the place of the first answer that ends", async () => {
  using fixture = await openGate(2, 2);
  const [first, second] = [await fixture.enter(), await fixture.enter()];
  const ends = [fixture.gate.answering(first.socket), fixture.gate.answering(second.socket)];
  await using waiting = await connectHttp(fixture.port);
  await turnsUntil(() => fixture.gate.crowded, "the third to wait in line");
  ends[1]?.();
  await turnsUntil(() => second.client.closed && fixture.admitted.length === 3, "the third to have a place");
  expect([first.client.closed, waiting.closed, fixture.gate.crowded]).toEqual([false, false, false]);
});

test("connection limiter: of more than the line holds one without a whole request is closed, or else the newest", async () => {
  using fixture = await openGate(1, 1);
  fixture.gate.answering((await fixture.enter()).socket);
  await using silent = await connectHttp(fixture.port);
  await turnsUntil(() => fixture.gate.crowded, "the second to wait in line");
  await using waiting = await connectHttp(fixture.port);
  waiting.write("GET / HTTP/1.1\r\n\r\n");
  await turnsUntil(() => silent.closed, "the one that says nothing to be closed");
  await fixture.pass(0);
  expect((await fixture.connect()).client.closed).toBe(true);
  expect(waiting.closed).toBe(false);
});

test("connection limiter: a request that has not arrived keeps its place for three sweeps", async () => {
  using fixture = await openGate(1, 1);
  const first = await fixture.enter();
  await using waiting = await connectHttp(fixture.port);
  await turnsUntil(() => fixture.gate.crowded, "the second to wait in line");
  await fixture.pass(250);
  expect(first.client.closed).toBe(false);
  await fixture.pass(100);
  await turnsUntil(() => first.client.closed && fixture.admitted.length === 2, "the second to have a place");
  expect(waiting.closed).toBe(false);
});

test("connection limiter: a long answer ends when another client waits", async () => {
  using fixture = await openGate(1, 1);
  const first = await fixture.enter();
  fixture.gate.answering(first.socket);
  await using waiting = await connectHttp(fixture.port);
  await turnsUntil(() => fixture.gate.crowded, "the second to wait in line");
  await fixture.pass(1_900);
  expect([first.client.closed, waiting.closed]).toEqual([false, false]);
  await fixture.pass(3_300);
  expect([first.client.closed, waiting.closed]).toEqual([true, false]);
});
