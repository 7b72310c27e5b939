/**
 * The text formats of Prometheus, for families that are rendered from counters of our own: the classic one
 * (https://prometheus.io/docs/instrumenting/exposition_formats/) and OpenMetrics 1.0.
 */
import type { Histogram } from "../model/histogram.ts";
import type { ByteBuffer } from "./byte-buffer.ts";

/** The formats in which metrics are served. */
export type Format = "prometheus" | "openmetrics";

/** Type of a metric family. */
export type FamilyType = "counter" | "gauge" | "histogram";

/**
 * The head of a family.
 *
 * @param name - as its samples have it; counters end in `_total`
 * @param help - one line
 */
export function familyHead(format: Format, name: string, type: FamilyType, help: string): string {
  const family = format === "openmetrics" && type === "counter" ? name.replace(/_total$/, "") : name;
  return `# HELP ${family} ${help}\n# TYPE ${family} ${type}\n`;
}

/** A label's value between its quotes. */
export function escapeLabel(value: string): string {
  return value.replace(/\\/g, "\\\\").replace(/\n/g, "\\n").replace(/"/g, '\\"');
}

/**
 * Writes one sample.
 *
 * @param labels - `a="b",c="d"` or nothing, without braces
 * @param more - further labels: `,e="f"`; apart from the others, so that no string has to be made of them
 */
export function writeSample(sheet: ByteBuffer, name: string, labels: string, value: number, more = ""): void {
  writeValue(sheet, name, labels, value, more);
  sheet.text("\n");
}

/** A trace that shows what a counter counted last. */
export interface Exemplar {
  readonly traceId: string;
  /** Wall clock, milliseconds since 1970. */
  readonly atMs: number;
}

/** Writes one sample of a counter, in OpenMetrics with its exemplar, if there is one; the classic format has none. */
export function writeCount(
  sheet: ByteBuffer,
  name: string,
  labels: string,
  value: number,
  exemplar: Exemplar | undefined,
): void {
  writeValue(sheet, name, labels, value, "");
  if (exemplar !== undefined) sheet.text(` # {trace_id="${exemplar.traceId}"} 1 ${exemplar.atMs / 1_000}`);
  sheet.text("\n");
}

function writeValue(sheet: ByteBuffer, name: string, labels: string, value: number, more: string): void {
  sheet.text(name);
  if (labels !== "") {
    sheet.text("{");
    sheet.text(labels);
    sheet.text(more);
    sheet.text("}");
  }
  sheet.text(" ");
  sheet.number(value);
}

/** Writes the samples of histograms that have the same bounds; what they have in common is put together once. */
export class HistogramWriter {
  readonly #bucket: string;
  readonly #bounds: readonly string[];
  readonly #sum: string;
  readonly #count: string;

  /** @param bounds - of every histogram that is written */
  constructor(name: string, bounds: readonly number[]) {
    this.#bucket = `${name}_bucket{`;
    this.#bounds = [...bounds.map(String), "+Inf"].map((bound) => `le="${bound}"} `);
    this.#sum = `${name}_sum`;
    this.#count = `${name}_count`;
  }

  /** Writes one, bounds cumulated. @param labels - `a="b",c="d"` or nothing, without braces */
  write(sheet: ByteBuffer, labels: string, { counts, sum }: Histogram): void {
    let total = 0;
    for (let at = 0; at < counts.length; at++) {
      total += counts[at] ?? 0;
      sheet.text(this.#bucket);
      if (labels !== "") {
        sheet.text(labels);
        sheet.text(",");
      }
      sheet.text(this.#bounds[at] ?? "");
      sheet.number(total);
      sheet.text("\n");
    }
    writeSample(sheet, this.#sum, labels, sum);
    writeSample(sheet, this.#count, labels, total);
  }
}
