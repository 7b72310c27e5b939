/** The names of phases. */
import { expect, test } from "bun:test";
import { PHASES, phaseFields, roundMs } from "../../src/model/phases.ts";

test("phases: are in the order in which a check goes through them", () => {
  expect(PHASES.map(({ field }) => field)).toEqual([
    "resolve_ms",
    "connect_ms",
    "tls_ms",
    "first_byte_ms",
    "transfer_ms",
  ]);
});

test("phases: in JSON those that were reached are named, in order, to the microsecond", () => {
  const fields = phaseFields({ transferMs: 0.0004, connectMs: 1.23456, firstByteMs: 0 });
  expect(JSON.stringify(fields)).toBe('{"connect_ms":1.235,"first_byte_ms":0,"transfer_ms":0}');
  expect(phaseFields({})).toEqual({});
});

test.each([
  [0, 0],
  [1.0004, 1],
  [1.0005, 1.001],
  [12_345.678_9, 12_345.679],
])("roundMs: %d is %d", (ms, rounded) => {
  expect(roundMs(ms)).toBe(rounded);
});
