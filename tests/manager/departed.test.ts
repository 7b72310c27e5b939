/** The memory of removed healthchecks. How the manager uses it is in manager.test.ts. */
import { expect, test } from "bun:test";
import { Departed } from "../../src/manager/departed.ts";
import { UNKNOWN } from "../../src/model/status.ts";
import type { Memory } from "../../src/monitor/monitor.ts";
import { UNKNOWN_HEALTH } from "../../src/monitor/transition.ts";
import { makeSpec, tcpSpec } from "../harness/fakes/fakes.ts";

const MEMORY: Memory = {
  health: { state: "healthy", consecutiveSuccesses: 1, consecutiveFailures: 0 },
  status: { state: "healthy", lastCheckMs: 1, durationMs: 1, failures: 0, successes: 1, message: "" },
};

// Comparing each with all others would take minutes.
test("departed: twenty thousand different checks of one target are found", () => {
  const departed = new Departed();
  const checks = Array.from({ length: 20_000 }, (_, index) =>
    tcpSpec(80, { send: new TextEncoder().encode(String(index)) }),
  );
  for (const check of checks) departed.put(check, MEMORY, 0);
  expect(checks.every((check) => departed.find({ ...check }) !== undefined)).toBe(true);
  expect(departed.find(tcpSpec(80, { send: new Uint8Array() }))).toBeUndefined();
  expect(departed.find(makeSpec(1).check)).toBeUndefined();
  departed.expire(1);
  expect(checks.some((check) => departed.find(check) !== undefined)).toBe(false);
});

test("departed: a state from before a restart is remembered, although it is not reported; an unknown one is not", () => {
  const departed = new Departed();
  const { check } = makeSpec(1);
  departed.put(check, { health: UNKNOWN_HEALTH, status: UNKNOWN }, 0);
  expect(departed.find(check)).toBeUndefined();
  const provisional = { ...MEMORY, status: UNKNOWN, isProvisional: true };
  departed.put(check, provisional, 0);
  expect(departed.find(check)).toEqual(provisional);
});
