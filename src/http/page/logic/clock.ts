/** The server's clock, as far as it is known here: "for 3 min" must not be wrong because a phone's clock is. Pure. */

/** The Date header has whole seconds, and an answer takes its time: less than this is not a difference. */
const TOLERANCE_MS = 2_000;

/** Estimate of the server's clock, so that durations such as "for 3 min" are right on a computer whose clock is wrong. */
export class ServerClock {
  #aheadMs = 0;

  /** Records the server's time, in whole seconds. @param hereMs - time of arrival, by this computer's clock */
  observe(serverMs: number, hereMs: number): void {
    const aheadMs = serverMs + 500 - hereMs;
    this.#aheadMs = Math.abs(aheadMs) < TOLERANCE_MS ? 0 : aheadMs;
  }

  /** The server's time when it is this time here. */
  at(hereMs: number): number {
    return hereMs + this.#aheadMs;
  }
}
