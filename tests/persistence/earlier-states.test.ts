/** The states of an earlier process: each is continued once, by the healthcheck that it belongs to, while it counts. */
import { expect, test } from "bun:test";
import { type HealthcheckId, parseId } from "../../src/model/id.ts";
import { EarlierStates } from "../../src/persistence/earlier-states.ts";
import type { StateRecord } from "../../src/persistence/format.ts";

const MAX_AGE_MS = 60_000;
/** The writer's boot and this one have clocks of their own. */
const WRITER_ALIVE_MS = 900_000;
const NOW_MS = 5_000;

function id(number: number): HealthcheckId {
  const parsed = parseId(String(number));
  if (parsed === undefined) throw new Error("no id");
  return parsed;
}

function record(number: number, key: string, changes: Partial<StateRecord> = {}): StateRecord {
  return { id: id(number), key, state: "healthy", sinceMs: 1, successes: number, failures: 0, ...changes };
}

/** States of a writer that was last alive 10 s ago. */
function states(...records: StateRecord[]): EarlierStates {
  const earlier = new EarlierStates(MAX_AGE_MS);
  earlier.add(records, WRITER_ALIVE_MS, 10_000, NOW_MS);
  return earlier;
}

test("earlier states: each is taken once, by its own id before any other with an equal check", () => {
  const earlier = states(record(1, "a"), record(2, "a"), record(3, "b"));
  expect(earlier.take(id(2), "a", NOW_MS)).toMatchObject({ successes: 2, aliveBootMs: -5_000 });
  expect(earlier.take(id(9), "a", NOW_MS)).toMatchObject({ successes: 1 });
  expect(earlier.take(id(2), "a", NOW_MS)).toBeUndefined();
  expect(earlier.take(id(3), "a", NOW_MS)).toBeUndefined();
  expect(earlier.size).toBe(1);
});

test("earlier states: they count until they are too old, also after another server has read them", () => {
  const earlier = states(record(1, "a"), record(2, "b", { aliveBootMs: WRITER_ALIVE_MS - 30_000 }));
  expect(earlier.take(id(2), "b", NOW_MS + 20_001)).toBeUndefined();
  expect(earlier.take(id(1), "a", NOW_MS + 50_001)).toBeUndefined();
  expect(earlier.size).toBe(0);
  const older = states(record(1, "a", { aliveBootMs: WRITER_ALIVE_MS - 50_001 }));
  expect(older.size).toBe(0);
});

test("earlier states: what is not continued goes into the next file with its age, until it is too old", () => {
  const earlier = states(record(1, "a"), record(2, "b", { aliveBootMs: WRITER_ALIVE_MS - 30_000 }));
  const rest = earlier.rest(NOW_MS + 1_000);
  expect(rest.map(({ aliveBootMs }) => aliveBootMs)).toEqual([-5_000, -35_000]);
  // The next server: another boot, 2 s after this one was last alive.
  const next = new EarlierStates(MAX_AGE_MS);
  expect(next.add(rest, NOW_MS + 1_000, 2_000, 100)).toBe(2);
  expect(next.take(id(1), "a", 100)).toMatchObject({ aliveBootMs: 100 - 13_000 });
  expect(earlier.rest(NOW_MS + 20_001).map((one) => one.id)).toEqual([id(1)]);
  expect(earlier.size).toBe(1);
});
