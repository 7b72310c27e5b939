/** The engine as control plane, on virtual time: its settings, the failures of its calls and what is logged of them, and its end. */
import { expect, test } from "bun:test";
import { type Config, DEFAULT_CONFIG } from "../../src/config/schema.ts";
import { EngineUnreachable } from "../../src/control/engine-call.ts";
import { GobError } from "../../src/rpc/gob-error.ts";
import { RpcError } from "../../src/rpc/rpc-error.ts";
import { AWAY, Bench, setOf, settle, struct } from "../harness/engine/engine-bench.ts";

/** The settings of the calls. */
function settings(advanced: Partial<Config["advanced"]>, maxSize = 100): Config {
  const { batching } = DEFAULT_CONFIG;
  return {
    ...DEFAULT_CONFIG,
    advanced: { ...DEFAULT_CONFIG.advanced, ...advanced },
    batching: { ...batching, max_size: maxSize },
  };
}

const reasons = (bench: Bench) =>
  bench.log.entries.filter(({ level }) => level === "warn").map(({ fields }) => fields?.["error"]);

test("engine: fetch_interval, retry_delay and batching.max_size have their effect, also when they change", async () => {
  using bench = new Bench(settings({ fetch_interval: 60_000, retry_delay: 500 }, 2));
  await bench.start();
  await bench.last.answer(setOf([1, 2, 3]));
  await bench.deliver([1, "healthy"], [2, "healthy"], [3, "healthy"]);
  expect(bench.last.states).toEqual(["1:2", "2:2"]);
  await bench.last.answer(new RpcError("busy"));
  await bench.advance(499);
  expect(bench.calls.length).toBe(2);
  await bench.advance(1);
  await bench.last.answer(0n);
  await bench.last.answer(0n);
  expect(bench.calls.slice(2).map(({ states }) => states)).toEqual([["1:2", "2:2"], ["3:2"]]);
  await bench.advance(59_499);
  expect(bench.last.method).toBe("HealthState");
  await bench.advance(1);
  expect(bench.last.method).toBe("Healthchecks");
  await bench.last.answer(setOf([1, 2, 3]));
  // A shorter interval does not wait until the longer one is over.
  await bench.control.reconfigure(settings({ fetch_interval: 5_000 }, 10));
  await bench.advance(1_000);
  await bench.last.answer(setOf([1, 2, 3]));
  await bench.advance(5_000);
  expect(bench.calls.map(({ atMs }) => atMs).slice(-3)).toEqual([60_000, 61_000, 66_000]);
});

test("engine: a report that finds no engine causes a fetch, and together they log one line", async () => {
  using bench = new Bench();
  await bench.start();
  await bench.last.answer(setOf([1]));
  await bench.advance(3_000);
  await bench.deliver([1, "healthy"]);
  await bench.last.answer(AWAY);
  expect(bench.calls.map(({ method, atMs }) => [method, atMs]).at(-1)).toEqual(["Healthchecks", 3_000]);
  await bench.last.answer(AWAY);
  expect([bench.losses, bench.control.peer.connected]).toEqual([1, false]);
  for (let half = 0; half < 20; half++) {
    await bench.advance(500);
    await bench.last.answer(AWAY);
  }
  expect(reasons(bench)).toEqual(["no such file or directory"]);
  expect(bench.losses).toBe(1);
});

test("engine: each kind of failure has its own line, once a minute, and unlimited kinds have a bound", async () => {
  using bench = new Bench();
  await bench.start();
  const failures = [
    AWAY,
    new EngineUnreachable("no reply within 10s"),
    new RpcError("the engine replied: insufficient access"),
    new RpcError("the reply is to call 7, not to call 0"),
    new GobError("the message has 67,108,865 bytes", "", 1, 0),
  ];
  for (let round = 0; round < 6; round++)
    for (const failure of failures) {
      await bench.last.answer(failure);
      await bench.advance(1_000);
    }
  expect(reasons(bench)).toEqual(failures.map(({ message }) => message));
  for (let word = 0; word < 500; word++) {
    await bench.last.answer(new RpcError(`the engine replied: ${"x".repeat(word)}`));
    await bench.advance(1_000);
  }
  expect(reasons(bench).length).toBeLessThan(60);
});

test("engine: while reports fail the server is not ready, and says why", async () => {
  using bench = new Bench();
  await bench.start();
  await bench.last.answer(setOf([1]));
  await bench.deliver([1, "healthy"]);
  await bench.last.answer(new RpcError("the engine replied: out of order"));
  expect([bench.control.peer.connected, bench.control.readinessProblem()]).toEqual([
    true,
    "the engine accepts no states: the engine replied: out of order",
  ]);
  await bench.advance(2_000);
  await bench.last.answer(0n);
  expect(bench.control.readinessProblem()).toBeUndefined();
});

test("engine: each call is measured, waiting times excluded", async () => {
  using bench = new Bench();
  await bench.start();
  await bench.deliver([1, "healthy"]);
  await bench.advance(300);
  await bench.last.answer(setOf([1]));
  await bench.advance(20);
  await bench.last.answer(AWAY);
  await bench.advance(10);
  await bench.last.answer(struct({}));
  expect(bench.ended.map(([method, ms, isGood]) => [method, Math.round(ms), isGood])).toEqual([
    ["fetch", 300, true],
    ["report", 20, false],
    ["fetch", 10, false],
  ]);
});

test("engine: an unexpected exception is contained, and the next fetch applies its set", async () => {
  using bench = new Bench();
  await bench.start();
  bench.applyError = new Error("a bug");
  await bench.last.answer(setOf([1]));
  expect(bench.faults).toEqual(["Error: a bug"]);
  expect([bench.counted, bench.log.messages("warn")]).toEqual([[], []]);
  bench.applyError = undefined;
  await bench.advance(1_000);
  await bench.last.answer(setOf([1]));
  expect([bench.sets.length, bench.control.peer.connected]).toEqual([2, true]);
});

test("engine: stopping sends a report at once that waits to be repeated", async () => {
  using bench = new Bench();
  await bench.start();
  await bench.last.answer(setOf([1]));
  await bench.deliver([1, "healthy"]);
  await bench.last.answer(new RpcError("the engine replied: busy"));
  await bench.advance(1_000);
  const stopping = bench.control.stop(new AbortController().signal);
  await settle();
  expect(bench.last.states).toEqual(["1:2"]);
  await bench.last.answer(0n);
  await stopping;
});

test("engine: stopping cancels a fetch that the engine does not answer, and reports", async () => {
  using bench = new Bench();
  await bench.start();
  await bench.last.answer(setOf([1]));
  await bench.advance(15_000);
  await bench.deliver([1, "healthy"]);
  expect(bench.last.method).toBe("Healthchecks");
  const stopping = bench.control.stop(new AbortController().signal);
  await settle();
  expect(bench.last.states).toEqual(["1:2"]);
  await bench.last.answer(0n);
  await stopping;
});

test("engine: stopping ends when the engine goes away meanwhile", async () => {
  using bench = new Bench();
  await bench.start();
  await bench.last.answer(setOf([1]));
  await bench.deliver([1, "healthy"]);
  const stopping = bench.control.stop(new AbortController().signal);
  await bench.last.answer(AWAY);
  await stopping;
  expect(bench.calls.length).toBe(2);
});

test("engine: while it is away, a new socket file is noticed within 100 ms, also one that does not listen yet", async () => {
  using bench = new Bench();
  bench.identity = undefined;
  await bench.start();
  await bench.last.answer(AWAY);
  await bench.advance(350);
  expect(bench.calls.length).toBe(1);
  bench.identity = "2";
  await bench.advance(50);
  expect(bench.calls.length).toBe(2);
  await bench.last.answer(AWAY);
  await bench.advance(100);
  expect(bench.calls.length).toBe(3);
  await bench.last.answer(setOf([1]));
  expect([bench.sets.length, bench.control.peer.connected]).toEqual([1, true]);
});
