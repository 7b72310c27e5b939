/** The engine as control plane, on virtual time: its settings, the failures of its calls and what is logged of them, and its end. */
import { expect, test } from "bun:test";
import { type Config, DEFAULT_CONFIG } from "../../src/config/schema.ts";
import { EngineUnreachable } from "../../src/control/engine-call.ts";
import { GobError } from "../../src/rpc/gob-error.ts";
import { RpcError } from "../../src/rpc/rpc-error.ts";
import { AWAY, EngineFixture, setOf, settle, struct } from "../harness/engine/engine-fixture.ts";

/** The settings of the calls. */
function settings(advanced: Partial<Config["advanced"]>, maxSize = 100): Config {
  const { batching } = DEFAULT_CONFIG;
  return {
    ...DEFAULT_CONFIG,
    advanced: { ...DEFAULT_CONFIG.advanced, ...advanced },
    batching: { ...batching, max_size: maxSize },
  };
}

const reasons = (fixture: EngineFixture) =>
  fixture.log.entries.filter(({ level }) => level === "warn").map(({ fields }) => fields?.["error"]);

test("engine: fetch_interval, retry_delay and batching.max_size have their effect, also when they change", async () => {
  using fixture = new EngineFixture(settings({ fetch_interval: 60_000, retry_delay: 500 }, 2));
  await fixture.start();
  await fixture.last.answer(setOf([1, 2, 3]));
  await fixture.deliver([1, "healthy"], [2, "healthy"], [3, "healthy"]);
  expect(fixture.last.states).toEqual(["1:2", "2:2"]);
  await fixture.last.answer(new RpcError("busy"));
  await fixture.advance(499);
  expect(fixture.calls.length).toBe(2);
  await fixture.advance(1);
  await fixture.last.answer(0n);
  await fixture.last.answer(0n);
  expect(fixture.calls.slice(2).map(({ states }) => states)).toEqual([["1:2", "2:2"], ["3:2"]]);
  await fixture.advance(59_499);
  expect(fixture.last.method).toBe("HealthState");
  await fixture.advance(1);
  expect(fixture.last.method).toBe("Healthchecks");
  await fixture.last.answer(setOf([1, 2, 3]));
  // A shorter interval does not wait until the longer one is over.
  await fixture.control.reconfigure(settings({ fetch_interval: 5_000 }, 10));
  await fixture.advance(1_000);
  await fixture.last.answer(setOf([1, 2, 3]));
  await fixture.advance(5_000);
  expect(fixture.calls.map(({ atMs }) => atMs).slice(-3)).toEqual([60_000, 61_000, 66_000]);
});

test("engine: a report that finds no engine causes a fetch, and together they log one line", async () => {
  using fixture = new EngineFixture();
  await fixture.start();
  await fixture.last.answer(setOf([1]));
  await fixture.advance(3_000);
  await fixture.deliver([1, "healthy"]);
  await fixture.last.answer(AWAY);
  expect(fixture.calls.map(({ method, atMs }) => [method, atMs]).at(-1)).toEqual(["Healthchecks", 3_000]);
  await fixture.last.answer(AWAY);
  expect([fixture.losses, fixture.control.peer.connected]).toEqual([1, false]);
  for (let half = 0; half < 20; half++) {
    await fixture.advance(500);
    await fixture.last.answer(AWAY);
  }
  expect(reasons(fixture)).toEqual(["no such file or directory"]);
  expect(fixture.losses).toBe(1);
});

test("engine: each kind of failure has its own line, once a minute, and unlimited kinds have a bound", async () => {
  using fixture = new EngineFixture();
  await fixture.start();
  const failures = [
    AWAY,
    new EngineUnreachable("no reply within 10s"),
    new RpcError("the engine replied: insufficient access"),
    new RpcError("the reply is to call 7, not to call 0"),
    new GobError("the message has 67,108,865 bytes", "", 1, 0),
  ];
  for (let round = 0; round < 6; round++)
    for (const failure of failures) {
      await fixture.last.answer(failure);
      await fixture.advance(1_000);
    }
  expect(reasons(fixture)).toEqual(failures.map(({ message }) => message));
  for (let word = 0; word < 500; word++) {
    await fixture.last.answer(new RpcError(`the engine replied: ${"x".repeat(word)}`));
    await fixture.advance(1_000);
  }
  expect(reasons(fixture).length).toBeLessThan(60);
});

test("engine: while reports fail the server is not ready, and says why", async () => {
  using fixture = new EngineFixture();
  await fixture.start();
  await fixture.last.answer(setOf([1]));
  await fixture.deliver([1, "healthy"]);
  await fixture.last.answer(new RpcError("the engine replied: out of order"));
  expect([fixture.control.peer.connected, fixture.control.readinessProblem()]).toEqual([
    true,
    "the engine accepts no states: the engine replied: out of order",
  ]);
  await fixture.advance(2_000);
  await fixture.last.answer(0n);
  expect(fixture.control.readinessProblem()).toBeUndefined();
});

test("engine: each call is measured, waiting times excluded", async () => {
  using fixture = new EngineFixture();
  await fixture.start();
  await fixture.advance(300);
  await fixture.last.answer(setOf([1]));
  await fixture.deliver([1, "healthy"]);
  await fixture.advance(20);
  await fixture.last.answer(AWAY);
  await fixture.advance(10);
  await fixture.last.answer(struct({}));
  expect(fixture.ended.map(([method, ms, isGood]) => [method, Math.round(ms), isGood])).toEqual([
    ["fetch", 300, true],
    ["report", 20, false],
    ["fetch", 10, false],
  ]);
});

test("engine: an unexpected exception is contained, and the next fetch applies its set", async () => {
  using fixture = new EngineFixture();
  await fixture.start();
  fixture.applyError = new Error("a bug");
  await fixture.last.answer(setOf([1]));
  expect(fixture.faults).toEqual(["Error: a bug"]);
  expect([fixture.counted, fixture.log.messages("warn")]).toEqual([[], []]);
  fixture.applyError = undefined;
  await fixture.advance(1_000);
  await fixture.last.answer(setOf([1]));
  expect([fixture.sets.length, fixture.control.peer.connected]).toEqual([2, true]);
});

test("engine: stopping sends a report at once that waits to be repeated", async () => {
  using fixture = new EngineFixture();
  await fixture.start();
  await fixture.last.answer(setOf([1]));
  await fixture.deliver([1, "healthy"]);
  await fixture.last.answer(new RpcError("the engine replied: busy"));
  await fixture.advance(1_000);
  const stopping = fixture.control.stop(new AbortController().signal);
  await settle();
  expect(fixture.last.states).toEqual(["1:2"]);
  await fixture.last.answer(0n);
  await stopping;
});

test("engine: stopping cancels a fetch that the engine does not answer, and reports", async () => {
  using fixture = new EngineFixture();
  await fixture.start();
  await fixture.last.answer(setOf([1]));
  await fixture.advance(15_000);
  await fixture.deliver([1, "healthy"]);
  expect(fixture.last.method).toBe("Healthchecks");
  const stopping = fixture.control.stop(new AbortController().signal);
  await settle();
  expect(fixture.last.states).toEqual(["1:2"]);
  await fixture.last.answer(0n);
  await stopping;
});

test("engine: stopping ends when the engine goes away meanwhile", async () => {
  using fixture = new EngineFixture();
  await fixture.start();
  await fixture.last.answer(setOf([1]));
  await fixture.deliver([1, "healthy"]);
  const stopping = fixture.control.stop(new AbortController().signal);
  await fixture.last.answer(AWAY);
  await stopping;
  expect(fixture.calls.length).toBe(2);
});

test("engine: while it is away, a new socket file is noticed within 100 ms, also one that does not listen yet", async () => {
  using fixture = new EngineFixture();
  fixture.identity = undefined;
  await fixture.start();
  await fixture.last.answer(AWAY);
  await fixture.advance(350);
  expect(fixture.calls.length).toBe(1);
  fixture.identity = "2";
  await fixture.advance(50);
  expect(fixture.calls.length).toBe(2);
  await fixture.last.answer(AWAY);
  await fixture.advance(100);
  expect(fixture.calls.length).toBe(3);
  await fixture.last.answer(setOf([1]));
  expect([fixture.sets.length, fixture.control.peer.connected]).toEqual([1, true]);
});
