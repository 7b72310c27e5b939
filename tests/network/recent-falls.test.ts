/** Tests for src/network/recent-falls.ts. */
import { expect, test } from "bun:test";
import { RecentFalls } from "../../src/network/recent-falls.ts";
import { Random } from "../simulation/random.ts";

test("recent falls: a long interval does not keep the short ones behind it", () => {
  const falls = new RecentFalls();
  for (const endMs of [300_000, 1_000, 2_000, 1_500]) falls.add(endMs);
  const left = [999, 1_000, 1_500, 2_000, 299_999, 300_000].map((nowMs) => {
    falls.expire(nowMs);
    return falls.count;
  });
  expect(left).toEqual([4, 3, 2, 1, 1, 0]);
});

test("recent falls: in any order of ends and times, those are left whose end is in the future", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = new Random(seed);
    const falls = new RecentFalls();
    let plain: number[] = [];
    let nowMs = 0;
    for (let step = 0; step < 500; step++) {
      const endMs = nowMs + Math.floor(random.next() * 50);
      falls.add(endMs);
      plain.push(endMs);
      if (random.next() < 0.5) nowMs += Math.floor(random.next() * 6);
      falls.expire(nowMs);
      plain = plain.filter((end) => end > nowMs);
      expect(falls.count).toBe(plain.length);
    }
  }
});
