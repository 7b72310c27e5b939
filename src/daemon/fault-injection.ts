/**
 * Faults on purpose: makes one part of the daemon throw or stand still, so that tests/faults can see from outside that the rest goes on. Asked for
 * by HEALTHCHECK_TEST_FAULT, which cli/run.ts reads once and warns of. When that is not set, none of this is in anybody's way.
 */
import type { Attempt, Checker } from "../checks/checker.ts";
import type { Router } from "../http/server.ts";
import type { HealthcheckId } from "../model/id.ts";
import type { Delivery } from "../notifier/notifier.ts";
import type { Scheduler } from "../scheduler/scheduler.ts";

/** What can be made to throw, or to stand still. */
export const TEST_FAULTS = [
  "checker",
  "notifier",
  "http",
  "uncaught",
  "rejection",
  "blocked",
  "scheduler",
] as const;
/** One of {@link TEST_FAULTS}. */
export type TestFaultName = (typeof TEST_FAULTS)[number];

/** So long after the start the process is hit by what nobody catches. */
const UNCAUGHT_AFTER_MS = 500;
/** So long after the start something stands still: the event loop for a while, the scheduler for ever. */
const STANDS_AFTER_MS = 1_000;
const BLOCKED_MS = 3_000;

/** Breaks one part; the others are given back as they are. */
export class FaultInjector {
  constructor(readonly name: TestFaultName) {}

  /** Healthchecks with an odd id: every second start throws, the first one too, and so does every end for lack of time. */
  checker(id: HealthcheckId, checker: Checker): Checker {
    if (this.name !== "checker" || BigInt(id) % 2n === 0n) return checker;
    let starts = 0;
    return {
      start: (timeoutMs, done) => {
        if (starts++ % 2 === 0) fail("a checker's start");
        return faultyAttempt(checker.start(timeoutMs, done));
      },
    };
  }

  /** Every third batch throws, the first one too. */
  delivery(delivery: Delivery): Delivery {
    if (this.name !== "notifier") return delivery;
    let batches = 0;
    return { deliver: (batch) => (batches++ % 3 === 0 ? fail("a delivery") : delivery.deliver(batch)) };
  }

  /** The list of healthchecks throws before its answer begins, `/readyz` in the middle of it. */
  router(router: Router): Router {
    if (this.name !== "http") return router;
    return (path) => {
      if (path === "/api/healthchecks") return () => fail("an HTTP handler");
      if (path !== "/readyz") return router(path);
      return (_target, _request, response) => {
        response.writeHead(200, { "content-length": 100 });
        response.write("half an answer");
        fail("an HTTP handler in the middle");
      };
    };
  }

  /** The daemon runs: what nobody catches, or notices from inside, comes soon. */
  started(scheduler: Pick<Scheduler, "stop">): void {
    if (this.name === "blocked") setTimeout(() => Bun.sleepSync(BLOCKED_MS), STANDS_AFTER_MS);
    if (this.name === "scheduler") setTimeout(() => scheduler.stop(), STANDS_AFTER_MS);
    if (this.name === "uncaught") setTimeout(() => fail("a timer"), UNCAUGHT_AFTER_MS);
    if (this.name === "rejection") setTimeout(() => void rejected(), UNCAUGHT_AFTER_MS);
  }
}

function faultyAttempt(attempt: Attempt): Attempt {
  return {
    expire: () => {
      attempt.expire();
      return fail("a checker's end");
    },
    cancel: () => attempt.cancel(),
  };
}

async function rejected(): Promise<void> {
  fail("a promise");
}

function fail(where: string): never {
  throw new Error(`HEALTHCHECK_TEST_FAULT: ${where}`);
}
