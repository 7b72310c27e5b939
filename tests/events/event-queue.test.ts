/** The queue of a sink: bounded, in order, and nothing lost uncounted. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { EventQueue } from "../../src/events/event-queue.ts";
import { pauseMs } from "../../src/events/sink.ts";

test("event queue: what is pushed is taken in order or counted as dropped, and never more than its length waits", () => {
  const steps = fc.array(fc.oneof(fc.constant("push"), fc.integer({ min: 1, max: 5 })), { maxLength: 5_000 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), steps, (maxLength, actions) => {
      const queue = new EventQueue(maxLength);
      let pushed = 0;
      let dropped = 0;
      const taken: number[] = [];
      for (const action of actions) {
        if (action === "push") dropped += queue.push(String(pushed++));
        else taken.push(...queue.take(Number(action), 1_000).map(Number));
        expect(queue.length).toBeLessThanOrEqual(maxLength);
        expect(taken.length + dropped + queue.length).toBe(pushed);
      }
      expect(taken).toEqual(taken.toSorted((a, b) => a - b));
    }),
    { numRuns: 50 },
  );
});

test("event queue: large events are bounded by their size, and one alone is always taken", () => {
  const queue = new EventQueue(100_000);
  const large = "x".repeat(1 << 20);
  let dropped = 0;
  for (let times = 0; times < 40; times++) dropped += queue.push(large);
  expect(queue.length).toBe(16);
  expect(dropped).toBe(24);
  expect(queue.take(100, 10).length).toBe(1);
});

test("pause: doubles from a second to a minute, a quarter more or less", () => {
  expect([1, 2, 3, 7, 1_000].map((failures) => pauseMs(failures, 0.5))).toEqual([
    1_000, 2_000, 4_000, 60_000, 60_000,
  ]);
  expect([pauseMs(1, 0), pauseMs(1, 1)]).toEqual([750, 1_250]);
});
