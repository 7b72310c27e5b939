/**
 * Status and watchdog messages to systemd, sans-I/O. The owner calls {@link SystemdReport.poll} every {@link SystemdReport.periodMs}
 * milliseconds with the time and a health summary, and sends the result.
 */
import type { Peer } from "../control/control-plane.ts";
import { sentence } from "../model/printable.ts";
import type { StateCounts } from "../model/status.ts";

/** Minimum time between two status messages; without a watchdog also the poll interval. */
const STATUS_MS = 1_000;

/** Health of the process, as far as systemd shows it. */
export interface HealthSummary {
  readonly counts: StateCounts;
  /** Number of healthchecks whose state is from before a restart. */
  readonly provisional: number;
  /** The program at the other end of the control plane; undefined in standalone mode. */
  readonly peer: Peer | undefined;
  readonly stopping: boolean;
  /** Problem that the operator should know of; undefined without a problem. */
  readonly problem: string | undefined;
  /** Milliseconds for which the scheduler's next tick has been due. */
  readonly overdueMs: number;
}

/** Decides which status and watchdog messages are due. */
export class SystemdReport {
  /** Poll interval: a whole fraction of half the watchdog's time, and at most a second. */
  readonly periodMs: number;
  readonly #pingMs: number | undefined;
  readonly #deadMs: number;
  #status = "";
  #statusAtMs = Number.NEGATIVE_INFINITY;
  #lastPingMs = Number.NEGATIVE_INFINITY;
  #nextPollMs = Number.POSITIVE_INFINITY;

  /**
   * @param watchdogMs - time without a ping after which systemd kills the process; undefined without a watchdog
   * @param deadMs - lateness of a tick from which the scheduler is dead; at most half of `watchdogMs` counts
   */
  constructor(watchdogMs: number | undefined, deadMs: number) {
    const halfMs = watchdogMs === undefined ? undefined : watchdogMs / 2;
    this.#pingMs = halfMs;
    this.#deadMs = Math.min(deadMs, halfMs ?? deadMs);
    this.periodMs = halfMs === undefined ? STATUS_MS : halfMs / Math.ceil(halfMs / STATUS_MS);
  }

  /**
   * Returns the lines that are due, as one datagram; undefined if none is.
   *
   * @param nowMs - on a monotonic clock
   */
  poll(nowMs: number, summary: HealthSummary): string | undefined {
    const lateMs = Math.max(0, nowMs - this.#nextPollMs);
    this.#nextPollMs = nowMs + this.periodMs;
    const lines: string[] = [];
    const status = statusLine(summary);
    // Timers fire a little early or late: a line that falls due nearer to this poll than to the next one is due.
    const slackMs = this.periodMs / 2;
    if (status !== this.#status && nowMs - this.#statusAtMs >= STATUS_MS - slackMs) {
      lines.push(status);
      this.#status = status;
      this.#statusAtMs = nowMs;
    }
    const pingDue = this.#pingMs !== undefined && nowMs - this.#lastPingMs >= this.#pingMs - slackMs;
    // If this poll is late itself, the process did not run: the scheduler is not to blame, and its tick follows.
    if (pingDue && summary.overdueMs - lateMs < this.#deadMs) {
      lines.push("WATCHDOG=1");
      this.#lastPingMs = nowMs;
    }
    return lines.length === 0 ? undefined : lines.join("\n");
  }

  /** Makes the lines of the last poll due again: they could not be sent. */
  unsent(): void {
    this.#status = "";
    this.#statusAtMs = Number.NEGATIVE_INFINITY;
    this.#lastPingMs = Number.NEGATIVE_INFINITY;
  }
}

function statusLine({ counts, provisional, peer, stopping, problem }: HealthSummary): string {
  const { healthy, unhealthy, unknown } = counts;
  const unconfirmed = provisional === 0 ? "" : `, ${provisional} of them provisional`;
  const states = `${healthy} healthy, ${unhealthy} unhealthy, ${unknown} unknown${unconfirmed}`;
  const totals = `${states}; ${sourceOfChecks(peer)}`;
  // The problem may quote foreign text: it must not begin another line, and the rest of a long error is in the log.
  const why = problem === undefined ? "" : `; ${problem}`;
  return `STATUS=${stopping ? "stopping; " : ""}${sentence(`${totals}${why}`)}`;
}

function sourceOfChecks(peer: Peer | undefined): string {
  if (peer === undefined) return "checks from a file";
  if (peer.name === "engine") return peer.connected ? "engine connected" : "engine not connected";
  return peer.connected ? "client connected" : "no client connected";
}
