/**
 * A daemon that is scraped by a real Prometheus while its backends fail and recover. Called by the tests in
 * tests/monitoring.
 */

import { acceptAll, type Backend, closedPort, httpAnswer, httpServer } from "../backends/backends.ts";
import { freePort } from "../base/ports.ts";
import { until } from "../base/wait.ts";
import { dnsCheck, httpCheck, tcpCheck } from "../client/checks.ts";
import { type Client, connectClient } from "../client/client.ts";
import { type Daemon, startDaemon } from "../daemon/daemon.ts";
import { type Prometheus, startPrometheus } from "./prometheus.ts";

/** The healthcheck that the examples of the documentation name. */
export const DOCUMENTED_ID = "13758215386640154624";
const SEEN_MS = 20_000;

/** A daemon that serves metrics. */
export interface MeteredDaemon {
  readonly daemon: Daemon;
  /** `127.0.0.1:PORT` of the metrics. */
  readonly address: string;
}

/**
 * Starts the daemon with metrics switched on.
 * @param metrics further keys of the section, `per_healthcheck: off`
 */
export async function startMetered(metrics = ""): Promise<MeteredDaemon> {
  const address = `127.0.0.1:${freePort()}`;
  const section = ["metrics:", "  enabled: true", `  listen_addr: ${JSON.stringify(address)}`];
  if (metrics !== "") section.push(`  ${metrics}`);
  return {
    daemon: await startDaemon({ config: `${section.join("\n")}\nevents: { exec: /bin/cat }\n` }),
    address,
  };
}

/** One healthcheck of each type; those of the last two backends fail permanently. */
export interface CheckedBackends extends AsyncDisposable {
  /** The healthcheck behind {@link DOCUMENTED_ID}; healthy until a test takes it down. */
  readonly flapping: Backend;
  /** Sends them to the daemon. */
  readonly configs: readonly string[];
}

/** Starts the backends. */
export function startBackends(): CheckedBackends {
  const flapping = acceptAll();
  const web = httpServer((_, socket) => {
    socket.write(httpAnswer(200));
  });
  const closed = closedPort();
  const nameless = { ip: "127.0.0.1", port: freePort() };
  return {
    flapping,
    configs: [
      tcpCheck(DOCUMENTED_ID, flapping),
      httpCheck(2, web),
      tcpCheck(3, closed, { damping: {} }),
      dnsCheck(4, "example.test", nameless),
    ],
    async [Symbol.asyncDispose]() {
      for (const backend of [flapping, web, closed]) await backend[Symbol.asyncDispose]();
    },
  };
}

/** Everything together. */
export interface Monitored extends AsyncDisposable {
  readonly prometheus: Prometheus;
  readonly address: string;
  readonly client: Client;
}

/**
 * Starts all of it, and lets a backend fail and recover, each time until Prometheus has seen it. After that every counter
 * has moved between two scrapes.
 */
export async function startMonitored(): Promise<Monitored> {
  await using stack = new AsyncDisposableStack();
  const { daemon, address } = await startMetered();
  stack.use(daemon);
  const prometheus = stack.use(await startPrometheus(address));
  await until(async () => (await prometheus.query("up == 1")).length === 1, SEEN_MS, "the first scrape");
  const { flapping, configs } = stack.use(startBackends());
  const client = stack.use(await connectClient(daemon.socketPath));
  client.update(configs);
  const seen = (state: number) =>
    until(
      async () => {
        const [series] = await prometheus.query(`healthcheck_state{id="${DOCUMENTED_ID}"}`);
        return series?.value === state;
      },
      SEEN_MS,
      `the state ${state} to be scraped`,
    );
  await seen(1);
  flapping.down();
  await seen(2);
  flapping.up();
  await seen(1);
  const owned = stack.move();
  return { prometheus, address, client, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
