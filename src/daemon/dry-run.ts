/** The dry run of Google's health checker: no check is made, and every healthcheck is healthy. */
import type { Checker } from "../checks/checker.ts";
import type { CheckResult } from "../model/result.ts";

const RESULT: CheckResult = {
  outcome: "success",
  code: "L4OK",
  message: "dry run: the backend was not checked",
  durationMs: 0,
  phases: {},
};

/** A checker for every spec: it opens no connection, and reports a success each time. */
export const DRY_RUN_CHECKER: Checker = {
  start: (_timeoutMs, done) => {
    let isOver = false;
    queueMicrotask(() => {
      if (!isOver) done(RESULT);
    });
    return {
      expire: () => {
        isOver = true;
        return RESULT;
      },
      cancel: () => {
        isOver = true;
      },
    };
  },
};
