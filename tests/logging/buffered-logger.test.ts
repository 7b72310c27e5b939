/** Lines kept until it is known how they are written. */
import { expect, test } from "bun:test";
import { BufferedLogger } from "../../src/logging/buffered-logger.ts";
import { ConfigurableLogger } from "../../src/logging/logger.ts";
import { LOG_LEVELS } from "../../src/logging/names.ts";
import { FakeLogger } from "../harness/fakes/fakes.ts";

test("held log: what was held is written in order, once, with its fields", () => {
  const held = new BufferedLogger();
  for (const level of LOG_LEVELS) held[level](`a line of ${level}`, { level });
  const log = new FakeLogger(true);
  held.release(log);
  expect(log.entries).toEqual(
    LOG_LEVELS.map((level) => ({ level, message: `a line of ${level}`, fields: { level } })),
  );
  held.release(log);
  expect(log.entries.length).toBe(LOG_LEVELS.length);
});

test("logger: the line that reports lost lines has the form of the others", () => {
  const log = new ConfigurableLogger({ level: "info", format: "json" }, { write: () => {} });
  expect(JSON.parse(log.lossLine(3))).toMatchObject({
    level: "warn",
    message: "Log lines were lost",
    lines: 3,
  });
  log.configure({ level: "info", format: "text" });
  expect(log.lossLine(3)).toMatch(/ {2}WARN Log lines were lost lines=3\n$/);
});
