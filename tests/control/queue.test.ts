/** The queue of a connection against an array. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { Queue } from "../../src/control/queue.ts";

test("queue: behaves as an array does, whatever is added and taken", () => {
  const steps = fc.array(fc.integer({ min: -3_000, max: 3_000 }), { maxLength: 12 });
  fc.assert(
    fc.property(steps, (counts) => {
      const queue = new Queue<number>();
      const array: number[] = [];
      let next = 0;
      for (const count of counts) {
        for (let added = 0; added < count; added++) {
          queue.push(next);
          array.push(next++);
        }
        for (let taken = 0; taken < -count; taken++) expect(queue.shift()).toBe(array.shift());
        expect(queue.length).toBe(array.length);
      }
      queue.clear();
      expect([queue.length, queue.shift()]).toEqual([0, undefined]);
    }),
    { numRuns: 30 },
  );
});
