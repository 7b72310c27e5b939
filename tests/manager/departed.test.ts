/** The memory of removed healthchecks. How the manager uses it is in manager.test.ts. */
import { expect, test } from "bun:test";
import { Departed } from "../../src/manager/departed.ts";
import { makeSpec, tcpSpec } from "../harness/fakes/fakes.ts";

const MEMORY = {
  status: { state: "healthy", lastCheckMs: 1, durationMs: 1, failures: 0, successes: 1, message: "" },
} as const;
type Memory = Parameters<Departed["put"]>[1];

// Comparing each with all others would take minutes.
test("departed: twenty thousand different checks of one target are found", () => {
  const departed = new Departed();
  const checks = Array.from({ length: 20_000 }, (_, index) =>
    tcpSpec(80, { send: new TextEncoder().encode(String(index)) }),
  );
  // A memory has more parts, which nothing here reads.
  for (const check of checks) departed.put(check, MEMORY as unknown as Memory, 0);
  expect(checks.every((check) => departed.find({ ...check }) !== undefined)).toBe(true);
  expect(departed.find(tcpSpec(80, { send: new Uint8Array() }))).toBeUndefined();
  expect(departed.find(makeSpec(1).check)).toBeUndefined();
  departed.expire(1);
  expect(checks.some((check) => departed.find(check) !== undefined)).toBe(false);
});
