/** Tests for src/network/evidence.ts and src/network/sighted-stretch.ts. */
import { expect, test } from "bun:test";
import { Evidence } from "../../src/network/evidence.ts";
import { SightedStretch } from "../../src/network/sighted-stretch.ts";

/** Checks that began one after the other, a millisecond apart: `+` answered, `-` failed, `.` under way. */
function evidenceOf(outcomes: string): Evidence {
  const evidence = new Evidence();
  for (const [index, outcome] of [...outcomes].entries()) {
    const number = evidence.begin(index);
    if (outcome === "+") evidence.answered(number, index);
    if (outcome === "-") evidence.failed(number);
  }
  return evidence;
}

test.each([
  ["+-+", 1, "short"],
  ["+---+", 2, "short"],
  ["+-", 1, "open"],
  ["+-..", 1, "open"],
  ["+-..+", 1, "short"],
  ["-+", 0, "short"],
  [`+${"-".repeat(15)}+`, 7, "short"],
  [`+${"-".repeat(16)}+`, 7, "long"],
  [`+${"-".repeat(16)}`, 16, "long"],
  [`+${"-".repeat(15)}`, 15, "open"],
] as const)("evidence: of %s the failure at %d is in a row that is %s", (outcomes, number, row) => {
  expect(evidenceOf(outcomes).around(number, number, 0, outcomes.length)).toBe(row);
});

test("evidence: a check without an answer counts as failed after twice the usual time, at least 50 ms", () => {
  const outcomes = `+-${".".repeat(20)}+`;
  expect(evidenceOf(outcomes).around(1, 1, 0, 50)).toBe("short");
  expect(evidenceOf(outcomes).around(1, 1, 0, 90)).toBe("long");
  const slow = evidenceOf(outcomes);
  slow.answered(slow.begin(30), 130);
  expect(slow.around(1, 1, 0, 200)).toBe("short");
  expect(slow.around(1, 1, 0, 250)).toBe("long");
});

test("evidence: a failure that was waited for is in a row until a check that began when it was overdue is answered", () => {
  const outcomes = `+-${"+".repeat(48)}`;
  expect(evidenceOf(outcomes).around(1, 40, 0, 100)).toBe("short");
  expect(evidenceOf(outcomes).around(1, 100, 0, 100)).toBe("open");
  expect(evidenceOf(`${outcomes}++`).around(1, 100, 0, 100)).toBe("short");
  expect(evidenceOf(`${outcomes}${"-".repeat(15)}+`).around(1, 100, 0, 100)).toBe("long");
});

test("evidence: a row does not reach back beyond the time at which the network was back", () => {
  const evidence = evidenceOf(`${"-".repeat(20)}+`);
  expect(evidence.around(19, 19, 0, 20)).toBe("long");
  expect(evidence.around(19, 19, 10, 20)).toBe("short");
});

test("evidence: a forgotten check counts as one of a short row", () => {
  const evidence = evidenceOf("-");
  for (let number = 0; number < 70_000; number++) evidence.begin(1);
  expect(evidence.around(0, 0, 0, 1_000)).toBe("short");
});

test("sighted stretch: covers the time between answers at most half a second apart", () => {
  const stretch = new SightedStretch();
  expect(stretch.covers(0)).toBe(false);
  stretch.add(1_000, 700);
  stretch.add(1_400, 700);
  expect([699, 700, 1_400, 1_401].map((ms) => stretch.covers(ms))).toEqual([false, true, true, false]);
  stretch.add(2_000, 1_000);
  expect([1_300, 1_999, 2_000].map((ms) => stretch.covers(ms))).toEqual([false, false, true]);
  expect([2_500, 2_501].map((ms) => stretch.isFresh(ms))).toEqual([true, false]);
});
