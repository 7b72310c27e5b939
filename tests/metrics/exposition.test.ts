/** The text formats, sample by sample. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import {
  encodeText,
  escapeLabel,
  type FamilyType,
  familyHead,
  HistogramWriter,
  NO_LABELS,
  writeSample,
} from "../../src/metrics/exposition.ts";
import { Histogram } from "../../src/model/histogram.ts";
import { written } from "../harness/daemon/sheets.ts";

test.each<[string, FamilyType, string, string]>([
  ["checks_total", "counter", "checks_total", "checks"],
  ["total_checks_total", "counter", "total_checks_total", "total_checks"],
  ["state", "gauge", "state", "state"],
  ["grand_total", "gauge", "grand_total", "grand_total"],
  ["seconds", "histogram", "seconds", "seconds"],
])("exposition: the head of %s, a %s, is that of %s, in OpenMetrics of %s", (name, type, classic, open) => {
  const head = (family: string) => `# HELP ${family} Words.\n# TYPE ${family} ${type}\n`;
  expect(familyHead("prometheus", name, type, "Words.")).toBe(head(classic));
  expect(familyHead("openmetrics", name, type, "Words.")).toBe(head(open));
});

test.each([
  ["no labels", "", "", "up 1\n"],
  ["labels", 'a="b",c="d"', "", 'up{a="b",c="d"} 1\n'],
  ["further labels", 'a="b"', ',c="d"', 'up{a="b",c="d"} 1\n'],
])("exposition: a sample with %s", async (_name, labels, more, line) => {
  expect(await written((sheet) => writeSample(sheet, "up", labels, 1, more))).toBe(line);
});

test("exposition: a histogram is cumulated, and ends in its sum and its count", async () => {
  const histogram = new Histogram([0.1, 1]);
  for (const value of [0.05, 0.5, 0.25, 7]) histogram.observe(value);
  const writer = new HistogramWriter("took", histogram.bounds, true);
  expect(await written((sheet) => writer.write(sheet, encodeText('id="1"'), histogram))).toBe(
    [
      'took_bucket{id="1",le="0.1"} 1',
      'took_bucket{id="1",le="1"} 3',
      'took_bucket{id="1",le="+Inf"} 4',
      'took_sum{id="1"} 7.8',
      'took_count{id="1"} 4',
      "",
    ].join("\n"),
  );
});

test("exposition: a histogram without labels, and empty", async () => {
  const writer = new HistogramWriter("took", [2], false);
  expect(await written((sheet) => writer.write(sheet, NO_LABELS, new Histogram([2])))).toBe(
    'took_bucket{le="2"} 0\ntook_bucket{le="+Inf"} 0\ntook_sum 0\ntook_count 0\n',
  );
});

test("exposition: one writer serves many histograms", async () => {
  const writer = new HistogramWriter("took", [2], true);
  const other = new Histogram([2]);
  other.observe(1);
  const text = await written((sheet) => {
    writer.write(sheet, encodeText('id="1"'), new Histogram([2]));
    writer.write(sheet, encodeText('id="2"'), other);
  });
  expect(text).toContain('took_bucket{id="1",le="2"} 0\n');
  expect(text).toContain('took_bucket{id="2",le="2"} 1\n');
});

test("exposition: a label's value keeps its line and its quotes, and can be read back", () => {
  expect(escapeLabel('a"b\\c\nd')).toBe('a\\"b\\\\c\\nd');
  const characters: Readonly<Record<string, string>> = { n: "\n" };
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom("\\", '"', "\n", "n", "a", "…") }), (value) => {
      const escaped = escapeLabel(value);
      expect(escaped).toMatch(/^(?:[^"\\\n]|\\["\\n])*$/);
      expect(escaped.replace(/\\(.)/g, (_, char: string) => characters[char] ?? char)).toBe(value);
    }),
  );
});
