/**
 * The benchmark: runs scenarios against the compiled executable, prints a table for each group. Started by scripts/bench.
 *
 *   options.ts         the command line
 *   scenarios.ts       names every scenario; scenarios/ has them
 *   scenario.ts        what a scenario is
 *   daemon.ts haproxy.ts keepalived.ts sink.ts   the processes; sink/ is the sinks' own program
 *   fleet.ts measure.ts cost.ts scrapes.ts   a daemon with checks, and what is measured of it
 *   contenders.ts comparison.ts              the daemon and HAProxy in turn, and the outcome of their turns
 *   page.ts            the tables of docs/performance.md
 *   arithmetic.ts grid.ts histogram.ts lateness.ts table.ts        the plain arithmetic
 *   process-figures.ts kernel-counters.ts noise.ts machine.ts      what /proc says
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { daemonPath } from "../../../tests/harness/daemon/executable.ts";
import { UsageError } from "../arguments.ts";
import { cleanUpChildren } from "../child-cleanup.ts";
import { findHaproxy, HAPROXY_MISSING } from "./haproxy.ts";
import { machine, machineLine } from "./machine.ts";
import { isQuiet, type Noise, noiseBetween, noiseWords, ticksNow } from "./noise.ts";
import { HELP, readOptions } from "./options.ts";
import { withPageTable } from "./page.ts";
import { type Outcome, type Scenario, type Settings, tableOf } from "./scenario.ts";
import { SCENARIOS } from "./scenarios.ts";
import { renderTable } from "./table.ts";

const WRONG_USAGE = 2;
const FAULT = 1;
const PAGE = join(import.meta.dir, "..", "..", "..", "docs", "performance.md");

/** A scenario that has run. */
interface Finished {
  readonly scenario: Scenario;
  readonly outcome: Outcome;
  readonly noise: Noise;
}

process.exit(await main(process.argv.slice(2)));

async function main(args: readonly string[]): Promise<number> {
  cleanUpChildren();
  try {
    const names = SCENARIOS.map(({ name }) => name);
    const command = readOptions(args, names);
    if (command.do === "help") return print(HELP);
    if (command.do === "list") return print(list());
    const { settings, only, jsonFile, write } = command;
    const chosen = SCENARIOS.filter(({ name, quick }) =>
      only.length > 0 ? only.includes(name) : !settings.quick || quick,
    );
    const possible = withoutHaproxy(chosen, settings);
    if (possible === undefined) return FAULT;
    if (write && findHaproxy() === null) throw new UsageError(`--write: ${HAPROXY_MISSING}`);
    const finished = await runAll(possible, settings);
    if (jsonFile !== undefined) writeFileSync(jsonFile, `${json(finished, settings)}\n`);
    if (write) writePage(finished);
    return verdict(finished, settings);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`scripts/bench: ${error.message}\nTry scripts/bench --help.\n`);
    return WRONG_USAGE;
  }
}

/**
 * Reports the scenarios that are left out when HAProxy is missing.
 *
 * @returns what can run all the same; undefined when nothing may be left out, as in CI
 */
function withoutHaproxy(chosen: readonly Scenario[], { quick }: Settings): readonly Scenario[] | undefined {
  const { CI } = process.env;
  const touched = chosen.filter(({ haproxy }) => haproxy !== undefined);
  if (findHaproxy() !== null || touched.length === 0) return chosen;
  const names = (role: Scenario["haproxy"]) =>
    touched.flatMap((scenario) => (scenario.haproxy === role ? scenario.name : [])).join(", ") || "none";
  process.stderr.write(
    `scripts/bench: ${HAPROXY_MISSING}; not compared: ${names("peer")}; left out: ${names("sink")}\n`,
  );
  return quick && CI === "true" ? undefined : chosen.filter(({ haproxy }) => haproxy !== "sink");
}

async function runAll(chosen: readonly Scenario[], settings: Settings): Promise<readonly Finished[]> {
  // Built now and not in the middle, when it is missing or older than the sources.
  const executable = daemonPath();
  print(`${machineLine()}\n${executable}\n`);
  const finished: Finished[] = [];
  for (const [index, scenario] of chosen.entries()) {
    const say = (progress: string) => process.stderr.write(`==> ${scenario.name}: ${progress}\n`);
    say(scenario.summary);
    const before = ticksNow();
    const earlier = new Map(finished.map((done) => [done.scenario.name, done.outcome]));
    const outcome = await scenario.run(settings, say, earlier);
    finished.push({ scenario, outcome, noise: noiseBetween(before, ticksNow()) });
    // A table is printed as soon as its group is complete.
    if (chosen[index + 1]?.group !== scenario.group) printGroup(finished, scenario);
  }
  return finished;
}

function printGroup(finished: readonly Finished[], { group }: Scenario): void {
  const ofGroup = finished.filter(({ scenario }) => scenario.group === group);
  print(
    renderTable(
      tableOf(
        group,
        ofGroup.map(({ outcome }) => outcome),
      ),
    ),
  );
  for (const { scenario, outcome, noise } of ofGroup) {
    const words = noiseWords(noise);
    for (const note of [...(outcome.notes ?? []), ...(words === undefined ? [] : [words])]) {
      print(`${scenario.name}: ${note}\n`);
    }
  }
}

/** Writes the tables of the groups whose scenarios have all run to the page. */
function writePage(finished: readonly Finished[]): void {
  let page = readFileSync(PAGE, "utf8");
  for (const group of new Set(SCENARIOS.map((scenario) => scenario.group))) {
    if (group.page === undefined) continue;
    const missing = SCENARIOS.filter((scenario) => scenario.group === group)
      .filter((scenario) => !finished.some((done) => done.scenario === scenario))
      .map(({ name }) => name);
    if (missing.length > 0) {
      process.stderr.write(
        `scripts/bench: table ${group.page.name} not written; did not run: ${missing.join(", ")}\n`,
      );
      continue;
    }
    const outcomes = finished
      .filter(({ scenario }) => scenario.group === group)
      .map(({ outcome }) => outcome);
    page = withPageTable(page, group.page, machineLine(), outcomes);
  }
  writeFileSync(PAGE, page);
}

function verdict(finished: readonly Finished[], { quick }: Settings): number {
  if (!quick) return 0;
  const failed = finished.flatMap(({ scenario, outcome, noise }) =>
    outcome.regressions.flatMap(({ message, ifQuiet = false }) => {
      const isConclusive = !ifQuiet || isQuiet(noise);
      const why = isConclusive ? "" : " (not conclusive: the machine was busy)";
      process.stderr.write(`scripts/bench: ${scenario.name}: ${message}${why}\n`);
      return isConclusive ? message : [];
    }),
  );
  return failed.length > 0 ? FAULT : 0;
}

function json(finished: readonly Finished[], settings: Settings): string {
  const scenarios = Object.fromEntries(
    finished.map(({ scenario, outcome, noise }) => [
      scenario.name,
      { summary: scenario.summary, ...outcome.figures, noise },
    ]),
  );
  return JSON.stringify({ machine: machine(), settings, scenarios }, null, 2);
}

function list(): string {
  const width = Math.max(...SCENARIOS.map(({ name }) => name.length));
  return SCENARIOS.map(
    ({ name, quick, summary }) => `${name.padEnd(width)}  ${summary}${quick ? " (--quick)" : ""}\n`,
  ).join("");
}

function print(text: string): 0 {
  process.stdout.write(text);
  return 0;
}
