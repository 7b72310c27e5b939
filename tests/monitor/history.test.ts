/** The last results, against a plain list. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import {
  type CheckResult,
  FAILURE_CODES,
  formatResult,
  inconclusive,
  LOCAL_CAUSES,
  type Phases,
  SUCCESS_CODES,
} from "../../src/model/result.ts";
import { HISTORY_LENGTH, History, type PastResult } from "../../src/monitor/history.ts";
import { failure, success, VirtualTime } from "../harness/fakes/fakes.ts";

/** One result and when it was. */
interface Entry {
  readonly result: CheckResult;
  readonly atMs: number;
  readonly latenessMs: number;
}

const anyMs = fc.double({ min: 0, max: 1e7, noNaN: true });
const anyMessage = fc.constantFrom("refused", "connected", "no free port", "…", "");
// There is no end of an answer without its first byte.
const anyPhases: fc.Arbitrary<Phases> = fc
  .record(
    { resolveMs: anyMs, connectMs: anyMs, tlsMs: anyMs, firstByteMs: anyMs, transferMs: anyMs },
    { requiredKeys: [] },
  )
  .map(({ transferMs, ...phases }) =>
    phases.firstByteMs === undefined || transferMs === undefined ? phases : { ...phases, transferMs },
  );
const timed = { message: anyMessage, durationMs: anyMs, phases: anyPhases };
const anyResult: fc.Arbitrary<CheckResult> = fc.oneof(
  fc.record({ outcome: fc.constant("success"), code: fc.constantFrom(...SUCCESS_CODES), ...timed }),
  fc.record({ outcome: fc.constant("failure"), code: fc.constantFrom(...FAILURE_CODES), ...timed }),
  fc.tuple(fc.constantFrom(...LOCAL_CAUSES), anyMessage).map(([cause, words]) => inconclusive(cause, words)),
);
const anyEntry: fc.Arbitrary<Entry> = fc.record({
  result: anyResult,
  atMs: fc.nat().map((ms) => VirtualTime.WALL_MS + ms),
  latenessMs: anyMs,
});

/** Returns the entries as they are to be read: numbers as exact as a float32 holds them. */
function expected({ result, atMs, latenessMs }: Entry): PastResult {
  const { outcome, code, message } = result;
  const common = { outcome, code, message, atMs, latenessMs: Math.fround(latenessMs) };
  if (result.outcome === "inconclusive")
    return { ...common, cause: result.cause, durationMs: undefined, phases: {} };
  const phases = Object.entries(result.phases).map(([name, ms]) => [name, Math.fround(ms)]);
  return {
    ...common,
    cause: undefined,
    durationMs: Math.fround(result.durationMs),
    phases: Object.fromEntries(phases),
  };
}

test("history: the last 20 results come back as they were put, newest first", () => {
  fc.assert(
    fc.property(fc.array(anyEntry, { maxLength: 65 }), (entries) => {
      const history = new History();
      for (const { result, atMs, latenessMs } of entries) history.put(result, atMs, latenessMs);
      const last = entries.slice(-HISTORY_LENGTH).reverse();
      expect(history.length).toBe(last.length);
      expect([...history]).toEqual(last.map(expected));
      const newest = last[0];
      expect(history.lastMessage).toBe(newest === undefined ? "" : formatResult(newest.result));
    }),
  );
});

test("history: is empty before the first result", () => {
  const history = new History();
  expect([history.length, history.lastMessage, [...history].length]).toEqual([0, "", 0]);
  expect(history.at(0)).toBeUndefined();
});

test("history: there is nothing beyond its ends", () => {
  const history = new History();
  for (let count = 0; count < 25; count++) history.put(success(), count, 0);
  expect([history.at(-1), history.at(20)]).toEqual([undefined, undefined]);
  expect([history.at(0)?.atMs, history.at(19)?.atMs]).toEqual([24, 5]);
});

test("history: phases of an older result do not shine through", () => {
  const history = new History();
  const phases = { resolveMs: 1, connectMs: 2, tlsMs: 3, firstByteMs: 4, transferMs: 5 };
  for (let count = 0; count < HISTORY_LENGTH; count++) history.put({ ...success(), phases }, count, 0);
  history.put(failure("L4CON"), 100, 0);
  history.put(inconclusive("ports", "no free local port"), 101, 0);
  expect(history.at(0)?.phases).toEqual({});
  expect(history.at(1)?.phases).toEqual({});
  expect(history.at(2)?.phases).toEqual(phases);
});
