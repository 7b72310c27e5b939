/** Early checks of other backends while a report waits for the answer of one; pure. */
import type { Member } from "./member.ts";

/** Healthchecks in one sample, and in all samples of one hold. */
const SAMPLE = 5;
const MAX_SAMPLED = 64;
/** Golden ratio: its multiples are spread evenly. */
const GOLDEN = 0.618_033_988_75;
/** Time between two samples: one answers for all reports that wait by then. */
const SAMPLE_MS = 4;

/** Chooses healthchecks. */
export class Sampler {
  #count = 0;
  #atMs = Number.NEGATIVE_INFINITY;
  #at = 0;

  /** Checks other healthy backends early, unless that has been done a moment ago. */
  sample(members: readonly Member[], nowMs: number): void {
    if (nowMs - this.#atMs < SAMPLE_MS) return;
    this.#atMs = nowMs;
    const count = members.length;
    // Neighbors in the list often die together.
    const stride = Math.max(1, Math.floor(count * GOLDEN));
    let chosen = 0;
    for (let step = 0; step < count && chosen < SAMPLE && this.#count < MAX_SAMPLED; step++) {
      this.#at = (this.#at + stride) % count;
      const member = members[this.#at];
      if (member === undefined || !member.isHealthy || member.failure !== "none") continue;
      member.owner.checkSoon();
      chosen++;
      this.#count++;
    }
  }

  /** The hold is over: the next one has samples of its own. */
  reset(): void {
    this.#count = 0;
  }
}
