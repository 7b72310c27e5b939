/** The log as JSON and as text. */
import { expect, test } from "bun:test";
import { ConfigurableLogger, type LogSettings } from "../../src/logging/logger.ts";
import { LOG_LEVELS } from "../../src/logging/names.ts";

function fixture(settings: LogSettings) {
  const lines: string[] = [];
  const log = new ConfigurableLogger(settings, { write: (line) => lines.push(line) });
  return { lines, log };
}

test("logger: a JSON line has time, level, message and the fields, and nothing else", () => {
  const { lines, log } = fixture({ level: "info", format: "json" });
  log.warn("Check skipped", { id: "7", count: 2, message_of: "x" });
  expect(lines.length).toBe(1);
  const { time, ...rest } = JSON.parse(lines[0] ?? "");
  expect(rest).toEqual({ level: "warn", message: "Check skipped", id: "7", count: 2, message_of: "x" });
  expect(time).toBe(new Date(time).toISOString());
  expect(lines[0]).toEndWith("}\n");
});

test("logger: a text line is for people", () => {
  const { lines, log } = fixture({ level: "info", format: "text" });
  log.info("Proxy connected", { socket: "/run/x.sock" });
  expect(lines[0]).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z {2}INFO Proxy connected socket=\/run\/x\.sock\n$/);
});

test("logger: writes its level and graver ones", () => {
  for (const [index, level] of LOG_LEVELS.entries()) {
    const { lines, log } = fixture({ level, format: "json" });
    for (const each of LOG_LEVELS) log[each](each);
    expect(lines.map((line) => JSON.parse(line).level)).toEqual(LOG_LEVELS.slice(0, index + 1));
    expect(LOG_LEVELS.map((each) => log.enabled(each))).toEqual(LOG_LEVELS.map((_, at) => at <= index));
  }
});

test("logger: new settings hold from the next line on", () => {
  const { lines, log } = fixture({ level: "error", format: "json" });
  log.debug("unheard");
  log.configure({ level: "debug", format: "text" });
  log.debug("shown");
  expect(lines.length).toBe(1);
  expect(lines[0]).toMatch(/DEBUG shown\n$/);
});

test("logger: a message with a placeholder is left as it is", () => {
  const { lines, log } = fixture({ level: "info", format: "json" });
  log.info("100%d of %s", { a: 1 });
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({ message: "100%d of %s", a: 1 });
});
