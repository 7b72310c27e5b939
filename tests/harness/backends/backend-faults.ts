/**
 * A table of faulty backends met by one daemon: what is said of each, in time, beside a healthy one that must not notice, and
 * what is left of it all afterwards. Called by tests/faults/backend-*.
 */

import { expect } from "bun:test";
import { printFigure } from "../base/figures.ts";
import { freePort } from "../base/ports.ts";
import { until } from "../base/wait.ts";
import { type Target, tcpCheck } from "../client/checks.ts";
import { connectClient } from "../client/client.ts";
import { requestStatus } from "../client/client-assertions.ts";
import type { Status } from "../client/messages.ts";
import { NO_REFRESH, startDaemon } from "../daemon/daemon.ts";
import { metricsConfig, sampleOf, scrape } from "../daemon/metrics.ts";
import { acceptAll } from "./backends.ts";

/** Fields of every check in a table, unless it overrides them. */
export const TIMEOUT_MS = 400;
export const FAULT_FIELDS = { interval: "500ms", timeout: `${TIMEOUT_MS}ms`, retries: 0 };

/** One row. */
export interface BackendFault {
  /** Starts it. */
  readonly backend: () => (Target & AsyncDisposable) | Promise<Target & AsyncDisposable>;
  /** Makes the CONFIG. */
  readonly check: (id: number, target: Target) => string;
  /** State, code and sentence, `@` for the target: `unhealthy L4CON TCP connect to @: connection refused`. */
  readonly found: string | RegExp;
}

const NEIGHBOR = 1_000_000;
const ROUNDS = 4;
/** Ended by its own timeout, and not by another cause; tests/daemon/timeouts.test.ts measures the time. */
const TOLERANCE_MS = 2_000;
/** Resources that remain when the checks are gone. */
const MAX_LEFT_BYTES = 48 * 1_024 * 1_024;

/** Options of the daemon, and a callback that runs while the backends are still there. */
export interface TableOptions {
  /** Results of each check that are waited for. */
  readonly rounds?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly meanwhile?: (backends: ReadonlyMap<string, Target>) => void | Promise<void>;
}

/** Lets one daemon meet them all, several times. */
export async function meetFaults(
  faults: Readonly<Record<string, BackendFault>>,
  { env = {}, rounds = ROUNDS, meanwhile }: TableOptions = {},
): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const rows = Object.entries(faults);
  const backends = new Map<string, Target>();
  for (const [name, { backend }] of rows) backends.set(name, stack.use(await backend()));
  const neighbor = stack.use(acceptAll());
  const port = freePort();
  const daemon = stack.use(await startDaemon({ config: NO_REFRESH + metricsConfig(port), env }));
  const client = stack.use(await connectClient(daemon.socketPath));
  client.update([tcpCheck(NEIGHBOR, neighbor)]);
  await until(() => client.latest.has(String(NEIGHBOR)), 10_000, "the neighbor's first result");
  await scrape(port);
  const fds = daemon.fdCount();
  const bytes = daemon.rssBytes();

  const targetOf = (name: string) => backends.get(name) ?? neighbor;
  const checks = rows.map(([name, { check }], id) => check(id, targetOf(name)));
  client.update([tcpCheck(NEIGHBOR, neighbor), ...checks]);
  const settled = async () => {
    const statuses = await requestStatus(client);
    const done = (id: number) => {
      const { failures = 0, successes = 0 } = statuses.get(String(id)) ?? {};
      return failures + successes >= rounds;
    };
    return rows.every((_, id) => done(id)) ? statuses : undefined;
  };
  const statuses = await until(settled, 20_000, `${rounds} results of every check`);
  const found = rows.map(([name, fault], id) => [
    name,
    wordsOf(statuses.get(String(id)), fault, targetOf(name)),
  ]);
  const expected = rows.map(([name, fault]) => [name, String(fault.found)]);
  expect(Object.fromEntries(found)).toEqual(Object.fromEntries(expected));
  const slowestMs = Math.max(...rows.map((_, id) => (statuses.get(String(id))?.duration ?? 0) / 1e6));
  printFigure("the slowest of the faults took", slowestMs, "ms");
  expect(slowestMs).toBeLessThan(TIMEOUT_MS + TOLERANCE_MS);
  const samples = await scrape(port);
  for (const code of codesOf([...statuses.values()])) {
    const types = ["tcp", "http", "dns", "udp", "radius"];
    const counts = types.map((type) =>
      sampleOf(samples, `healthcheck_failures_total{type="${type}",reason="${code}"}`),
    );
    expect([code, Math.max(...counts) > 0]).toEqual([code, true]);
  }
  expect(sampleOf(samples, 'healthcheck_inconclusive_total{reason="fault"}')).toBe(0);
  await meanwhile?.(backends);

  client.update([tcpCheck(NEIGHBOR, neighbor)]);
  await until(
    () => daemon.fdCount() <= fds + 1,
    10_000,
    () => `${fds} descriptors again; they are ${daemon.fdCount()}`,
  );
  await until(
    () => daemon.rssBytes() - bytes < MAX_LEFT_BYTES,
    15_000,
    () => `the memory to return; ${Math.round((daemon.rssBytes() - bytes) / 1e6)} MB are left`,
  );
  printFigure("memory left of them", (daemon.rssBytes() - bytes) / 1e6, "MB");
  expect((await requestStatus(client)).get(String(NEIGHBOR))).toMatchObject({
    state: "healthy",
    failures: 0,
  });
}

/** The verdict with `@` for the target; the pattern itself when it is one and matches. */
function wordsOf(status: Status | undefined, { found }: BackendFault, { hostname, port }: Target): string {
  if (status === undefined) return "refused";
  const words = `${status.state} ${status.message}`.replaceAll(`${hostname}:${port}`, "@");
  return typeof found !== "string" && found.test(words) ? String(found) : words;
}

/** The codes of those that are unhealthy. */
function codesOf(statuses: readonly Status[]): ReadonlySet<string> {
  const unhealthy = statuses.filter(({ state }) => state === "unhealthy");
  return new Set(unhealthy.map(({ message }) => message.slice(0, message.indexOf(" "))));
}
