/** The daemon and HAProxy under the same load, one turn each. Called by scenarios/haproxy-comparison.ts. */
import { type Cost, measureCost } from "./cost.ts";
import { firstResults, startSubject } from "./daemon.ts";
import { configOf, type FleetPlan, trustOf } from "./fleet.ts";
import { startHaproxy } from "./haproxy.ts";
import { type Measurement, measure, type Verdicts, verdicts } from "./measure.ts";
import { type Memory, memoryOf } from "./process-figures.ts";
import { scrapeEverySecond } from "./scrapes.ts";
import { isDatagram } from "./sink/commands.ts";
import type { Sink } from "./sink.ts";

/** Load and length of a turn. */
export interface TurnPlan {
  readonly fleet: FleetPlan;
  readonly warmUpMs: number;
  readonly seconds: number;
  /** True scrapes the daemon every second during the measurement. */
  readonly scraped: boolean;
}

/** CPU and memory of a contender in a turn. */
export interface Turn {
  readonly cost: Cost;
  readonly memory: Memory;
}

/** A turn of the daemon. */
export interface DaemonTurn extends Turn {
  readonly measurement: Measurement;
  readonly verdicts: Verdicts;
}

/** Runs the compiled executable with metrics on. The scrapes before and after are outside of the measured time. */
export async function daemonTurn(plan: TurnPlan, sink: Sink): Promise<DaemonTurn> {
  const { fleet, warmUpMs, seconds, scraped } = plan;
  await using subject = await startSubject({ env: trustOf(fleet) });
  subject.client.update(sink.targets.map((target, n) => configOf(fleet, n, target)));
  await firstResults(subject, fleet.checks);
  await Bun.sleep(warmUpMs);
  const measured = { subject, sink, plan: fleet, ownPorts: fleet.checks };
  const [measurement] = await Promise.all([
    measure(measured, seconds),
    scraped ? scrapeEverySecond(subject, seconds) : undefined,
  ]);
  const { cost, memory } = measurement;
  return { cost, memory, measurement, verdicts: await verdicts({ subject }) };
}

/**
 * Runs HAProxy with the same checks.
 *
 * @param resumption - for https: true lets HAProxy resume TLS sessions
 */
export async function haproxyTurn(plan: TurnPlan, sink: Sink, resumption: boolean): Promise<Turn> {
  const { kind, intervalMs, tls } = plan.fleet;
  if (kind !== "https" && isDatagram(kind)) throw new Error(`HAProxy has no ${kind} check`);
  const trust = tls === undefined ? {} : { caFile: tls.caFile };
  const { targets } = sink;
  await using haproxy = await startHaproxy({ kind, targets, intervalMs, resumption, ...trust });
  await Bun.sleep(plan.warmUpMs);
  // Recording gives the sink the same work as in the daemon's turn.
  await sink.record();
  const cost = await measureCost(haproxy.pid, sink, plan.seconds);
  await sink.take();
  return { cost, memory: memoryOf(haproxy.pid) };
}
