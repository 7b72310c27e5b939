/**
 * A daemon that checks healthy backends of every kind, and the proof that it never says otherwise: no notification, no line of the log and
 * no counted failure. Called by tests/faults; needs OpenSSL.
 */
import { expect } from "bun:test";
import { makeCa } from "../backends/certs.ts";
import { type Healthy, type HealthyOptions, startHealthy } from "../backends/healthy.ts";
import { freePort } from "../base/ports.ts";
import { until } from "../base/wait.ts";
import { type Client, connectClient } from "../client/client.ts";
import { notifications, requestStatus } from "../client/client-assertions.ts";
import { type Daemon, type DaemonOptions, NO_REFRESH, startDaemon } from "./daemon.ts";
import { metricsConfig, sampleOf, scrape } from "./metrics.ts";

/** Options of the fixture. */
export interface SteadyOptions {
  /** Number of healthchecks; 40 by default. */
  readonly checks?: number;
  /** Fields of every CONFIG; 200 ms and 500 ms by default. */
  readonly fields?: Readonly<Record<string, unknown>>;
  /** Asked when the backends run. */
  readonly daemon?: (healthy: Healthy) => DaemonOptions;
  readonly healthy?: Omit<HealthyOptions, "tls">;
}

/** A daemon with healthy backends and a client; disposing ends all of them. */
export interface Steady extends AsyncDisposable {
  readonly daemon: Daemon;
  readonly client: Client;
  readonly healthy: Healthy;
  /** The CONFIGs that run. */
  readonly configs: readonly string[];
  /** URL of /metrics. */
  readonly metricsPort: number;
  /** Number of inconclusive checks, by cause. */
  inconclusive(cause: string): Promise<number>;
  /**
   * Waits until each check has succeeded the given number of further times.
   *
   * @param client - the client to ask with, when it is not the first one
   */
  level(more?: number, client?: Client): Promise<void>;
  /** Fails when the client ever received an unhealthy state, or a failure was counted. */
  expectNoFalseVerdict(client?: Client): Promise<void>;
}

const LEVEL_MS = 20_000;

/** Starts it, and waits until every check has succeeded. */
export async function startSteady(options: SteadyOptions = {}): Promise<Steady> {
  const { checks = 40, fields = { interval: "200ms", timeout: "500ms" } } = options;
  await using stack = new AsyncDisposableStack();
  const ca = stack.use(await makeCa());
  const tls = ca.issue({ name: "good", sans: ["DNS:good.test"] });
  const healthy = stack.use(await startHealthy({ ...options.healthy, tls }));
  const metricsPort = freePort();
  const how = options.daemon?.(healthy) ?? {};
  const config = `${NO_REFRESH}${how.config ?? ""}\n${metricsConfig(metricsPort)}`;
  const env = { SSL_CERT_FILE: ca.caFile, ...how.env };
  const daemon = stack.use(await startDaemon({ ...how, config, env }));
  if (how.waitForSocket === false) await listening(daemon);
  const client = stack.use(await connectClient(daemon.socketPath));
  const configs = healthy.checks(checks, 1, fields);
  client.update(configs);
  const steady: Omit<Steady, keyof AsyncDisposable> = {
    daemon,
    client,
    healthy,
    configs,
    metricsPort,
    inconclusive: async (cause) =>
      sampleOf(await scrape(metricsPort), `healthcheck_inconclusive_total{reason="${cause}"}`),
    level: (more = 3, asking = client) => level(asking, checks, more),
    expectNoFalseVerdict: (asking = client) => expectNoFalseVerdict(daemon, [client, asking], checks),
  };
  await steady.level(1);
  const owned = stack.move();
  return { ...steady, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** A daemon whose log cannot be read is there when its socket is. */
async function listening(daemon: Daemon): Promise<void> {
  const there = async () => {
    try {
      await using client = await connectClient(daemon.socketPath);
      return client.lines.length >= 0;
    } catch {
      return false;
    }
  };
  await until(there, 10_000, "the daemon's socket");
}

async function level(client: Client, checks: number, more: number): Promise<void> {
  const before = await requestStatus(client);
  const behind = async () => {
    const now = await requestStatus(client);
    const wanted = [...now].filter(
      ([id, { successes }]) => successes < (before.get(id)?.successes ?? 0) + more,
    );
    return now.size < checks ? [["fewer than", String(checks)]] : wanted;
  };
  let last: unknown;
  await until(
    async () => {
      const late = await behind();
      last = late.slice(0, 2);
      return late.length === 0;
    },
    LEVEL_MS,
    () => `${more} more successes of each check; behind are ${JSON.stringify(last)}`,
  );
}

async function expectNoFalseVerdict(
  daemon: Daemon,
  clients: readonly Client[],
  checks: number,
): Promise<void> {
  const falseVerdicts = clients.flatMap(notifications).filter(({ status }) => status.state !== "healthy");
  expect(falseVerdicts).toEqual([]);
  expect(daemon.log.filter((line) => line.includes("new_state=unhealthy"))).toEqual([]);
  const asking = clients.at(-1);
  if (asking === undefined) throw new Error("no client to ask");
  const statuses = [...(await requestStatus(asking))];
  expect(statuses.filter(([, { failures, state }]) => failures > 0 || state !== "healthy")).toEqual([]);
  expect(statuses.length).toBe(checks);
}
