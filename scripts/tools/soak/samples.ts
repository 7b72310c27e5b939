/** Samples of the daemon's resources, to detect growth. Called by main.ts. */

import { quantile } from "../../../tests/harness/base/figures.ts";
import type { Daemon } from "../../../tests/harness/daemon/daemon.ts";

/** One look. */
interface Sample {
  readonly atMs: number;
  readonly rssBytes: number;
  readonly fds: number;
}

/** Summary of a stretch of time. */
export interface Stretch {
  /** Median. */
  readonly rssBytes: number;
  /** Fewest: the sockets of checks under way come and go, what leaks stays. */
  readonly fds: number;
}

/** Looks at it from the start on. */
export class Samples {
  readonly #daemon: Daemon;
  readonly #samples: Sample[] = [];

  constructor(daemon: Daemon) {
    this.#daemon = daemon;
  }

  /** Looks now. @param atMs - since the start */
  take(atMs: number): void {
    this.#samples.push({ atMs, rssBytes: this.#daemon.rssBytes(), fds: this.#daemon.fdCount() });
  }

  /** @throws Error without a sample in that time */
  between(fromMs: number, toMs: number): Stretch {
    const taken = this.#samples.filter(({ atMs }) => atMs >= fromMs && atMs < toMs);
    return {
      rssBytes: quantile(
        taken.map(({ rssBytes }) => rssBytes),
        0.5,
      ),
      fds: quantile(
        taken.map(({ fds }) => fds),
        0,
      ),
    };
  }
}
