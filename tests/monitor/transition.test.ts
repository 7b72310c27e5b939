/** The state machine, by a table and against a naive model. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import type { State } from "../../src/model/status.ts";
import { type Health, type Thresholds, transition, UNKNOWN_HEALTH } from "../../src/monitor/transition.ts";

const anyResults = fc.array(fc.boolean(), { minLength: 1, maxLength: 60 });
const anyThresholds = fc.record({
  rise: fc.integer({ min: 1, max: 5 }),
  fall: fc.integer({ min: 1, max: 5 }),
});

/** `+` is a success, `-` a failure. */
function states(results: string, thresholds: Thresholds): string {
  let health = UNKNOWN_HEALTH;
  const initials: string[] = [];
  for (const result of results) {
    health = transition(health, result === "+", thresholds);
    initials.push(health.state === "healthy" ? "H" : health.state === "unhealthy" ? "U" : "?");
  }
  return initials.join("");
}

test.each([
  ["a first success decides", "+", 3, 3, "H"],
  ["a first failure decides", "-", 3, 3, "U"],
  ["a failure within fall keeps healthy", "+--", 1, 3, "HHH"],
  ["fall failures in a row make it unhealthy", "+---", 1, 3, "HHHU"],
  ["a success resets the failures", "+--+--+---", 1, 3, "HHHHHHHHHU"],
  ["a success within rise keeps unhealthy", "-++", 3, 1, "UUU"],
  ["rise successes in a row make it healthy", "-+++", 3, 1, "UUUH"],
  ["a failure resets the successes", "-++-++-+++", 3, 1, "UUUUUUUUUH"],
  ["with 1 and 1 every result decides", "+-+-", 1, 1, "HUHU"],
  ["the first failure does not count twice", "-+-", 1, 2, "UHH"],
])("transition: %s", (_name, results, rise, fall, expected) => {
  expect(states(results, { rise, fall })).toBe(expected);
});

test("transition: thresholds hold as they are now, not as they were", () => {
  const strict = { rise: 1, fall: 5 };
  let health = transition(UNKNOWN_HEALTH, true, strict);
  for (let failures = 0; failures < 3; failures++) health = transition(health, false, strict);
  expect(health.state).toBe("healthy");
  expect(transition(health, false, { rise: 1, fall: 2 }).state).toBe("unhealthy");
});

/** Says it as the protocol does: looks at the last results only. */
function naive(results: readonly boolean[], { rise, fall }: Thresholds): State {
  let state: State = "unknown";
  results.forEach((result, at) => {
    const lately = (count: number) => results.slice(Math.max(0, at + 1 - count), at + 1);
    const run = (count: number) =>
      lately(count).length === count && lately(count).every((one) => one === result);
    if (state === "unknown") state = result ? "healthy" : "unhealthy";
    else if (state === "healthy" && !result && run(fall)) state = "unhealthy";
    else if (state === "unhealthy" && result && run(rise)) state = "healthy";
  });
  return state;
}

function play(results: readonly boolean[], thresholds: Thresholds): Health {
  return results.reduce((health: Health, result) => transition(health, result, thresholds), UNKNOWN_HEALTH);
}

test("transition: agrees with a naive model", () => {
  fc.assert(
    fc.property(anyResults, anyThresholds, (results, thresholds) => {
      expect(play(results, thresholds).state).toBe(naive(results, thresholds));
    }),
  );
});

test("transition: the runs are those of the last results, and one of them is 0", () => {
  fc.assert(
    fc.property(anyResults, anyThresholds, (results, thresholds) => {
      const { consecutiveFailures, consecutiveSuccesses } = play(results, thresholds);
      const last = results.at(-1);
      const run = results.length - 1 - results.lastIndexOf(last === false);
      expect([consecutiveSuccesses, consecutiveFailures]).toEqual(last === true ? [run, 0] : [0, run]);
    }),
  );
});

test("transition: does not touch what it was given", () => {
  const before = Object.freeze({ ...UNKNOWN_HEALTH });
  expect(transition(before, true, { rise: 1, fall: 1 })).not.toBe(before);
  expect(before).toEqual(UNKNOWN_HEALTH);
});
