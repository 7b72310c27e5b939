/** Lines at a bounded pace: a burst, then one a second, and the newest always appears. */
import { expect, test } from "bun:test";
import { PacedLog } from "../../src/logging/paced.ts";
import { FakeLogger, VirtualTime } from "../harness/fakes/fakes.ts";

const BURST = 3;

test("paced: a burst is written as it comes, and again after it has been quiet", () => {
  using time = new VirtualTime();
  const log = new FakeLogger();
  const paced = new PacedLog(log, BURST);
  for (let round = 0; round < 3; round++) {
    for (let n = 0; n < BURST; n++) paced.info(`line ${round}.${n}`, { n });
    expect(log.entries.length).toBe((round + 1) * BURST);
    time.advance(BURST * 1_000);
  }
  expect(log.entries.every(({ fields }) => !("left_out" in fields))).toBe(true);
});

test("paced: after the burst one line a second, with the number of those left out", () => {
  using time = new VirtualTime();
  const log = new FakeLogger();
  const paced = new PacedLog(log, BURST);
  // A hundred lines a second, for ten seconds.
  for (let n = 0; n < 1_000; n++) {
    paced.warn("again", { n });
    time.advance(10);
  }
  expect(log.entries.length).toBeLessThanOrEqual(BURST + 10);
  expect(log.entries.length).toBeGreaterThanOrEqual(BURST + 9);
  time.advance(1_000);
  const leftOut = log.entries.map(({ fields }) => Number(fields["left_out"] ?? 0));
  expect(log.entries.length + leftOut.reduce((sum, count) => sum + count, 0)).toBe(1_000);
});

test("paced: the newest line appears within a second, with its own message and level", () => {
  using time = new VirtualTime();
  const log = new FakeLogger();
  const paced = new PacedLog(log, 1);
  paced.info("connected");
  paced.info("disconnected");
  paced.warn("disconnected", { error: "broken" });
  expect(log.messages("info")).toEqual(["connected"]);
  time.advance(1_000);
  expect(log.entries.at(-1)).toEqual({
    level: "warn",
    message: "disconnected",
    fields: { error: "broken", left_out: 1 },
  });
  time.advance(60_000);
  expect(log.entries.length).toBe(2);
});

test("paced: what is held back is written at the end, once", () => {
  using time = new VirtualTime();
  const log = new FakeLogger();
  const paced = new PacedLog(log, 1);
  paced.info("one");
  paced.info("two");
  paced.flush();
  paced.flush();
  time.advance(5_000);
  expect(log.messages("info")).toEqual(["one", "two"]);
});
