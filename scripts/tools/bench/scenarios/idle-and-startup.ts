/** The daemon without work: idle, and starting. Listed in ../scenarios.ts. */
import { existsSync } from "node:fs";
import { freePort } from "../../../../tests/harness/base/ports.ts";
import { startDaemon } from "../../../../tests/harness/daemon/daemon.ts";
import { daemonPath } from "../../../../tests/harness/daemon/executable.ts";
import { metricsConfig } from "../../../../tests/harness/daemon/metrics.ts";
import { killOnExit } from "../../child-cleanup.ts";
import { largest, median } from "../arithmetic.ts";
import { startSubject } from "../daemon.ts";
import { cpuBetween, cpuOf, memoryOf } from "../process-figures.ts";
import type { Group, Outcome, Scenario, Settings } from "../scenario.ts";
import { bytes, digits } from "../table.ts";

const SETTLE_MS = 2_000;
const IDLE_SECONDS = 20;
const QUICK_IDLE_SECONDS = 6;
const STARTS = 10;
const MAX_START_MS = 10_000;
/** A gross regression: something polls. The bar is 0.3 %. */
const MAX_IDLE_PERCENT = 3;
/** A gross regression: starting takes this many times as long as the executable takes to print its version. */
const MAX_START_RATIO = 8;

const IDLE: Group = {
  title: "Idle: no healthchecks, a client connected, metrics on",
  head: ["", "core", "RSS", "anonymous"],
};

const START: Group = {
  title: "Start: from spawning the process to accepting on its socket",
  head: ["", "median", "largest", "--version, spawn to exit", "ratio"],
};

export const idle: Scenario = {
  name: "idle",
  group: IDLE,
  summary: "no checks: CPU and memory",
  quick: true,
  run: runIdle,
};

export const start: Scenario = {
  name: "start",
  group: START,
  summary: `${STARTS} starts, from spawn to listening`,
  quick: true,
  run: runStart,
};

async function runIdle({ quick, seconds }: Settings): Promise<Outcome> {
  await using subject = await startSubject();
  await Bun.sleep(SETTLE_MS);
  const { pid } = subject.daemon;
  const before = { cpu: cpuOf(pid), atMs: performance.now() };
  await Bun.sleep((seconds ?? (quick ? QUICK_IDLE_SECONDS : IDLE_SECONDS)) * 1_000);
  const spent = cpuBetween(before.cpu, cpuOf(pid));
  const corePercent = spent.totalUs / (performance.now() - before.atMs) / 10;
  const memory = memoryOf(pid);
  return {
    figures: { corePercent, ...memory },
    rows: [["idle", `${corePercent.toFixed(2)} %`, bytes(memory.rssBytes), bytes(memory.anonymousBytes)]],
    regressions:
      corePercent > MAX_IDLE_PERCENT
        ? [{ message: `it uses ${digits(corePercent)} % of a core for nothing` }]
        : [],
  };
}

async function runStart(): Promise<Outcome> {
  const startsMs: number[] = [];
  const versionsMs: number[] = [];
  for (let index = 0; index < STARTS; index++) {
    startsMs.push(await oneStart());
    versionsMs.push(await oneVersion());
  }
  const ratio = median(startsMs) / median(versionsMs);
  return {
    figures: { startsMs, versionsMs, ratio },
    rows: [
      [
        "start",
        `${digits(median(startsMs))} ms`,
        `${digits(largest(startsMs))} ms`,
        `${digits(median(versionsMs))} ms`,
        digits(ratio),
      ],
    ],
    regressions:
      ratio > MAX_START_RATIO
        ? [{ message: `a start takes ${digits(ratio)} times as long as --version`, ifQuiet: true }]
        : [],
  };
}

async function oneStart(): Promise<number> {
  const config = metricsConfig(freePort());
  const startMs = performance.now();
  await using daemon = await startDaemon({ config, waitForSocket: false });
  using _ = killOnExit(daemon.pid);
  while (!(await accepts(daemon.socketPath))) {
    if (performance.now() - startMs > MAX_START_MS) throw new Error("the daemon does not start to listen");
    await Bun.sleep(1);
  }
  return performance.now() - startMs;
}

async function accepts(socketPath: string): Promise<boolean> {
  if (!existsSync(socketPath)) return false;
  try {
    const socket = await Bun.connect({ unix: socketPath, socket: { data() {} } });
    socket.terminate();
    return true;
  } catch {
    return false;
  }
}

async function oneVersion(): Promise<number> {
  const startMs = performance.now();
  await Bun.spawn([daemonPath(), "--version"], { stdin: "ignore", stdout: "ignore" }).exited;
  return performance.now() - startMs;
}
