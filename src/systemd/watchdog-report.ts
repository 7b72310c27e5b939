/**
 * What the service manager is told, and when. Pure: whoever owns it looks every {@link SystemdReport.periodMs} milliseconds, says what
 * time it is and how things stand, and sends what it is given.
 */
import { sentence } from "../model/printable.ts";
import type { StateCounts } from "../model/status.ts";

/** The status is told so often at the most; and without a watchdog this is how often somebody looks. */
const STATUS_MS = 1_000;

/** How things stand. */
export interface Standing {
  readonly counts: StateCounts;
  /** Whether a client is connected; undefined in standalone mode. */
  readonly connected: boolean | undefined;
  readonly stopping: boolean;
  /** Why the operator should look into the log; undefined when there is no reason. */
  readonly trouble: string | undefined;
  /** For how long the scheduler's next tick has been due. */
  readonly overdueMs: number;
}

/** See the head of the file. */
export class SystemdReport {
  /** Milliseconds between two looks: a whole part of half the watchdog's time, and at most a second. */
  readonly periodMs: number;
  readonly #feedMs: number | undefined;
  readonly #deadMs: number;
  #status = "";
  #statusAtMs = Number.NEGATIVE_INFINITY;
  #fedAtMs = Number.NEGATIVE_INFINITY;
  #nextLookMs = Number.POSITIVE_INFINITY;

  /**
   * @param watchdogMs - so long without a word and the process is killed; undefined when nobody waits for it
   * @param deadMs - a scheduler whose tick has been due for so long, or half the watchdog's time, is dead
   */
  constructor(watchdogMs: number | undefined, deadMs: number) {
    const halfMs = watchdogMs === undefined ? undefined : watchdogMs / 2;
    this.#feedMs = halfMs;
    this.#deadMs = Math.min(deadMs, halfMs ?? deadMs);
    this.periodMs = halfMs === undefined ? STATUS_MS : halfMs / Math.ceil(halfMs / STATUS_MS);
  }

  /**
   * Looks at how things stand.
   *
   * @returns the lines that are due, as one datagram; undefined when none is
   */
  look(nowMs: number, standing: Standing): string | undefined {
    const lateMs = Math.max(0, nowMs - this.#nextLookMs);
    this.#nextLookMs = nowMs + this.periodMs;
    const lines: string[] = [];
    const status = statusLine(standing);
    // Timers come a little early or late: what falls due nearer to this look than to the next one is due.
    const slackMs = this.periodMs / 2;
    if (status !== this.#status && nowMs - this.#statusAtMs >= STATUS_MS - slackMs) {
      lines.push(status);
      this.#status = status;
      this.#statusAtMs = nowMs;
    }
    const hungry = this.#feedMs !== undefined && nowMs - this.#fedAtMs >= this.#feedMs - slackMs;
    // When this look is late itself, the process did not run: that is not the scheduler's doing, and it will be along.
    if (hungry && standing.overdueMs - lateMs < this.#deadMs) {
      lines.push("WATCHDOG=1");
      this.#fedAtMs = nowMs;
    }
    return lines.length === 0 ? undefined : lines.join("\n");
  }

  /** What the last look gave could not be sent: it is due again. */
  unsent(): void {
    this.#status = "";
    this.#statusAtMs = Number.NEGATIVE_INFINITY;
    this.#fedAtMs = Number.NEGATIVE_INFINITY;
  }
}

function statusLine({ counts, connected, stopping, trouble }: Standing): string {
  const { healthy, unhealthy, unknown } = counts;
  const client =
    connected === undefined ? "checks from a file" : connected ? "client connected" : "no client connected";
  const totals = `${healthy} healthy, ${unhealthy} unhealthy, ${unknown} unknown; ${client}`;
  // Part of it was written by others: nothing in it may begin another line, and the rest of a long error is in the log.
  const why = trouble === undefined ? "" : `; ${trouble}`;
  return `STATUS=${stopping ? "stopping; " : ""}${sentence(`${totals}${why}`)}`;
}
