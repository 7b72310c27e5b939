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

const encoder = new TextEncoder();

/** No labels: of the metrics of the whole process. */
export const NO_LABELS = encodeText("");

/** Returns a text as bytes, to write it more than once. */
export function encodeText(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Writes samples that differ only by the labels of their healthcheck; the bytes that they share are encoded once. */
export class SampleWriter {
  readonly #before: Uint8Array;
  readonly #after: Uint8Array;

  /** @param more - further labels, with a comma if the healthcheck's own precede them; undefined for samples without any label */
  constructor(name: string, more: string | undefined) {
    this.#before = encodeText(more === undefined ? name : `${name}{`);
    this.#after = encodeText(more === undefined ? " " : `${more}} `);
  }

  /** Writes one. @param labels - of the healthcheck: `a="b",c="d"`, or {@link NO_LABELS} */
  write(sheet: ByteBuffer, labels: Uint8Array, value: number): void {
    sheet.bytes(this.#before);
    sheet.bytes(labels);
    sheet.bytes(this.#after);
    sheet.number(value);
    sheet.newline();
  }
}

/** Writes the samples of histograms that have the same bounds. */
export class HistogramWriter {
  readonly #buckets: readonly SampleWriter[];
  readonly #sum: SampleWriter;
  readonly #count: SampleWriter;

  /**
   * @param bounds - of every histogram that is written
   * @param isLabeled - whether each has labels of its own
   */
  constructor(name: string, bounds: readonly number[], isLabeled: boolean) {
    const comma = isLabeled ? "," : "";
    this.#buckets = [...bounds.map(String), "+Inf"].map(
      (bound) => new SampleWriter(`${name}_bucket`, `${comma}le="${bound}"`),
    );
    this.#sum = new SampleWriter(`${name}_sum`, isLabeled ? "" : undefined);
    this.#count = new SampleWriter(`${name}_count`, isLabeled ? "" : undefined);
  }

  /** Writes one, bounds cumulated. @param labels - of the healthcheck, or {@link NO_LABELS} */
  write(sheet: ByteBuffer, labels: Uint8Array, { counts, sum }: Histogram): void {
    let total = 0;
    for (let at = 0; at < counts.length; at++) {
      total += counts[at] ?? 0;
      this.#buckets[at]?.write(sheet, labels, total);
    }
    this.#sum.write(sheet, labels, sum);
    this.#count.write(sheet, labels, total);
  }
}
