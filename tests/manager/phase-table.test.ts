/** Evenness of the phases of healthchecks, and changes that leave them as they are. */
import { expect, test } from "bun:test";
import { PhaseTable, phaseOf } from "../../src/manager/phase-table.ts";
import { pseudoRandom } from "../harness/base/random.ts";
import { id } from "../harness/fakes/fakes.ts";

const TEN_SECONDS_MS = 10_000;

function consecutive(count: number, first = 1n, stride = 1n): bigint[] {
  return Array.from({ length: count }, (_, index) => first + BigInt(index) * stride);
}

function random(count: number): bigint[] {
  const next = pseudoRandom(7);
  const half = () => BigInt(Math.floor(next() * 2 ** 32));
  return Array.from({ length: count }, () => (half() << 32n) | half());
}

function shuffled(ids: readonly bigint[]): bigint[] {
  const next = pseudoRandom(11);
  return ids
    .map((number) => ({ number, key: next() }))
    .sort((a, b) => a.key - b.key)
    .map(({ number }) => number);
}

function place(ids: readonly bigint[], table = new PhaseTable()): number[] {
  const specs = ids.map((number) => ({ id: id(number), intervalMs: TEN_SECONDS_MS }));
  table.plan(specs);
  return specs.map((spec) => table.place(spec.id, spec.intervalMs));
}

/** The emptiest and the fullest window, as shares of the mean; windows of 1/100, wherever they begin. */
function extremes(phases: readonly number[], windows = 100): { least: number; most: number } {
  let [least, most] = [Number.POSITIVE_INFINITY, 0];
  for (let offset = 0; offset < 1; offset += 0.1) {
    const counts = new Array<number>(windows).fill(0);
    for (const phase of phases) {
      const slot = Math.floor(phase * windows + offset) % windows;
      counts[slot] = (counts[slot] ?? 0) + 1;
    }
    const mean = phases.length / windows;
    least = Math.min(least, Math.min(...counts) / mean);
    most = Math.max(most, Math.max(...counts) / mean);
  }
  return { least, most };
}

test.each<[string, bigint[]]>([
  ["consecutive", consecutive(10_000)],
  ["consecutive in any order", shuffled(consecutive(10_000))],
  ["an engine's, (pid << 48) + n", consecutive(10_000, 48_813n << 48n)],
  ["every second", consecutive(10_000, 0n, 2n)],
  ["every tenth", consecutive(10_000, 0n, 10n)],
  ["a stride of 256", consecutive(10_000, 0n, 256n)],
  ["a stride of 2^16", consecutive(10_000, 0n, 65_536n)],
  ["a stride of 2^48", consecutive(10_000, 0n, 1n << 48n)],
  ["a stride that is a Fibonacci number", consecutive(10_000, 0n, 2_584n)],
  ["random", random(10_000)],
])("phases: of 10,000 ids, %s, each hundredth of the interval has its share within a fifth", (_name, ids) => {
  const { least, most } = extremes(place(ids));
  expect(least).toBeGreaterThan(0.8);
  expect(most).toBeLessThan(1.2);
});

test("phases: of 300 consecutive ids each tenth of the interval has its share within a fifth", () => {
  const { least, most } = extremes(place(consecutive(300)), 10);
  expect(least).toBeGreaterThan(0.8);
  expect(most).toBeLessThan(1.2);
});

test("phases: consecutive ids have the phases that follow from the ids, in whatever order they come", () => {
  const ids = shuffled(consecutive(10_000));
  expect(place(ids)).toEqual(ids.map((number) => phaseOf(id(number))));
});

test("phases: what is removed and placed again gets its phase again, random ids too", () => {
  const ids = random(10_000);
  const table = new PhaseTable();
  const phases = place(ids, table);
  for (const index of [0, 17, 5_000, 9_999]) {
    const again = id(ids[index] ?? 0n);
    table.release(again);
    table.plan([{ id: again, intervalMs: TEN_SECONDS_MS }]);
    expect(table.place(again, TEN_SECONDS_MS)).toBe(phases[index] ?? -1);
  }
});

test("phases: placing again what is placed changes nothing", () => {
  const ids = random(10_000);
  const table = new PhaseTable();
  const phases = place(ids, table);
  expect(place(ids, table)).toEqual(phases);
});

test("phases: after half has gone and another half has come the shares are even still", () => {
  const table = new PhaseTable();
  const ids = random(15_000);
  place(ids.slice(0, 10_000), table);
  for (const gone of ids.slice(0, 5_000)) table.release(id(gone));
  const { least, most } = extremes(place(ids.slice(5_000), table));
  expect(least).toBeGreaterThan(0.8);
  expect(most).toBeLessThan(1.2);
});

test("phases: ids by turns of two intervals are even in each", () => {
  const table = new PhaseTable();
  const specs = consecutive(20_000).map((number) => ({
    id: id(number),
    intervalMs: number % 2n === 0n ? 5_000 : 10_000,
  }));
  table.plan(specs);
  const phases = specs.map((spec) => ({ ...spec, phase: table.place(spec.id, spec.intervalMs) }));
  for (const intervalMs of [5_000, 10_000]) {
    const { least, most } = extremes(
      phases.filter((one) => one.intervalMs === intervalMs).map(({ phase }) => phase),
    );
    expect(least).toBeGreaterThan(0.9);
    expect(most).toBeLessThan(1.1);
  }
});
