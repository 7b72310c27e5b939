/** The times of a stop: together they keep the promised bound. */
import { expect, test } from "bun:test";
import {
  DRAIN_MS,
  FLUSH_MS,
  LOG_FLUSH_MS,
  STOP_BUDGET_MS,
  TRACE_FLUSH_MS,
} from "../../src/daemon/stop-budget.ts";

test("stop budget: notifications, traces and the log together take less than the promised 2 s", () => {
  expect(STOP_BUDGET_MS).toBe(2_000);
  expect(FLUSH_MS + TRACE_FLUSH_MS + LOG_FLUSH_MS).toBeLessThan(STOP_BUDGET_MS);
});

test("stop budget: backends finish their answers while notifications are written", () => {
  expect(DRAIN_MS).toBeLessThanOrEqual(FLUSH_MS);
});
