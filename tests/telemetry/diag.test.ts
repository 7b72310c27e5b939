/** The OpenTelemetry library's own log: of its lines only the partial success of a delivery is kept. */
import { expect, test } from "bun:test";
import { diag } from "@opentelemetry/api";
import { PartialSuccessLog } from "../../src/telemetry/diag.ts";

const PARTIAL = "Received Partial Success response:";

test("PartialSuccessLog: the newest partial success is taken once", () => {
  const log = new PartialSuccessLog();
  log.install();
  expect(log.take()).toBeUndefined();
  diag.warn(PARTIAL, '{"rejectedSpans":"3"}');
  diag.warn(PARTIAL, '{"rejectedSpans":"4","errorMessage":"too old"}');
  expect(log.take()).toEqual({ rejectedSpans: "4", errorMessage: "too old" });
  expect(log.take()).toBeUndefined();
});

test("PartialSuccessLog: other lines are dropped, at every level", () => {
  const log = new PartialSuccessLog();
  log.install();
  const line = [PARTIAL, '{"rejectedSpans":"3"}'] as const;
  diag.error(...line);
  diag.info(...line);
  diag.debug(...line);
  diag.verbose(...line);
  diag.warn("Header", "Bearer hunter2");
  diag.warn(PARTIAL, { rejectedSpans: "3" });
  diag.createComponentLogger({ namespace: "OTLPExportDelegate" }).warn("Export succeeded but", line[1]);
  expect(log.take()).toBeUndefined();
});

test("PartialSuccessLog: the log that was installed last gets the lines", () => {
  const [first, second] = [new PartialSuccessLog(), new PartialSuccessLog()];
  first.install();
  second.install();
  diag.warn(PARTIAL, '{"rejectedSpans":"3"}');
  expect([first.take(), second.take()]).toEqual([undefined, { rejectedSpans: "3" }]);
});
