/** Descriptors counted, and long work in slices. */
import { expect, test } from "bun:test";
import {
  checkDescriptors,
  DescriptorShortage,
  Descriptors,
  descriptorsNeeded,
  raiseDescriptorLimit,
} from "../../src/system/descriptors.ts";
import { forEachSliced } from "../../src/system/time-slicing.ts";

test("descriptors: the soft limit becomes the hard one", () => {
  const { soft, hard } = raiseDescriptorLimit();
  expect(soft).toBe(hard);
  expect(raiseDescriptorLimit()).toEqual({ soft, hard });
});

test("descriptors: checks leave a reserve, and half of a small limit", () => {
  expect([1_048_576, 1_024, 128, 100, 64, 1, 0].map(checkDescriptors)).toEqual([
    1_048_480, 928, 64, 50, 32, 1, 1,
  ]);
});

test("descriptors: what is needed is the least limit that leaves every check a descriptor", () => {
  for (const checks of [1, 2, 50, 95, 96, 97, 928, 929, 10_000, 200_000]) {
    const needed = descriptorsNeeded(checks);
    expect(checkDescriptors(needed)).toBeGreaterThanOrEqual(checks);
    if (checks > 1) expect(checkDescriptors(needed - 1)).toBeLessThan(checks);
  }
});

test("descriptors: a shortage is reported when a list causes it, not with every list that has it", () => {
  const shortage = new DescriptorShortage(1_024);
  const lists = [0, 928, 929, 5_000, 929, 928, 928, 10_000, 10_000];
  expect(lists.map((checks) => shortage.begins(checks))).toEqual([
    undefined,
    undefined,
    1_025,
    undefined,
    undefined,
    undefined,
    undefined,
    10_096,
    undefined,
  ]);
});

test("descriptors: the least limit there is has room for one check", () => {
  expect([0, 1, 2].map((checks) => new DescriptorShortage(0).begins(checks))).toEqual([
    undefined,
    undefined,
    4,
  ]);
});

test("descriptors: no more are taken than there are; what is given back can be taken again", () => {
  const descriptors = new Descriptors(2);
  expect([descriptors.acquire(), descriptors.acquire(), descriptors.acquire()]).toEqual([true, true, false]);
  expect([descriptors.used, descriptors.exhausted]).toEqual([2, true]);
  descriptors.release();
  expect(descriptors.exhausted).toBe(false);
  expect([descriptors.acquire(), descriptors.acquire()]).toEqual([true, false]);
});

test("slices: every item has its turn, once, in order, with its place", async () => {
  const seen: string[] = [];
  await forEachSliced(new Set(["a", "b", "c"]), (item, index) => seen.push(`${item}${index}`));
  expect(seen).toEqual(["a0", "b1", "c2"]);
});

test("slices: other tasks have their turn during long work", async () => {
  let turns = 0;
  let over = false;
  const next = () => {
    turns++;
    if (!over) setImmediate(next);
  };
  setImmediate(next);
  // Each step is work of half a millisecond: 64 of them are several slices.
  await forEachSliced(Array(64).fill(0), () => {
    for (const endMs = performance.now() + 0.5; performance.now() < endMs; );
  });
  over = true;
  expect(turns).toBeGreaterThan(1);
});

test("slices: a step that throws ends the work and rejects", async () => {
  const seen: number[] = [];
  const work = forEachSliced([1, 2, 3], (item) => {
    seen.push(item);
    if (item === 2) throw new Error("broken");
  });
  await expect(work).rejects.toThrow("broken");
  expect(seen).toEqual([1, 2]);
});
