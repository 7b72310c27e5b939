/** Number of healthchecks in each condition that speaks for or against this host's network; pure. */
import type { Failure } from "./member.ts";
import { RecentFalls } from "./recent-falls.ts";

/** The numbers, as the decisions read them. */
export interface Counts {
  /** Healthchecks that are reported healthy. */
  readonly healthy: number;
  /** Healthchecks that are healthy, or were one interval ago. */
  readonly total: number;
  /** Healthy, and the last check was not sent: this host has no route, or a firewall in the way. */
  readonly local: number;
  /** Healthy, and the last check failed at layer 4. */
  readonly silent: number;
  /** `silent` and `local`, and those that have been reported unhealthy after such a failure, for one interval. */
  readonly failed: number;
}

/** Counts healthchecks. */
export class Tally implements Counts {
  readonly #fallen = new RecentFalls();
  #healthy = 0;
  #silent = 0;
  #local = 0;

  get healthy(): number {
    return this.#healthy;
  }

  get total(): number {
    return this.#healthy + this.#fallen.count;
  }

  get local(): number {
    return this.#local;
  }

  get silent(): number {
    return this.#silent;
  }

  get failed(): number {
    return this.#silent + this.#local + this.#fallen.count;
  }

  /** Counts a healthcheck that becomes healthy, or is healthy no longer. */
  addHealthy(by: 1 | -1): void {
    this.#healthy += by;
  }

  /** Counts another failure of a healthcheck in place of its last one. */
  changeFailure(from: Failure, to: Failure): void {
    this.#add(from, -1);
    this.#add(to, 1);
  }

  /** Counts a healthcheck that is reported unhealthy after such a failure. @param endMs - the end of one interval */
  addFall(endMs: number): void {
    this.#fallen.add(endMs);
  }

  /** Forgets falls whose interval is over. */
  expire(nowMs: number): void {
    this.#fallen.expire(nowMs);
  }

  #add(failure: Failure, by: 1 | -1): void {
    if (failure === "silent") this.#silent += by;
    else if (failure === "local") this.#local += by;
  }
}
