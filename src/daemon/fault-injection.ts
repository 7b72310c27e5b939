/**
 * Deliberate faults: one part of the daemon throws or stalls, so that tests/faults can observe that the rest continues. Enabled by
 * HEALTHCHECK_TEST_FAULT, which cli/run.ts reads once and warns about. Without it every method returns its argument.
 */
import type { Attempt, Checker } from "../checks/checker.ts";
import type { Router } from "../http/server.ts";
import type { HealthcheckId } from "../model/id.ts";
import type { Delivery } from "../notifier/notifier.ts";
import type { Scheduler } from "../scheduler/scheduler.ts";

/** Faults that can be injected. */
export const TEST_FAULTS = [
  "checker",
  "notifier",
  "update",
  "http",
  "uncaught",
  "rejection",
  "blocked",
  "scheduler",
] as const;
/** Name of an injected fault, from {@link TEST_FAULTS}. */
export type TestFaultName = (typeof TEST_FAULTS)[number];

/** Delay from the start until an exception that nothing catches. */
const UNCAUGHT_AFTER_MS = 500;
/** Delay from the start until the event loop stalls for {@link BLOCKED_MS}, or the scheduler stops. */
const STALL_AFTER_MS = 1_000;
const BLOCKED_MS = 3_000;

/** Injects one fault, or none: parts that the fault does not concern are returned unchanged. */
export class FaultInjector {
  /** Creates an injector. @param name - undefined for no fault */
  constructor(readonly name: TestFaultName | undefined) {}

  /** Breaks healthchecks with an odd id: every second start throws, the first one included, and so does every timeout. */
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

  /** Breaks every third batch, the first one included. */
  delivery(delivery: Delivery): Delivery {
    if (this.name !== "notifier") return delivery;
    let batches = 0;
    return { deliver: (batch) => (batches++ % 3 === 0 ? fail("a delivery") : delivery.deliver(batch)) };
  }

  /** Breaks the application of every second set, the first one included. */
  update<Args extends unknown[]>(apply: (...args: Args) => Promise<void>): (...args: Args) => Promise<void> {
    if (this.name !== "update") return apply;
    let sets = 0;
    return async (...args) => (sets++ % 2 === 0 ? fail("an update") : await apply(...args));
  }

  /** Breaks the healthcheck list before its response begins, and `/readyz` in the middle of it. */
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

  /** Schedules the faults that hit the whole process. */
  started(scheduler: Pick<Scheduler, "stop">): void {
    if (this.name === "blocked") setTimeout(() => Bun.sleepSync(BLOCKED_MS), STALL_AFTER_MS);
    if (this.name === "scheduler") setTimeout(() => scheduler.stop(), STALL_AFTER_MS);
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
