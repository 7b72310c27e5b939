/** Callers that wait for a condition, each with its own AbortSignal. */
import { expect, test } from "bun:test";
import { Waiters } from "../../src/model/waiters.ts";

/** Notes the order in which waits end. */
function noted(waits: readonly Promise<void>[]): string[] {
  const ended: string[] = [];
  for (const [index, wait] of waits.entries()) void wait.then(() => ended.push(String(index)));
  return ended;
}

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

test("waiters: a release ends every wait that began before it", async () => {
  const waiters = new Waiters();
  const never = new AbortController().signal;
  const ended = noted([waiters.wait(never), waiters.wait(never)]);
  await nextTurn();
  expect(ended).toEqual([]);
  waiters.release();
  const later = noted([waiters.wait(never)]);
  await nextTurn();
  expect([ended, later]).toEqual([["0", "1"], []]);
});

test("waiters: a signal ends only the wait that it belongs to", async () => {
  const waiters = new Waiters();
  const abort = new AbortController();
  const ended = noted([waiters.wait(abort.signal), waiters.wait(new AbortController().signal)]);
  abort.abort();
  await nextTurn();
  expect(ended).toEqual(["0"]);
  waiters.release();
  await nextTurn();
  expect(ended).toEqual(["0", "1"]);
});

test("waiters: with a signal that has aborted there is no wait", async () => {
  await new Waiters().wait(AbortSignal.abort());
});
