/** Number of descriptors that this process may have, and the share of the checks. */
import { libc, RLIMIT_NOFILE } from "./libc.ts";

/** The limits of RLIMIT_NOFILE. */
export interface DescriptorLimit {
  readonly soft: number;
  readonly hard: number;
}

/** Descriptors for logs, clients, configuration files and the HTTP listener, which checks never use. */
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
 * Computes the descriptors that checks may use.
 *
 * @param softLimit - the current RLIMIT_NOFILE
 * @returns descriptors that checks may hold at the same time; at least 1
 */
export function checkDescriptors(softLimit: number): number {
  return Math.max(1, Math.floor(softLimit / 2), softLimit - RESERVE);
}

/**
 * Computes the descriptors with which no check ever waits for one. A check holds one at a time, for its whole timeout
 * when its backend is silent. The checks of one list start within two seconds of each other, so a failing network makes
 * all of them hold a descriptor at the same time, however long their intervals are.
 *
 * @returns the least soft limit of which {@link checkDescriptors} leaves one for each check
 */
export function descriptorsNeeded(checks: number): number {
  return Math.min(checks * 2, checks + RESERVE);
}

/** Detects when a list of healthchecks begins to be too long for the descriptors. */
export class DescriptorShortage {
  readonly #limit: number;
  #short = false;

  /** @param softLimit - RLIMIT_NOFILE as it is */
  constructor(softLimit: number) {
    this.#limit = softLimit;
  }

  /**
   * Compares the need before and after a change of the list.
   *
   * @param checks - number of healthchecks after the change
   * @returns descriptors needed, when they sufficed for the previous list and do not for this one; otherwise undefined
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

  /** Creates a counter. @param limit - descriptors that may be in use at the same time */
  constructor(readonly limit: number) {}

  /** Held now. */
  get used(): number {
    return this.#used;
  }

  /** True when all are in use. */
  get exhausted(): boolean {
    return this.#used >= this.limit;
  }

  /** Acquires one; returns false when all are in use. Each must be released exactly once. */
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
