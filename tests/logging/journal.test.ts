/** Priorities for journald. Run by `bun test`. */
import { expect, test } from "bun:test";
import { closeSync, fstatSync, openSync } from "node:fs";
import { isJournalStream, withPriority } from "../../src/logging/journal.ts";
import { ConfigurableLogger } from "../../src/logging/logger.ts";
import { LOG_LEVELS } from "../../src/logging/names.ts";

test("journal: a stream is the journal's when device and inode are those that systemd names", () => {
  const fd = openSync(import.meta.path, "r");
  const { dev, ino } = fstatSync(fd, { bigint: true });
  const isRead = (stream: string | undefined) => isJournalStream(fd, { JOURNAL_STREAM: stream });
  expect(isRead(`${dev}:${ino}`)).toBe(true);
  for (const stream of [undefined, "", `${dev}:${ino + 1n}`, `${dev + 1n}:${ino}`, `${dev}:${ino}:`, "x"])
    expect([stream, isRead(stream)]).toEqual([stream, false]);
  closeSync(fd);
  expect(isRead(`${dev}:${ino}`)).toBe(false);
});

test("journal: every line of every level begins with its priority, text and JSON alike, and only there", () => {
  const expected = { error: "<3>", warn: "<4>", info: "<6>", debug: "<7>", trace: "<7>" };
  for (const format of ["text", "json"] as const) {
    const [lines, plain]: string[][] = [[], []];
    const settings = { level: "trace", format } as const;
    const log = new ConfigurableLogger(settings, { write: (line) => lines?.push(line) }, true);
    const other = new ConfigurableLogger(settings, { write: (line) => plain?.push(line) });
    for (const level of LOG_LEVELS) {
      log[level](level, { field: '{"level":"error"}\nsecond line' });
      other[level](level);
    }
    log.addFields(() => ({ common: 1 }));
    log.warn("with common fields");
    expect(lines?.map((line) => line.slice(0, 3))).toEqual([
      ...LOG_LEVELS.map((level) => expected[level]),
      "<4>",
    ]);
    expect(lines?.map((line) => line.match(/<\d>/g)?.length)).toEqual(lines?.map(() => 1));
    expect(plain?.filter((line) => line.includes("<"))).toEqual([]);
    expect(log.lossLine(3)).toStartWith("<4>");
  }
});

test("journal: each line of a text gets the priority, an empty one none", () => {
  expect(withPriority("error", "error: one\n\n(two)\n")).toBe("<3>error: one\n\n<3>(two)\n");
});
