/** Who is let in; in virtual time, with real connections. */
import { expect, test } from "bun:test";
import { ConnectionLimiter } from "../../src/http/connection-limiter.ts";
import { turnsUntil } from "../harness/base/event-loop.ts";
import { freePort } from "../harness/base/ports.ts";
import { connectHttp } from "../harness/client/raw-http.ts";
import { openGate } from "../harness/fakes/limiter-fixture.ts";

test("gate: one more than there is room for sends away the one that has waited longest", async () => {
  using bench = await openGate(2);
  const first = await bench.enter();
  await bench.pass(10);
  const second = await bench.enter();
  await bench.pass(10);
  // The first one's answer has ended just now: the second has waited longer.
  bench.gate.answering(first.socket)();
  await bench.pass(3_000);
  const third = await bench.enter();
  await turnsUntil(() => second.client.closed, "the second to be sent away");
  expect([first.client.closed, third.client.closed, bench.gate.size]).toEqual([false, false, 2]);
});

test("gate: nobody who is being answered is sent away; with all busy the next one is", async () => {
  using bench = await openGate(2);
  const first = await bench.enter();
  const second = await bench.enter();
  const ended = bench.gate.answering(first.socket);
  bench.gate.answering(second.socket);
  const third = await bench.connect();
  expect([third.client.closed, third.socket]).toEqual([true, undefined]);
  expect([first.client.closed, second.client.closed, bench.gate.size]).toEqual([false, false, 2]);
  ended();
  expect((await bench.connect()).client.closed).toBe(false);
  await turnsUntil(() => first.client.closed, "the first to be sent away");
});

test("gate: with several answers on one connection it is busy until the last has ended", async () => {
  using bench = await openGate(1);
  const { client, socket } = await bench.enter();
  const ends = [bench.gate.answering(socket), bench.gate.answering(socket)];
  ends[0]?.();
  expect((await bench.connect()).client.closed).toBe(true);
  ends[1]?.();
  expect((await bench.connect()).client.closed).toBe(false);
  await turnsUntil(() => client.closed, "the first to be sent away");
});

test("gate: many that come at once leave as many as there is room for", async () => {
  using bench = await openGate(5);
  for (let count = 0; count < 100; count++) await bench.connect();
  await turnsUntil(() => bench.gate.size === 5, "five to be left");
});

test("gate: a connection that leaves makes room", async () => {
  using bench = await openGate(1);
  const { client, socket } = await bench.enter();
  bench.gate.answering(socket);
  await client[Symbol.asyncDispose]();
  await turnsUntil(() => bench.gate.size === 0, "the connection to be gone");
  expect((await bench.connect()).client.closed).toBe(false);
});

test("gate: closing it closes the listener and every connection", async () => {
  using bench = await openGate(2);
  const { client } = await bench.enter();
  bench.gate.close();
  await turnsUntil(() => client.closed && bench.gate.size === 0, "the end of the connection");
});

test("gate: a port that is somebody else's is refused, and taken once it is free", async () => {
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

test("gate: while all are answered the next waits in line, and takes the place of the first answer that ends", async () => {
  using bench = await openGate(2, 2);
  const [first, second] = [await bench.enter(), await bench.enter()];
  const ends = [bench.gate.answering(first.socket), bench.gate.answering(second.socket)];
  await using waiting = await connectHttp(bench.port);
  await turnsUntil(() => bench.gate.crowded, "the third to wait in line");
  ends[1]?.();
  await turnsUntil(() => second.client.closed && bench.admitted.length === 3, "the third to have a place");
  expect([first.client.closed, waiting.closed, bench.gate.crowded]).toEqual([false, false, false]);
});

test("gate: of more than the line holds one without a whole request is closed, or else the newest", async () => {
  using bench = await openGate(1, 1);
  bench.gate.answering((await bench.enter()).socket);
  await using silent = await connectHttp(bench.port);
  await turnsUntil(() => bench.gate.crowded, "the second to wait in line");
  await using waiting = await connectHttp(bench.port);
  waiting.write("GET / HTTP/1.1\r\n\r\n");
  await turnsUntil(() => silent.closed, "the one that says nothing to be closed");
  await bench.pass(0);
  expect((await bench.connect()).client.closed).toBe(true);
  expect(waiting.closed).toBe(false);
});

test("gate: a request that has not arrived keeps its place for three sweeps", async () => {
  using bench = await openGate(1, 1);
  const first = await bench.enter();
  await using waiting = await connectHttp(bench.port);
  await turnsUntil(() => bench.gate.crowded, "the second to wait in line");
  await bench.pass(250);
  expect(first.client.closed).toBe(false);
  await bench.pass(100);
  await turnsUntil(() => first.client.closed && bench.admitted.length === 2, "the second to have a place");
  expect(waiting.closed).toBe(false);
});

test("gate: an answer that goes on for long ends when another waits", async () => {
  using bench = await openGate(1, 1);
  const first = await bench.enter();
  bench.gate.answering(first.socket);
  await using waiting = await connectHttp(bench.port);
  await turnsUntil(() => bench.gate.crowded, "the second to wait in line");
  await bench.pass(1_900);
  expect([first.client.closed, waiting.closed]).toEqual([false, false]);
  await bench.pass(3_300);
  expect([first.client.closed, waiting.closed]).toEqual([true, false]);
});
