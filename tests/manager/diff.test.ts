/** The steps from one set of healthchecks to the next. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { type Diff, diff } from "../../src/manager/diff.ts";
import { bytesOfText } from "../../src/model/bytes.ts";
import type { HealthcheckId } from "../../src/model/id.ts";
import type { HealthcheckSpec } from "../../src/model/spec.ts";
import { id, makeSpec, tcpSpec } from "../harness/fakes/fakes.ts";

const NOTHING: Diff = { add: [], adjust: [], replace: [], remove: [] };
const NONE_REFUSED: ReadonlySet<HealthcheckId> = new Set();

function running(...specs: HealthcheckSpec[]): Map<HealthcheckId, HealthcheckSpec> {
  return new Map(specs.map((spec) => [spec.id, spec]));
}

const one = makeSpec(1);
const two = makeSpec(2);

test("diff: nothing to nothing is nothing", async () => {
  expect(await diff(running(), { specs: [], rejected: NONE_REFUSED })).toEqual(NOTHING);
});

test("diff: equal specs, the same or not, are left alone", async () => {
  const desired = { specs: [one, makeSpec(2)], rejected: NONE_REFUSED };
  expect(await diff(running(one, two), desired)).toEqual(NOTHING);
});

test("diff: what is new is added, what is not wanted is removed", async () => {
  const desired = { specs: [two], rejected: NONE_REFUSED };
  expect(await diff(running(one), desired)).toEqual({ ...NOTHING, add: [two], remove: [id(1)] });
});

test("diff: an empty set removes everything", async () => {
  expect((await diff(running(one, two), { specs: [], rejected: NONE_REFUSED })).remove).toEqual([
    id(1),
    id(2),
  ]);
});

test.each([
  ["interval", { intervalMs: 2_000 }],
  ["timeout", { timeoutMs: 100 }],
  ["rise", { rise: 2 }],
  ["fall", { fall: 4 }],
])("diff: another %s adjusts", async (_name, changes) => {
  const changed = makeSpec(1, changes);
  expect(await diff(running(one), { specs: [changed], rejected: NONE_REFUSED })).toEqual({
    ...NOTHING,
    adjust: [changed],
  });
});

test.each([
  ["port", tcpSpec(81)],
  ["address", tcpSpec(80, { address: { ip: "10.0.0.2", port: 80 } })],
  ["text to send", tcpSpec(80, { send: bytesOfText("PING") })],
  ["bytes to expect", tcpSpec(80, { receive: Uint8Array.of(255) })],
  ["way to close", tcpSpec(80, { close: "graceful" })],
  ["mark", tcpSpec(80, { socket: { mark: 7, sourceIp: undefined, interface: undefined } })],
  ["TLS", tcpSpec(80, { tls: { verify: true, serverName: "a" } })],
])("diff: another %s replaces, also together with another pace", async (_name, check) => {
  const changed = makeSpec(1, { check, intervalMs: 2_000 });
  expect(await diff(running(one), { specs: [changed], rejected: NONE_REFUSED })).toEqual({
    ...NOTHING,
    replace: [changed],
  });
});

test("diff: a rejected healthcheck continues with its last valid configuration", async () => {
  const desired = { specs: [], rejected: new Set([id(1), id(9)]) };
  expect(await diff(running(one, two), desired)).toEqual({ ...NOTHING, remove: [id(2)] });
});

test("diff: while an entry without an id is rejected, no healthcheck stops; valid ones start and change", async () => {
  const [three, changed] = [makeSpec(3), makeSpec(1, { fall: 9 })];
  const rejected = new Set([undefined, id(9)]);
  expect(await diff(running(one, two), { specs: [], rejected })).toEqual(NOTHING);
  expect(await diff(running(one, two), { specs: [changed, three], rejected })).toEqual({
    ...NOTHING,
    add: [three],
    adjust: [changed],
  });
});

test("diff: of two with the same id the last one counts", async () => {
  const last = makeSpec(1, { check: tcpSpec(99) });
  expect((await diff(running(), { specs: [one, two, last], rejected: NONE_REFUSED })).add).toEqual([
    last,
    two,
  ]);
});

const anySpec = fc
  .tuple(fc.integer({ min: 0, max: 8 }), fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 }))
  .map(([number, port, fall]) => makeSpec(number, { check: tcpSpec(port), fall }));
const anySpecs = fc.array(anySpec, { maxLength: 12 });
const anyRefused = fc.array(fc.integer({ min: 0, max: 8 })).map((numbers) => new Set(numbers.map(id)));

function applied(before: ReadonlyMap<HealthcheckId, HealthcheckSpec>, steps: Diff) {
  const after = new Map(before);
  for (const gone of steps.remove) expect(after.delete(gone)).toBe(true);
  for (const spec of steps.add) {
    expect(after.has(spec.id)).toBe(false);
    after.set(spec.id, spec);
  }
  for (const spec of [...steps.adjust, ...steps.replace]) {
    expect(after.has(spec.id)).toBe(true);
    after.set(spec.id, spec);
  }
  return after;
}

test("diff: applied, it gives the desired set and what was refused", async () => {
  await fc.assert(
    fc.asyncProperty(anySpecs, anySpecs, anyRefused, async (now, specs, rejected) => {
      const before = running(...now);
      const after = applied(before, await diff(before, { specs, rejected }));
      const wanted = running(...specs);
      for (const [key, spec] of before) if (rejected.has(key) && !wanted.has(key)) wanted.set(key, spec);
      expect(new Map([...after].sort())).toEqual(new Map([...wanted].sort()));
    }),
  );
});

test("diff: touches no healthcheck twice, and applied twice does nothing", async () => {
  await fc.assert(
    fc.asyncProperty(anySpecs, anySpecs, async (now, specs) => {
      const before = running(...now);
      const steps = await diff(before, { specs, rejected: NONE_REFUSED });
      const touched = [...steps.add, ...steps.adjust, ...steps.replace]
        .map((spec) => spec.id)
        .concat(steps.remove);
      expect(new Set(touched).size).toBe(touched.length);
      const again = await diff(applied(before, steps), { specs, rejected: NONE_REFUSED });
      expect(again).toEqual(NOTHING);
    }),
  );
});

test("diff: ten thousand changed healthchecks are compared in time slices", async () => {
  const specs = (fall: number) => Array.from({ length: 10_000 }, (_, number) => makeSpec(number, { fall }));
  const before = running(...specs(1));
  const desired = { specs: specs(2), rejected: NONE_REFUSED };
  let turns = 0;
  let isDone = false;
  const turn = () => {
    turns++;
    if (!isDone) setImmediate(turn);
  };
  setImmediate(turn);
  const { adjust } = await diff(before, desired);
  isDone = true;
  expect(adjust.length).toBe(10_000);
  expect(turns).toBeGreaterThan(2);
});
