/** The bounds of log lines: whatever strangers say, a line is one line, printable, and shorter than journald's limit. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { boundedText, MAX_FIELD_BYTES, MAX_LOG_LINE_BYTES } from "../../src/logging/bounds.ts";
import { ConfigurableLogger, type LogFields } from "../../src/logging/logger.ts";
import { LOG_FORMATS, type LogFormat } from "../../src/logging/names.ts";
import { anyForeignText, HOSTILE_CHARACTER } from "../harness/base/foreign-text.ts";

/** Returns the lines that a logger writes. */
function written(format: LogFormat, message: string, fields: LogFields): string {
  const lines: string[] = [];
  new ConfigurableLogger({ level: "info", format }, { write: (line) => lines.push(line) }).info(
    message,
    fields,
  );
  expect(lines.length).toBe(1);
  return lines[0] ?? "";
}

test("log: no line has 48 KiB or a character that is not printable, in either format", () => {
  const long = fc
    .tuple(anyForeignText, fc.integer({ min: 1, max: 400 }))
    .map(([text, times]) => text.repeat(times));
  const value = fc.oneof(
    long,
    fc.jsonValue(),
    fc.bigInt(),
    fc.constantFrom(undefined, null, Number.NaN),
    fc.array(long, { maxLength: 3 }),
  );
  const fields = fc.dictionary(fc.stringMatching(/^[a-z_]{1,20}$/), value, { maxKeys: 20 });
  fc.assert(
    fc.property(long, fields, (message, values) => {
      for (const format of LOG_FORMATS) {
        const line = written(format, message, values);
        expect(Buffer.byteLength(line)).toBeLessThanOrEqual(MAX_LOG_LINE_BYTES);
        expect(line).toEndWith("\n");
        expect(line.slice(0, -1)).not.toMatch(HOSTILE_CHARACTER);
      }
      const parsed: Record<string, unknown> = JSON.parse(written("json", message, values));
      // A stack has line breaks; everything else that is not printable is gone for parsers of the line, too.
      for (const text of Object.values(parsed))
        if (typeof text === "string") expect(text.replace(/[\t\n]/g, "")).not.toMatch(HOSTILE_CHARACTER);
    }),
    { numRuns: 100 },
  );
});

test("log: a field is cut at 4 KiB, with the number of bytes left out", () => {
  const line = JSON.parse(written("json", "m", { error: "x".repeat(100_000), short: "y" }));
  expect(line.error).toBe(`${"x".repeat(MAX_FIELD_BYTES)}… (95,904 bytes left out)`);
  expect(line.short).toBe("y");
  expect(boundedText("€".repeat(2_000))).toBe(`${"€".repeat(1_365)}… (1,905 bytes left out)`);
  expect(JSON.parse(written("json", "m".repeat(5_000), {})).message).toEndWith("… (904 bytes left out)");
});

test("log: a list or an object that is too long becomes the beginning of its JSON; a circle is no harm", () => {
  const list = Array.from({ length: 3_000 }, () => 42);
  const circle: Record<string, unknown> = {};
  circle["itself"] = circle;
  const line = JSON.parse(written("json", "m", { list, map: { a: [1] }, circle }));
  expect(line.list).toMatch(/^\[42,42,.*… \(4,905 bytes left out\)$/);
  expect(line.map).toEqual({ a: [1] });
  expect(line.circle).toBe("[object Object]");
});

test("log: fields for which a line has no room are left out, and counted", () => {
  const fields = Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`field_${n}`, '"'.repeat(4_000)]));
  for (const format of LOG_FORMATS) {
    const line = written(format, "m", fields);
    expect(Buffer.byteLength(line)).toBeLessThanOrEqual(MAX_LOG_LINE_BYTES);
    expect(line).toMatch(/fields_left_out"?[:=]25/);
  }
});
