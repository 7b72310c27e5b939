/**
 * The soak: the compiled executable under 2,000 mixed checks for long, with backends that flap, a client that is restarted, and scrapes;
 * then the simulation and the fault suite in their long forms. Started by scripts/soak; ends with 1 when a promise was broken.
 *
 *   options.ts    the command line
 *   backends.ts   the backends, in a process of their own (backends-process.ts), of seven kinds (kinds.ts)
 *   clients.ts    one client after the other
 *   samples.ts    memory and descriptors
 *   simulation.ts the whole server on virtual time, against random faults
 *   faults.ts     the fault suite, fuzzing included
 */

import { freePort } from "../../../tests/harness/base/ports.ts";
import { until } from "../../../tests/harness/base/wait.ts";
import { type Daemon, startDaemon } from "../../../tests/harness/daemon/daemon.ts";
import {
  metricsConfig,
  readSamples,
  type Samples as Scrape,
  sampleOf,
  sumOf,
} from "../../../tests/harness/daemon/metrics.ts";
import { UsageError } from "../arguments.ts";
import { cleanUpChildren, killOnExit } from "../child-cleanup.ts";
import { type Backends, startBackends } from "./backends.ts";
import { Clients } from "./clients.ts";
import { faultsHold } from "./faults.ts";
import { HELP, readMinutes } from "./options.ts";
import { Samples } from "./samples.ts";
import { simulationHolds } from "./simulation.ts";

const CHECKS = 2_000;
const MINUTE_MS = 60_000;
const SAMPLE_MS = 500;
const SCRAPE_MS = 5_000;
const TOGGLE_MS = 2_000;
/** The warm-up: the first five minutes of thirty. */
const WARM_UP_SHARE = 1 / 6;
/** The fuzzing: ten minutes for thirty. */
const FUZZ_SHARE = 1 / 3;
/** The simulation: five minutes for thirty. */
const SIMULATION_SHARE = 1 / 6;
const MAX_GROWTH = 0.05;
const SETTLE_MS = 30_000;
/** Sockets that wait for the next check of their host are closed after two minutes without one, that of pings after one. */
const REST_MS = 150_000;
/** Lines of the log of a process that has ended. */
const LAST_WORDS = 5;

const minutes = asked();
cleanUpChildren();
const broken = await soak(minutes * MINUTE_MS);
say(`--- ${(minutes * SIMULATION_SHARE).toFixed(1)} min of simulation`);
if (!(await simulationHolds(minutes * SIMULATION_SHARE * 60))) broken.push("the simulation broke a promise");
say(`--- the fault suite, with ${(minutes * FUZZ_SHARE).toFixed(1)} min of fuzzing`);
if (!(await faultsHold(minutes * FUZZ_SHARE * 60))) broken.push("the fault suite found something");
for (const what of broken) say(`BROKEN: ${what}`);
say(broken.length === 0 ? "PASSED" : `FAILED: ${broken.length} promises broken`);
process.exit(broken.length === 0 ? 0 : 1);

/** Reads the number of minutes; ends the process on a usage error. */
function asked(): number {
  try {
    const minutes = readMinutes(process.argv.slice(2));
    if (minutes !== undefined) return minutes;
    process.stdout.write(HELP);
    process.exit(0);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`scripts/soak: ${error.message}\nTry scripts/soak --help.\n`);
    process.exit(2);
  }
}

/** @returns what was broken, in words */
async function soak(runMs: number): Promise<string[]> {
  await using backends = await startBackends(CHECKS);
  const port = freePort();
  await using daemon = await startDaemon({
    config: metricsConfig(port),
    env: { SSL_CERT_FILE: backends.caFile },
  });
  using _ = killOnExit(daemon.pid);
  await using clients = new Clients(daemon.socketPath, backends.configs, (id) => !backends.flaps(id));
  const samples = new Samples(daemon);
  const scrapes = { count: 0, slowestMs: 0, last: new Map() as Scrape };
  const restFds = daemon.fdCount();
  const startMs = performance.now();
  const nowMs = () => performance.now() - startMs;
  const jobs = [
    every(SAMPLE_MS, () => samples.take(nowMs())),
    every(SCRAPE_MS, async () => {
      const startedAtMs = performance.now();
      const answer = await fetch(`http://127.0.0.1:${port}/metrics`, { headers: { Connection: "close" } });
      scrapes.last = readSamples(await answer.text());
      scrapes.count++;
      scrapes.slowestMs = Math.max(scrapes.slowestMs, performance.now() - startedAtMs);
    }),
    every(TOGGLE_MS, () => backends.toggleSome()),
  ];
  let ended: number | undefined;
  void daemon.exited.then((status) => {
    ended = status;
  });
  say(`${CHECKS} checks for ${runMs / MINUTE_MS} min, process ${daemon.pid}`);
  await clients.restart();
  for (let minute = 1; minute * MINUTE_MS <= runMs; minute++) {
    while (ended === undefined && nowMs() < minute * MINUTE_MS) await Bun.sleep(SAMPLE_MS);
    if (ended !== undefined) break;
    sayMinute(minute, daemon, clients, scrapes);
    if (minute * MINUTE_MS < runMs) await clients.restart();
  }
  for (const job of jobs) await job.stop();
  if (ended !== undefined) return [`the process ended with ${ended}`, ...daemon.log.slice(-LAST_WORDS)];
  const faults = jobs.flatMap(({ faults }) => faults);
  const warmUpMs = runMs * WARM_UP_SHARE;
  const before = samples.between(warmUpMs, warmUpMs * 2);
  const after = samples.between(runMs - warmUpMs, runMs);
  const growth = after.rssBytes / before.rssBytes - 1;
  say(`memory ${mb(before.rssBytes)} MB, then ${mb(after.rssBytes)} MB (${(growth * 100).toFixed(1)} %)`);
  say(`descriptors ${before.fds}, then ${after.fds}`);
  const wrong = await wrongStates(clients, backends);
  clients.stopAll();
  // At rest there is one descriptor more than before: the client's.
  const resting = () => daemon.fdCount() <= restFds + 1;
  await until(resting, REST_MS, "rest").catch(() => {});
  say(`descriptors at rest ${restFds}, then ${daemon.fdCount()} with a client`);
  const inconclusive = sumOf(scrapes.last, "healthcheck_inconclusive_total");
  if (inconclusive > 0) say(`${inconclusive} checks were inconclusive (the machine was too busy?)`);
  return [
    ...faults,
    ...(growth > MAX_GROWTH ? [`memory grew by ${(growth * 100).toFixed(1)} %`] : []),
    ...(after.fds > before.fds ? [`descriptors grew from ${before.fds} to ${after.fds}`] : []),
    ...(resting() ? [] : [`${daemon.fdCount() - restFds - 1} descriptors are left at rest`]),
    ...wrong,
    ...clients.falseVerdicts.map((words) => `false verdict: ${words}`),
    ...daemon.log.filter((line) => line.includes(" ERROR ")).map((line) => `in the log: ${line}`),
  ];
}

/** Waits until every state that the client holds is the truth; what is not by then. */
async function wrongStates(clients: Clients, backends: Backends): Promise<string[]> {
  const truth = (id: number) => (backends.isUp(id) ? "healthy" : "unhealthy");
  const ids = Array.from({ length: CHECKS }, (_, id) => id);
  const wrong = () => ids.filter((id) => clients.stateOf(id) !== truth(id));
  await until(() => wrong().length === 0, SETTLE_MS, "the truth").catch(() => {});
  const down = ids.filter((id) => !backends.isUp(id)).length;
  say(`states held: ${CHECKS - wrong().length} of ${CHECKS} true, ${down} backends are down`);
  return wrong().map((id) => `${id} is ${truth(id)}, and the client holds ${clients.stateOf(id)}`);
}

function sayMinute(
  minute: number,
  daemon: Daemon,
  clients: Clients,
  scrapes: { count: number; slowestMs: number; last: Scrape },
): void {
  const { last } = scrapes;
  const checks = sampleOf(last, "healthcheck_monitor_task_duration_seconds_count");
  const state = (name: string) => sampleOf(last, `healthcheck_monitors_by_state{state="${name}"}`);
  say(
    `${String(minute).padStart(3)} min  ${checks} checks, ${clients.reported} reported, ${state("healthy")} healthy, ` +
      `${state("unhealthy")} unhealthy, ${mb(daemon.rssBytes())} MB, ${daemon.fdCount()} descriptors, ` +
      `CPU ${(daemon.cpuMs() / 1_000).toFixed(0)} s, ${clients.restarts} client restarts, ` +
      `${scrapes.count} scrapes (slowest ${scrapes.slowestMs.toFixed(0)} ms), ` +
      `${sumOf(last, "healthcheck_inconclusive_total")} inconclusive, ${clients.falseVerdicts.length} false`,
  );
}

/** Does something again and again, never twice at a time. */
function every(ms: number, what: () => void | Promise<void>) {
  const faults: string[] = [];
  let running: Promise<void> | undefined;
  const timer = setInterval(() => {
    running ??= (async () => what())()
      .catch((error: unknown) => void faults.push(String(error)))
      .finally(() => {
        running = undefined;
      });
  }, ms);
  const stop = async () => {
    clearInterval(timer);
    await running;
  };
  return { faults, stop };
}

function mb(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1);
}

function say(text: string): void {
  process.stdout.write(`${new Date().toISOString().slice(11, 19)}  ${text}\n`);
}
