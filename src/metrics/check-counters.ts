/**
 * Counters that every check adds to, whichever healthcheck it belongs to: lateness, durations, failures by reason,
 * local faults. Plain numbers, because this is part of the hot path.
 */
import { checkTypeNames } from "../checks/registry.ts";
import { Histogram } from "../model/histogram.ts";
import {
  type CheckResult,
  FAILURE_CODES,
  type FailureCode,
  LOCAL_CAUSES,
  type LocalCause,
} from "../model/result.ts";
import type { ByteBuffer } from "./byte-buffer.ts";
import {
  type Exemplar,
  type Format,
  familyHead,
  HistogramWriter,
  NO_LABELS,
  writeCount,
} from "./exposition.ts";

/** Finest where it matters: a check should start within 10 ms, and one that is 25 ms late is worth a question. Seconds. */
const LATENESS_BOUNDS = [
  0.001, 0.002, 0.004, 0.006, 0.008, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];

/** Reasons why a start was skipped: the last check still ran, or this process did not run in time. */
const SKIP_REASONS = ["running", "late"] as const;
/** Reason of {@link SKIP_REASONS}. */
export type SkipReason = (typeof SKIP_REASONS)[number];

/** Counters by name. */
type Counts<Word extends string> = Record<Word, number>;

/**
 * Counters that every check adds to: lateness, durations, failures by reason, local errors. Plain numbers, because they are on the hot
 * path.
 */
export class CheckCounters {
  readonly #lateness = new Histogram(LATENESS_BOUNDS);
  readonly #tickDelays = new Histogram(LATENESS_BOUNDS);
  readonly #durations: Histogram;
  /** By check type. */
  readonly #failures: ReadonlyMap<string, Counts<FailureCode>>;
  /** The newest traced failure of each kind, by its labels. */
  readonly #exemplars = new Map<string, Exemplar>();
  readonly #inconclusive: Counts<LocalCause> = zeros(LOCAL_CAUSES);
  readonly #skipped: Counts<SkipReason> = zeros(SKIP_REASONS);

  readonly #histograms: readonly { name: string; help: string; histogram: Histogram }[];

  /** @param durationBounds - of the checks' durations, in seconds */
  constructor(durationBounds: readonly number[]) {
    this.#durations = new Histogram(durationBounds);
    this.#failures = new Map(checkTypeNames().map((type) => [type, zeros(FAILURE_CODES)]));
    this.#histograms = [
      {
        name: "healthcheck_check_lateness_seconds",
        help: "Delay between the due time and the start of a check.",
        histogram: this.#lateness,
      },
      {
        name: "healthcheck_tick_delay_seconds",
        help: "Delay of scheduler ticks, caused by a busy event loop.",
        histogram: this.#tickDelays,
      },
      {
        name: "healthcheck_monitor_task_duration_seconds",
        help: "Duration of checks, as measured by this process.",
        histogram: this.#durations,
      },
    ];
  }

  /**
   * A check ended.
   *
   * @param latenessMs - how long after its due time it had started
   * @param tookMs - from its start until now
   */
  finished(type: string, result: CheckResult, latenessMs: number, tookMs: number): void {
    this.#lateness.observe(latenessMs / 1_000);
    this.#durations.observe(tookMs / 1_000);
    if (result.outcome === "failure") {
      const counts = this.#failures.get(type);
      if (counts !== undefined) counts[result.code]++;
    } else if (result.outcome === "inconclusive") this.#inconclusive[result.cause]++;
  }

  /** A failure that was counted has a trace. */
  traced(type: string, code: FailureCode, exemplar: Exemplar): void {
    this.#exemplars.set(failureLabels(type, code), exemplar);
  }

  /** Records the lateness of a tick of the scheduler: the event loop was held, or the machine was busy. */
  ticked(lateMs: number): void {
    this.#tickDelays.observe(Math.max(0, lateMs) / 1_000);
  }

  /** Starts did not happen. */
  skipped(count: number, why: SkipReason): void {
    this.#skipped[why] += count;
  }

  /** Writes the families. */
  write(sheet: ByteBuffer, format: Format): void {
    for (const { name, help, histogram } of this.#histograms) {
      sheet.text(familyHead(format, name, "histogram", help));
      new HistogramWriter(name, histogram.bounds, false).write(sheet, NO_LABELS, histogram);
    }
    const counter = (name: string, help: string) => {
      sheet.text(familyHead(format, name, "counter", help));
      return (labels: string, count: number, exemplar?: Exemplar) =>
        writeCount(sheet, name, labels, count, format === "openmetrics" ? exemplar : undefined);
    };
    const failures = counter("healthcheck_failures_total", "Failed checks by reason.");
    for (const [type, counts] of this.#failures) {
      for (const code of FAILURE_CODES) {
        const labels = failureLabels(type, code);
        failures(labels, counts[code], this.#exemplars.get(labels));
      }
    }
    const inconclusive = counter(
      "healthcheck_inconclusive_total",
      "Checks without a verdict, by the local cause.",
    );
    for (const cause of LOCAL_CAUSES) inconclusive(`reason="${cause}"`, this.#inconclusive[cause]);
    const skipped = counter(
      "healthcheck_checks_skipped_total",
      "Skipped checks: the previous check was still running, or this process was late.",
    );
    for (const reason of SKIP_REASONS) skipped(`reason="${reason}"`, this.#skipped[reason]);
  }
}

function failureLabels(type: string, code: FailureCode): string {
  return `type="${type}",reason="${code}"`;
}

function zeros<Word extends string>(words: readonly Word[]): Counts<Word> {
  // Object.fromEntries loses the literal types of the names.
  return Object.fromEntries(words.map((word) => [word, 0])) as Counts<Word>;
}
