/** The level as operators write it. */
import { expect, test } from "bun:test";
import { readLevel } from "../../src/logging/level.ts";

test.each([
  ["info", "info"],
  [" INFO ", "info"],
  ["Off", "off"],
  ["0", "off"],
  ["1", "error"],
  ["5", "trace"],
  ["healthcheck_server", "trace"],
  ["healthcheck-server=warn", "warn"],
  ["healthcheck_server=2", "warn"],
  ["healthcheck_server=debug,info", "debug"],
  ["info,healthcheck_server=DEBUG", "debug"],
  ["healthcheck_server::proxy=trace,healthcheck_server=warn", "warn"],
  ["error,healthcheck_server::proxy=trace", "trace"],
  ["healthcheck=debug,info", "debug"],
  ["healthcheck=debug,healthcheck_server=error", "error"],
  ["healthcheck_server[check{id=1}]=debug", "debug"],
  ["hyper=off,tonic=warn,info", "info"],
  ["info,loud", "info"],
  ["info,", "info"],
] as const)("level: %j is %s", (text, level) => {
  expect(readLevel(text)).toEqual({ level });
});

test("level: directives for other programs' modules do not apply to this server", () => {
  expect(readLevel("hyper=trace,tonic=off")).toEqual({ level: undefined });
  expect(readLevel("[request{id=1}]=debug")).toEqual({ level: undefined });
  expect(readLevel("[request]=trace,warn")).toEqual({ level: "warn" });
  expect(readLevel("healthcheck_server[check{id=1,name=a}]=debug,info")).toEqual({ level: "debug" });
});

test.each(["", " ", "loud", "6", "-1", "healthcheck_server=loud", "=info", "hyper=loud", "in fo"])(
  "level: %j is neither a level nor a directive",
  (text) => {
    expect(readLevel(text)).toBeUndefined();
  },
);
