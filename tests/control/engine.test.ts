/** The engine as control plane, on virtual time: when it fetches, what it reports, and what it does while the engine is away. */
import { expect, test } from "bun:test";
import { EngineUnreachable } from "../../src/control/engine-call.ts";
import { GobMap, GobStruct } from "../../src/rpc/gob-values.ts";
import { RpcError } from "../../src/rpc/rpc-error.ts";
import { turnsUntil } from "../harness/base/event-loop.ts";
import { AWAY, EngineFixture, setOf, settle, struct } from "../harness/engine/engine-fixture.ts";

test("engine: fetches at the start and every 15 s after a set was applied, and then sends every state", async () => {
  using fixture = new EngineFixture();
  expect(fixture.control.readinessProblem()).toBe("the engine has not sent a set yet");
  await fixture.start();
  await fixture.last.answer(setOf([1, 2]));
  expect(fixture.sets.at(-1)?.specs.map(({ id }) => String(id))).toEqual(["1", "2"]);
  expect([fixture.resyncs, fixture.control.peer.connected, fixture.control.readinessProblem()]).toEqual([
    1,
    true,
    undefined,
  ]);
  await fixture.advance(14_999);
  expect(fixture.calls.length).toBe(1);
  await fixture.advance(1);
  expect(fixture.calls.length).toBe(2);
  await fixture.advance(2_000);
  await fixture.last.answer(setOf([2]));
  expect(fixture.sets.at(-1)?.specs.length).toBe(1);
  await fixture.advance(15_000);
  expect(fixture.calls.map(({ atMs }) => atMs)).toEqual([0, 15_000, 32_000]);
  expect(fixture.resyncs).toBe(1);
});

test("engine: an unchanged config is the same object, a changed one is not", async () => {
  using fixture = new EngineFixture();
  await fixture.start();
  await fixture.last.answer(setOf([1, 2]));
  await fixture.advance(15_000);
  await fixture.last.answer(setOf([1, 2]));
  await fixture.advance(15_000);
  await fixture.last.answer(setOf([1], 20n));
  const [first, second, third] = fixture.sets.map(({ specs }) => specs);
  expect(second?.[0]).toBe(first?.[0]);
  expect([third?.[0]?.intervalMs, third?.length]).toEqual([20_000, 1]);
});

test("engine: an empty set is fetched again every second", async () => {
  using fixture = new EngineFixture();
  await fixture.start();
  for (let second = 1; second <= 3; second++) {
    await fixture.last.answer(setOf([]));
    await fixture.advance(1_000);
    expect(fixture.calls.length).toBe(second + 1);
  }
  await fixture.last.answer(setOf([1]));
  await fixture.advance(14_000);
  expect(fixture.calls.length).toBe(4);
});

test("engine: away for ten minutes, it is asked every second, with a warning a minute; back, it receives every state and is asked every second for a minute", async () => {
  using fixture = new EngineFixture();
  await fixture.start();
  await fixture.last.answer(setOf([1]));
  await fixture.advance(15_000);
  for (let second = 0; second < 600; second++) {
    await fixture.last.answer(AWAY);
    await fixture.advance(1_000);
  }
  expect(fixture.calls.length).toBe(602);
  expect(fixture.log.messages("warn")).toEqual(
    Array(10).fill("Cannot fetch healthchecks from the engine; the running ones continue"),
  );
  expect(fixture.log.entries.findLast(({ level }) => level === "warn")?.fields).toEqual({
    socket: "/engine.sock",
    error: "no such file or directory",
    held_back: 59,
  });
  expect(fixture.counted).toEqual(Array(600).fill("socket_io"));
  expect([fixture.sets.length, fixture.control.peer.connected, fixture.control.readinessProblem()]).toEqual([
    1,
    false,
    "the engine sends no set: no such file or directory",
  ]);
  await fixture.last.answer(setOf([7]));
  expect([fixture.sets.length, fixture.resyncs, fixture.control.peer.connected]).toEqual([2, 2, true]);
  for (let second = 0; second < 60; second++) {
    await fixture.advance(1_000);
    await fixture.last.answer(setOf([7]));
  }
  const before = fixture.calls.length;
  expect(before).toBe(662);
  await fixture.advance(14_999);
  expect(fixture.calls.length).toBe(before);
});

test("engine: a reply that is not a set changes nothing, whatever it is", async () => {
  using fixture = new EngineFixture();
  await fixture.start();
  await fixture.last.answer(setOf([1]));
  for (const wrong of [
    0n,
    struct({}),
    new GobMap([]),
    new RpcError("the engine replied: insufficient access"),
  ]) {
    await fixture.advance(15_000);
    await fixture.last.answer(wrong);
  }
  expect(fixture.sets.length).toBe(1);
  expect(fixture.counted).toEqual(Array(4).fill("parse"));
  expect(fixture.control.readinessProblem()).toBe(
    "the engine sends no set: the engine replied: insufficient access",
  );
});

test("engine: a rejected config is logged once, and its running healthcheck continues", async () => {
  using fixture = new EngineFixture();
  await fixture.start();
  const set = () => {
    const good = setOf([1]);
    const bad = setOf([2], 0n);
    if (!(good instanceof GobStruct && bad instanceof GobStruct)) throw new Error("not structs");
    const [one, two] = [good.get("Configs"), bad.get("Configs")];
    if (!(one instanceof GobMap && two instanceof GobMap)) throw new Error("not maps");
    return struct({ Configs: new GobMap([...one.entries, ...two.entries]) });
  };
  for (let round = 0; round < 3; round++) {
    await fixture.last.answer(set());
    await fixture.advance(15_000);
  }
  expect(
    fixture.sets.map(({ specs, rejected, rejections }) => [
      specs.length,
      [...rejected].map(String),
      rejections,
    ]),
  ).toEqual(Array(3).fill([1, ["2"], 1]));
  expect(fixture.log.messages("warn")).toEqual([
    "Configuration error: healthcheck 2 rejected: interval: 0ns is not valid; must be a duration above 0",
  ]);
  expect(fixture.counted).toEqual(["config", "config", "config"]);
});

test("engine: of many rejected configs a hundred are described, and none again in a set of another order", async () => {
  using fixture = new EngineFixture();
  const ids = Array.from({ length: 250 }, (_, index) => index + 1);
  await fixture.start();
  await fixture.last.answer(setOf(ids, 0n));
  // A large set is read in slices.
  await turnsUntil(() => fixture.sets.length === 1, "the first set");
  const described = fixture.log.messages("warn");
  expect(described.filter((message) => message.includes(" rejected: interval: ")).length).toBe(100);
  expect(fixture.log.entries.filter(({ message }) => message.includes("more healthchecks"))).toMatchObject([
    { message: "Configuration error: more healthchecks rejected", fields: { count: 150 } },
  ]);
  await settle();
  await fixture.advance(15_000);
  await fixture.last.answer(setOf(ids.toReversed(), 0n));
  await turnsUntil(() => fixture.sets.length === 2, "the second set");
  expect(fixture.log.messages("warn")).toEqual(described);
});

test("engine: one call at a time; a report waits for the fetch before it", async () => {
  using fixture = new EngineFixture();
  await fixture.start();
  await fixture.last.answer(setOf([1, 2]));
  await fixture.advance(15_000);
  await fixture.deliver([1, "healthy"]);
  expect(fixture.calls.map(({ method }) => method)).toEqual(["Healthchecks", "Healthchecks"]);
  await fixture.last.answer(setOf([1, 2]));
  expect(fixture.calls.slice(1).map(({ method }) => method)).toEqual(["Healthchecks", "HealthState"]);
  await fixture.deliver([2, "unhealthy"]);
  await fixture.advance(15_000);
  expect(fixture.calls.length).toBe(3);
  await fixture.last.answer(0n);
  expect(fixture.calls.slice(2).map(({ method, states }) => [method, states])).toEqual([
    ["HealthState", ["1:2"]],
    ["Healthchecks", []],
  ]);
  await fixture.last.answer(setOf([1, 2]));
  expect(fixture.last.states).toEqual(["2:1"]);
});

test("engine: a failed report is repeated after 2 s, in the newest states and in order", async () => {
  using fixture = new EngineFixture();
  await fixture.start();
  await fixture.last.answer(setOf([1, 2, 3]));
  await fixture.deliver([1, "healthy"], [2, "healthy"]);
  await fixture.deliver([3, "unhealthy"], [1, "unhealthy"], [2, "unknown"]);
  expect(fixture.last.states).toEqual(["1:2", "2:2"]);
  await fixture.last.answer(new EngineUnreachable("no reply within 10s"));
  await fixture.advance(1_999);
  expect(fixture.calls.length).toBe(2);
  await fixture.advance(1);
  expect(fixture.last.states).toEqual(["1:1", "2:2", "3:1"]);
  await fixture.last.answer(new RpcError("the engine replied: busy"));
  expect(fixture.control.depths.engine_report).toBe(3);
  await fixture.advance(2_000);
  await fixture.last.answer(0n);
  expect([fixture.calls.length, fixture.control.depths.engine_report]).toEqual([4, 0]);
  // Each for its own reason.
  expect(fixture.log.messages("warn")).toEqual(Array(2).fill("Cannot report states to the engine; retrying"));
});

test("engine: a state that changes while it is reported is reported again", async () => {
  using fixture = new EngineFixture();
  await fixture.start();
  await fixture.last.answer(setOf([1]));
  await fixture.deliver([1, "healthy"]);
  await fixture.deliver([1, "unhealthy"]);
  await fixture.last.answer(0n);
  expect(fixture.calls.slice(1).map(({ states }) => states)).toEqual([["1:2"], ["1:1"]]);
});

test("engine: a report has at most batching.max_size states, and the next follows without a pause", async () => {
  using fixture = new EngineFixture();
  await fixture.start();
  await fixture.last.answer(setOf([1]));
  await fixture.deliver(...Array.from({ length: 250 }, (_, index) => [index + 1, "healthy"] as const));
  for (let batch = 0; batch < 3; batch++) await fixture.last.answer(0n);
  expect(fixture.calls.slice(1).map(({ states }) => states.length)).toEqual([100, 100, 50]);
  expect(fixture.calls.slice(1).flatMap(({ states }) => states).length).toBe(250);
});

test("engine: states of healthchecks that the set no longer has are not reported, and a set ends the pause", async () => {
  using fixture = new EngineFixture();
  await fixture.start();
  await fixture.last.answer(setOf([1, 2]));
  await fixture.advance(14_000);
  await fixture.deliver([1, "healthy"], [2, "healthy"]);
  await fixture.last.answer(AWAY);
  await fixture.advance(1_000);
  expect(fixture.last.method).toBe("Healthchecks");
  await fixture.last.answer(setOf([2]));
  await fixture.advance(1_000);
  expect(fixture.last.states).toEqual(["2:2"]);
});

test("engine: a successor that uses the same ids receives no state of their former checks", async () => {
  using fixture = new EngineFixture();
  await fixture.start();
  await fixture.last.answer(setOf([1, 2]));
  fixture.identity = "2";
  await fixture.deliver([1, "unhealthy"], [2, "unhealthy"]);
  // Nothing is reported, and the server asks the successor for its set at once.
  expect(fixture.calls.map(({ method }) => method)).toEqual(["Healthchecks", "Healthchecks"]);
  await fixture.last.answer(setOf([1, 2], 10n, 81n));
  await fixture.advance(900);
  expect([fixture.calls.length, fixture.resyncs, fixture.control.depths.engine_report]).toEqual([2, 2, 0]);
  await fixture.deliver([1, "healthy"]);
  expect(fixture.last.states).toEqual(["1:2"]);
});

test("engine: a healthcheck with another target is not reported in a state of the former one", async () => {
  using fixture = new EngineFixture();
  await fixture.start();
  await fixture.last.answer(setOf([1, 2]));
  await fixture.advance(14_000);
  await fixture.deliver([1, "unhealthy"], [2, "unhealthy"]);
  await fixture.last.answer(AWAY);
  await fixture.advance(1_000);
  await fixture.last.answer(setOf([1], 10n, 81n));
  await fixture.advance(900);
  expect([fixture.last.method, fixture.resyncs, fixture.control.depths.engine_report]).toEqual([
    "Healthchecks",
    2,
    0,
  ]);
});

test("engine: stopping waits for the report while the engine answers", async () => {
  using fixture = new EngineFixture();
  await fixture.start();
  await fixture.last.answer(setOf([1]));
  await fixture.deliver([1, "healthy"]);
  let stopped = false;
  const stopping = fixture.control.stop(new AbortController().signal).then(() => {
    stopped = true;
  });
  await settle();
  expect(stopped).toBe(false);
  await fixture.last.answer(0n);
  await stopping;
  await fixture.advance(60_000);
  expect(fixture.calls.length).toBe(2);
});

test("engine: stopping does not wait for an engine that is away", async () => {
  using away = new EngineFixture();
  await away.start();
  await away.deliver([1, "healthy"]);
  await away.control.stop(new AbortController().signal);
});

test("engine: a socket file that was replaced is noticed between two fetches", async () => {
  using fixture = new EngineFixture();
  await fixture.start();
  fixture.control.maintain();
  expect(fixture.calls.length).toBe(1);
  await fixture.last.answer(setOf([1]));
  fixture.control.maintain();
  expect(fixture.calls.length).toBe(1);
  fixture.identity = "2";
  fixture.control.maintain();
  fixture.control.maintain();
  await settle();
  expect([fixture.calls.length, fixture.control.readinessProblem()]).toEqual([2, "the engine has restarted"]);
  await fixture.last.answer(setOf([9]));
  expect([fixture.sets.length, fixture.resyncs, fixture.control.peer.connected]).toEqual([2, 2, true]);
  await fixture.advance(1_000);
  expect(fixture.calls.length).toBe(3);
});

test("engine: new ids cause a report of every state, since theirs may be those of others", async () => {
  using fixture = new EngineFixture();
  await fixture.start();
  await fixture.last.answer(setOf([1]));
  expect(fixture.sets[0]?.inheritMs).toBe(120_000);
  for (const [ids, resyncs] of [
    [[1], 1],
    [[1, 2], 2],
    [[2], 2],
  ] as const) {
    await fixture.advance(15_000);
    await fixture.last.answer(setOf(ids));
    expect(fixture.resyncs).toBe(resyncs);
  }
});
