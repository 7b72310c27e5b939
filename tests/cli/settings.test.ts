/** File, environment and command line, in the order of their precedence. */
import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { invalidLogLevel, levelFromEnvironment, loadConfig, logSettings } from "../../src/cli/settings.ts";
import { makeTempDir } from "../harness/base/tempdir.ts";
import { FakeLogger } from "../harness/fakes/fakes.ts";

test.each([
  [{ HEALTHCHECK_LOG: "debug" }, "debug"],
  [{ HEALTHCHECK_LOG: " WARN " }, "warn"],
  [{ HEALTHCHECK_LOG: "debug", RUST_LOG: "error" }, "debug"],
  [{ HEALTHCHECK_LOG: "loud", RUST_LOG: "error" }, "error"],
  [{ HEALTHCHECK_LOG: "", RUST_LOG: "trace" }, "trace"],
  [{ RUST_LOG: "Debug" }, "debug"],
  [{ RUST_LOG: "healthcheck_server=debug" }, "debug"],
  [{ RUST_LOG: "healthcheck-server=debug" }, "debug"],
  [{ RUST_LOG: "healthcheck_server::manager=trace" }, "trace"],
  [{ RUST_LOG: "healthcheck_server=debug,info" }, "debug"],
  [{ RUST_LOG: "info, healthcheck_server=debug" }, "debug"],
  [{ RUST_LOG: "hyper=trace,warn" }, "warn"],
  [{ RUST_LOG: "hyper=trace" }, undefined],
  [{ RUST_LOG: "off" }, "off"],
  [{ RUST_LOG: "loud" }, undefined],
  [{ HEALTHCHECK_LOG: "healthcheck_server=debug,info" }, "debug"],
  [{ RUST_LOG: "" }, undefined],
  [{}, undefined],
])("settings: the environment %j asks for %s", (env, level) => {
  expect(String(levelFromEnvironment(env))).toBe(String(level));
});

test("settings: an invalid level in HEALTHCHECK_LOG is reported with the valid ones", () => {
  for (const HEALTHCHECK_LOG of ["debug", " WARN ", "", " "])
    expect(invalidLogLevel({ HEALTHCHECK_LOG })).toBeUndefined();
  expect(invalidLogLevel({ RUST_LOG: "hyper=trace" })).toBeUndefined();
  expect(invalidLogLevel({ HEALTHCHECK_LOG: "bogus" })).toBe(
    'HEALTHCHECK_LOG: "bogus" is not valid and is ignored; must be one of error, warn, info, debug, trace, off',
  );
});

const FILE = { level: "error", format: "json" } as const;

test("settings: the command line comes before the environment, and that before the file", () => {
  const env = { HEALTHCHECK_LOG: "debug" };
  expect(logSettings({ logLevel: "trace", logFormat: "text" }, env, FILE)).toEqual({
    level: "trace",
    format: "text",
  });
  expect(logSettings({}, env, FILE)).toEqual({ level: "debug", format: "json" });
  expect(logSettings({}, {}, FILE)).toEqual(FILE);
});

test("settings: loading a file is logged with the original's message", async () => {
  await using dir = makeTempDir("settings");
  const path = join(dir.path, "a.yaml");
  writeFileSync(path, "batching:\n  max_size: 7\n  dely: 1s\n");
  const log = new FakeLogger();
  expect(loadConfig(path, {}, log).config?.batching.max_size).toBe(7);
  expect(log.messages("info")).toEqual([
    `Loading configuration from: ${path}`,
    "Configuration loaded successfully",
  ]);
  expect(log.messages("warn")).toEqual([
    `Configuration warning: ${path}:3:3: batching.dely: unknown key, ignored; did you mean batching.delay?`,
  ]);
});

test("settings: every error is logged, and the file is ignored", async () => {
  await using dir = makeTempDir("settings");
  const path = join(dir.path, "a.yaml");
  writeFileSync(path, "batching:\n  max_size: 0\nlogging:\n  level: loud\n");
  const log = new FakeLogger();
  expect(loadConfig(path, {}, log)).toMatchObject({
    config: undefined,
    fault: `${path}:2:13: batching.max_size: 0 is out of range; must be an integer from 1 to 10000`,
    missing: false,
  });
  expect(log.messages("error")).toEqual([
    `Configuration error: ${path}:2:13: batching.max_size: 0 is out of range; must be an integer from 1 to 10000`,
    `Configuration error: ${path}:4:10: logging.level: "loud" is not valid; must be one of error, warn, info, debug, trace, off`,
  ]);
  expect(log.messages("info")).not.toContain("Configuration loaded successfully");
});

test("settings: a file that was named and does not exist is missing", () => {
  const log = new FakeLogger();
  expect(loadConfig("/nonexistent/a.yaml", {}, log)).toMatchObject({ config: undefined, missing: true });
  expect(log.messages("error").length).toBe(1);
});
