/** Tests for src/network/recent-falls.ts. */
import { expect, test } from "bun:test";
import { RecentFalls } from "../../src/network/recent-falls.ts";

test("recent falls: a long interval does not keep the short ones behind it", () => {
  const falls = new RecentFalls();
  for (const endMs of [300_000, 1_000, 2_000, 1_500]) falls.add(endMs);
  const left = [999, 1_000, 1_500, 2_000, 299_999, 300_000].map((nowMs) => {
    falls.expire(nowMs);
    return falls.count;
  });
  expect(left).toEqual([4, 3, 2, 1, 1, 0]);
});
