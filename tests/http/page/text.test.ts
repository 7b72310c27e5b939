/** Texts of the status page about changes, the connection and the progress of a healthcheck. Run by `bun test`. */
import { expect, test } from "bun:test";
import type { State, StateChange } from "../../../src/http/api.ts";
import { connectionStatus } from "../../../src/http/page/data/connection.ts";
import { summarizeChanges } from "../../../src/http/page/logic/announce.ts";
import { ServerClock } from "../../../src/http/page/logic/clock.ts";
import { formatClock } from "../../../src/http/page/logic/format.ts";
import { progressOf } from "../../../src/http/page/logic/position.ts";
import { stateWords } from "../../../src/http/page/logic/state-words.ts";

function change(id: string, to: State): StateChange {
  const target = `tcp://10.0.0.${id}:80`;
  return {
    id,
    type: "tcp",
    target,
    from: "unknown",
    to,
    at: "2026-11-22T18:49:38Z",
    reason: `L4CON of ${id}`,
  };
}

test("page: one change is announced with its reason, several as numbers, one that came back as it is now", () => {
  expect(summarizeChanges([change("1", "unhealthy")], 0)).toBe("tcp://10.0.0.1:80 is unhealthy: L4CON of 1");
  expect(summarizeChanges([change("1", "unhealthy"), change("1", "healthy")], 0)).toContain("is healthy");
  const three = [change("1", "healthy"), change("2", "unhealthy"), change("3", "unhealthy")];
  expect(summarizeChanges(three, 0)).toBe("2 became unhealthy, 1 became healthy");
  expect(summarizeChanges([change("1", "unhealthy")], 2_000)).toBe("1 became unhealthy, 2,000 more changed");
});

const POSITION = { consecutive_successes: 0, rise: 2, consecutive_failures: 0, fall: 3 };

test.each([
  ["healthy", { consecutive_failures: 2 }, "2 of 3 failures in a row until unhealthy"],
  ["unhealthy", { consecutive_successes: 1 }, "1 of 2 successes in a row until healthy"],
  ["unhealthy", { rise: 1 }, "0 of 1 success in a row until healthy"],
  ["unknown", {}, "the first conclusive result decides"],
] as const)("page: standing of a healthcheck that is %s", (state, fields, text) => {
  expect(progressOf(state, { ...POSITION, ...fields }).text).toBe(text);
});

test("page: a healthcheck long past its threshold has not gone further than that", () => {
  const { done, of } = progressOf("unhealthy", { ...POSITION, consecutive_successes: 9 });
  expect([done, of]).toEqual([2, 2]);
});

test("page: while events come and questions are answered, nothing needs to be said", () => {
  expect(connectionStatus("live", undefined, { atMs: 5, error: undefined })).toEqual({
    kind: "live",
    label: "Live",
    notice: undefined,
  });
  expect(connectionStatus("connecting", undefined, undefined).notice).toBeUndefined();
});

test("page: a lost connection shows the age of the data and the reason", () => {
  const { kind, notice } = connectionStatus("down", 100, { atMs: 99, error: "cannot reach the server" });
  expect(kind).toBe("lost");
  expect(notice).toBe(
    `Connection lost, retrying. Last attempt: cannot reach the server. Showing data from ${formatClock(99)}.`,
  );
  // Before the first question after the loss was answered, nothing is known.
  expect(connectionStatus("down", 100, { atMs: 99, error: undefined }).kind).toBe("lost");
});

test("page: without events but with responses it polls; with events but without responses it shows the error", () => {
  expect(connectionStatus("down", 100, { atMs: 101, error: undefined }).kind).toBe("polling");
  const failing = connectionStatus("live", undefined, {
    atMs: undefined,
    error: "limit: 9 is not allowed (HTTP 400)",
  });
  expect([failing.kind, failing.notice]).toEqual([
    "failing",
    "Not up to date: limit: 9 is not allowed (HTTP 400).",
  ]);
});

test("page: the server's clock is used when it differs by more than the resolution of its header", () => {
  const clock = new ServerClock();
  clock.observe(10_000, 10_900);
  expect(clock.at(20_000)).toBe(20_000);
  clock.observe(70_000, 10_000);
  expect(clock.at(20_000)).toBe(80_500);
});

test("page: the label of a state says that it is forced, paused or damped, in this order", () => {
  const by = { reason: "a drill", user: "root", uid: 0, pid: 7, since: "T1", until: "T2" };
  expect(stateWords({ state: "unhealthy" })).toEqual({ label: "Unhealthy", title: undefined });
  expect(stateWords({ state: "unhealthy", damped: true }).label).toBe("Flapping");
  expect(stateWords({ state: "healthy", provisional: true }).label).toBe("Healthy?");
  expect(stateWords({ state: "healthy", damped: true, override: { ...by, action: "healthy" } })).toEqual({
    label: "Forced healthy",
    title: "Forced healthy by root until T2: a drill",
  });
  expect(stateWords({ state: "unknown", override: { ...by, action: "paused" } }).label).toBe(
    "Unknown, paused",
  );
});
