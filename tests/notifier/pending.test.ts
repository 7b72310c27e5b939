/** Pending notifications. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import type { Notification } from "../../src/model/status.ts";
import { Pending } from "../../src/notifier/pending.ts";
import { id, notification } from "../harness/fakes/fakes.ts";

const LIMITS = { delayMs: 100, maxSize: 3 };

function waiting(...notifications: Notification[]): Pending {
  const pending = new Pending();
  for (const [index, one] of notifications.entries()) pending.put(one, index * 10, "changed");
  return pending;
}

test("pending: a newer state replaces the queued one and keeps its place", () => {
  const [first, second, newer] = [notification(1), notification(2), notification(1, "unhealthy")];
  const pending = new Pending();
  pending.put(first, 0, "changed");
  pending.put(second, 10, "changed");
  pending.put(newer, 50, "changed");
  expect(pending.size).toBe(2);
  expect(pending.first(10)).toEqual([newer, second]);
  expect(pending.sinceMs).toBe(0);
});

test("pending: settling takes out what was delivered", () => {
  const pending = waiting(notification(1), notification(2), notification(3));
  pending.settle(pending.first(2));
  expect(pending.first(10).map((one) => String(one.id))).toEqual(["3"]);
  expect(pending.sinceMs).toBe(20);
});

test("pending: settling keeps what has become newer meanwhile", () => {
  const pending = waiting(notification(1), notification(2));
  const delivered = pending.first(2);
  const newer = notification(1, "unhealthy");
  pending.put(newer, 30, "changed");
  pending.settle(delivered);
  expect(pending.first(10)).toEqual([newer]);
});

test("pending: settling keeps a newer status though it is equal", () => {
  const pending = waiting(notification(1));
  const delivered = pending.first(1);
  pending.put(notification(1), 30, "changed");
  pending.settle(delivered);
  expect(pending.size).toBe(1);
});

test("pending: settling what was removed meanwhile does nothing", () => {
  const pending = waiting(notification(1), notification(2));
  const delivered = pending.first(2);
  pending.remove(id(1));
  pending.settle(delivered);
  expect(pending.size).toBe(0);
});

test("pending: first leaves everything in place", () => {
  const pending = waiting(notification(1), notification(2));
  expect(pending.first(1).length).toBe(1);
  expect(pending.first(0)).toEqual([]);
  expect(pending.size).toBe(2);
});

test("pending: a batch is due after the delay of its first entry, or when it is full", () => {
  const pending = waiting(notification(1), notification(2));
  expect(pending.due(99, LIMITS)).toBeUndefined();
  expect(pending.due(100, LIMITS)).toBe("time_delay");
  pending.put(notification(3), 20, "changed");
  expect(pending.due(20, LIMITS)).toBe("size_limit");
});

test("pending: with nothing waiting nothing is due", () => {
  const pending = waiting(notification(1));
  pending.clear();
  expect(pending.due(1e9, LIMITS)).toBeUndefined();
  expect(pending.sinceMs).toBeUndefined();
});

test("pending: whatever is put and settled, each id's newest state is delivered last, and once", () => {
  const anyStep = fc.oneof(
    fc.record({ put: fc.nat({ max: 5 }) }),
    fc.record({ deliver: fc.nat({ max: 4 }), putMeanwhile: fc.array(fc.nat({ max: 5 }), { maxLength: 3 }) }),
  );
  fc.assert(
    fc.property(fc.array(anyStep), (steps) => {
      const pending = new Pending();
      const newest = new Map<number, Notification>();
      const delivered: Notification[] = [];
      const put = (number: number) => {
        const one = notification(number);
        newest.set(number, one);
        pending.put(one, 0, "changed");
      };
      for (const step of steps) {
        if ("put" in step) put(step.put);
        else {
          const batch = pending.first(step.deliver);
          step.putMeanwhile.forEach(put);
          pending.settle(batch);
          delivered.push(...batch);
        }
      }
      delivered.push(...pending.first(pending.size));
      for (const [number, { status }] of newest) {
        const states = delivered.filter((one) => one.id === id(number)).map((one) => one.status);
        expect(states.at(-1)).toBe(status);
        expect(new Set(states).size).toBe(states.length);
      }
    }),
  );
});
