/** How many descriptors this process may have, and how many of them the checks may use. */
import { libc, RLIMIT_NOFILE } from "./libc.ts";

/** The limits of RLIMIT_NOFILE. */
export interface DescriptorLimit {
  readonly soft: number;
  readonly hard: number;
}

/** For logs, clients, configuration files and the HTTP listener; what checks never take. */
const RESERVE = 96;

/**
 * Raises the soft limit on descriptors to the hard one.
 *
 * @returns the limits as they are afterwards; on a failure, as they were
 */
export function raiseDescriptorLimit(): DescriptorLimit {
  const limits = new BigUint64Array(2);
  if (libc.getrlimit(RLIMIT_NOFILE, limits) !== 0) return { soft: 1_024, hard: 1_024 };
  const [soft = 0n, hard = 0n] = limits;
  if (soft < hard) {
    limits[0] = hard;
    if (libc.setrlimit(RLIMIT_NOFILE, limits) !== 0) return { soft: Number(soft), hard: Number(hard) };
  }
  return { soft: Number(hard), hard: Number(hard) };
}

/**
 * @param softLimit - RLIMIT_NOFILE as it is
 * @returns how many descriptors the checks may hold at once; at least 1
 */
export function checkDescriptors(softLimit: number): number {
  return Math.max(1, Math.floor(softLimit / 2), softLimit - RESERVE);
}

/**
 * How many descriptors the process needs so that no check ever waits for one. A check holds one at a time, for as long as its time-out
 * when its backend is silent; and since the checks of one list begin within two seconds of each other, a network that fails makes
 * all of them hold theirs at once, however long their intervals are.
 *
 * @returns the least soft limit of which {@link checkDescriptors} leaves one for each check
 */
export function descriptorsNeeded(checks: number): number {
  return Math.min(checks * 2, checks + RESERVE);
}

/** Tells when a list of healthchecks begins to be too long for the descriptors. */
export class DescriptorShortage {
  readonly #limit: number;
  #short = false;

  /** @param softLimit - RLIMIT_NOFILE as it is */
  constructor(softLimit: number) {
    this.#limit = softLimit;
  }

  /**
   * @param checks - the number of healthchecks after a change of the list
   * @returns how many descriptors are needed, when there were enough for the list before and are not for this one
   */
  begins(checks: number): number | undefined {
    const before = this.#short;
    this.#short = checks > checkDescriptors(this.#limit);
    return this.#short && !before ? descriptorsNeeded(checks) : undefined;
  }
}

/** Counts the descriptors that checks hold, so that running out is never noticed by failing. */
export class Descriptors {
  #used = 0;

  /** @param limit - at most this many at once */
  constructor(readonly limit: number) {}

  /** Held now. */
  get used(): number {
    return this.#used;
  }

  /** Whether none is left. */
  get exhausted(): boolean {
    return this.#used >= this.limit;
  }

  /** Takes one; false when all are taken. What is taken must be given back once. */
  acquire(): boolean {
    if (this.#used >= this.limit) return false;
    this.#used++;
    return true;
  }

  /** Gives one back. */
  release(): void {
    this.#used--;
  }
}
