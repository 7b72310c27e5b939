/** `probe`: runs the checker of a healthcheck once or several times, and explains the result. */

import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import type { Checker } from "../checks/checker.ts";
import type { ProbeTarget } from "../checks/probe-command.ts";
import { formatTarget, makeChecker } from "../checks/registry.ts";
import { type CheckRuntime, createCheckRuntime } from "../daemon/check-runtime.ts";
import { describeError } from "../model/format-value.ts";
import { type CheckResult, inconclusive, withSafeMessage } from "../model/result.ts";
import type { HealthcheckSpec } from "../model/spec.ts";
import { readConfig } from "../protocol/healthcheck.ts";
import { positiveDurationMs } from "../schema/durations.ts";
import { formatProblem } from "../schema/problem.ts";
import type { Output } from "./check-config.ts";
import { EXIT } from "./exit.ts";
import { formatProbe, probeJson } from "./probe-output.ts";
import type { Environment } from "./settings.ts";
import { UsageError } from "./usage.ts";
import { readWritten } from "./value-option.ts";

/** Options of every kind of probe. */
export interface ProbeOptions {
  readonly timeout: string;
  readonly count: number;
  readonly json?: boolean;
}

/**
 * Probes a target.
 *
 * @returns the exit status: unhealthy if any probe failed
 * @throws UsageError
 */
export async function probe(
  target: ProbeTarget,
  options: ProbeOptions,
  env: Environment,
  output: Output,
): Promise<number> {
  const timeoutMs = readWritten("--timeout", positiveDurationMs, options.timeout);
  const events = {
    stalled: () => {},
    ticked: () => {},
    exhausted: () => {},
    fault: (error: unknown) => output.err(`${describeError(error)}\n`),
  };
  const checking = createCheckRuntime(env["SSL_CERT_FILE"], events, env);
  const outcomes = new Set<CheckResult["outcome"]>();
  for (let index = 0; index < options.count; index++) {
    const { result: found, label } = await probeOnce(target, timeoutMs, checking);
    const result = withSafeMessage(found);
    outcomes.add(result.outcome);
    output.out(options.json === true ? probeJson(label, result) : formatProbe(label, result));
  }
  checking.scheduler.stop();
  if (outcomes.has("failure")) return EXIT.failure;
  return outcomes.has("inconclusive") ? EXIT.inconclusive : EXIT.ok;
}

async function probeOnce(target: ProbeTarget, timeoutMs: number, checking: CheckRuntime) {
  const label = target.host ?? "";
  const resolved =
    target.host === undefined
      ? undefined
      : await resolve(target.host, timeoutMs, isIP(String(target.fields["source_ip"])));
  if (resolved instanceof Error) {
    return { label, result: inconclusive("fault", `resolve ${target.host}: ${resolved.message}`) };
  }
  const spec = toSpec({ ...target.fields, ...(resolved === undefined ? {} : { ip: resolved.ip }) });
  const leftMs = Math.max(1, timeoutMs - (resolved?.resolveMs ?? 0));
  const found = await runOnce(makeChecker(spec.check, checking.checkerEnv), leftMs, checking);
  return { label: formatTarget(spec.check), result: withResolve(found, resolved?.resolveMs) };
}

/** Runs a checker once, bounded by the scheduler as a monitor does it. */
function runOnce(checker: Checker, timeoutMs: number, { scheduler }: CheckRuntime): Promise<CheckResult> {
  return new Promise((settle) => {
    // From within a tick, like a monitor's start: an immediate answer is then read immediately.
    scheduler.after(0, () => {
      const cancelDeadline = scheduler.after(timeoutMs, () => settle(attempt.expire()));
      const attempt = checker.start(timeoutMs, (result) => {
        cancelDeadline();
        settle(result);
      });
    });
  });
}

function toSpec(fields: Readonly<Record<string, unknown>>): HealthcheckSpec {
  const read = readConfig({ id: 0n, interval: "1s", timeout: "1s", ...fields }, "file");
  if (read.ok) return read.spec;
  throw new UsageError(read.faults.map(formatProblem).join("; "));
}

/** Resolves a host; returns an error when it has no address. */
async function resolve(
  host: string,
  timeoutMs: number,
  family: number,
): Promise<{ ip: string; resolveMs: number | undefined } | Error> {
  if (isIP(host) !== 0) return { ip: host, resolveMs: undefined };
  const startMs = performance.now();
  const late = Bun.sleep(timeoutMs).then(() => new Error(`no answer within ${timeoutMs}ms`));
  const found = lookup(host, { family }).then(
    ({ address }) => ({ ip: address, resolveMs: performance.now() - startMs }),
    (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
  );
  return await Promise.race([found, late]);
}

function withResolve(result: CheckResult, resolveMs: number | undefined): CheckResult {
  if (result.outcome === "inconclusive" || resolveMs === undefined) return result;
  return { ...result, durationMs: result.durationMs + resolveMs, phases: { resolveMs, ...result.phases } };
}
