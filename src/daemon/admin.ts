/**
 * What people and Prometheus look at, put together: metrics, status API, status page, health. Only reads; loaded and made only
 * when `metrics.enabled` says so.
 */

import { REVISION, VERSION } from "../build-info.ts";
import { isLoopback, type ListenAddress, parseListenAddress } from "../config/listen-address.ts";
import type { Config } from "../config/schema.ts";
import { CONTROL_ERRORS, type ControlPlane } from "../control/control-plane.ts";
import { EventFeed } from "../http/events.ts";
import { makeRouter } from "../http/routes.ts";
import { HttpServer } from "../http/server.ts";
import type { Logger } from "../logging/logger.ts";
import type { Manager } from "../manager/manager.ts";
import { Metrics } from "../metrics/metrics.ts";
import { type Address, formatAddress } from "../model/spec.ts";
import type { MonitorRecord } from "../monitor/record.ts";
import { SCHEDULER_DEAD_MS, type Scheduler } from "../scheduler/scheduler.ts";
import { listenHosts } from "../system/listen-hosts.ts";
import type { FaultInjector } from "./fault-injection.ts";

/** When the port is somebody else's, it is tried again so often: after a restart the former process may still be there. */
const RETRY_LISTEN_MS = 5_000;
const MAX_CONNECTIONS = 48;
/** Viewers of the status page; at most half of the connections, so that others find a place. */
const MAX_VIEWERS = 16;

/** What is looked at. */
export interface ServedParts {
  readonly manager: Manager;
  readonly scheduler: Scheduler;
  readonly control: ControlPlane;
  /** Healthchecks that wait to be told. */
  waiting(): number;
  stopping(): boolean;
  /** The process's soft limit on descriptors, and how many of them the checks may take. */
  readonly descriptorLimit: number;
  readonly checkDescriptors: number;
  readonly testFault: FaultInjector | undefined;
}

/** See the head of the file. */
export class AdminServer {
  readonly metrics: Metrics;
  readonly feed: EventFeed;
  readonly #config: Config["metrics"];
  readonly #parts: ServedParts;
  readonly #log: Logger;
  readonly #http: HttpServer;
  /** Which names requests may be for; the address is known once its name is resolved. */
  readonly #hosts: { loopback: boolean; readonly allowedHosts: readonly string[] };
  #retry: ReturnType<typeof setTimeout> | undefined;
  #closed = false;
  #saidWords = "";

  constructor(config: Config["metrics"], parts: ServedParts, log: Logger) {
    this.#config = config;
    this.#parts = parts;
    this.#log = log;
    this.metrics = new Metrics(
      {
        version: VERSION,
        revision: REVISION,
        bun: Bun.version,
        errorTypes: [...CONTROL_ERRORS, "internal", "telemetry"],
        batchSizeBounds: config.batch_size_buckets,
        batchDelayBounds: config.batch_delay_buckets,
        responseTimeBounds: config.response_time_buckets,
        maxFds: parts.descriptorLimit,
      },
      config.per_healthcheck,
    );
    const counts = () => parts.manager.census().states;
    // Half of what is kept from the checks at the most: the log, the client and files need some too.
    const most = Math.min(MAX_CONNECTIONS, (parts.descriptorLimit - parts.checkDescriptors) >> 1);
    // Two thirds are served, one third waits in line while all of these are.
    const places = Math.floor((most * 2) / 3);
    this.feed = new EventFeed(counts, VERSION, Math.min(MAX_VIEWERS, places >> 1));
    const router = makeRouter({
      source: parts.manager,
      feed: this.feed,
      counts,
      render: (format) => this.metrics.render([...parts.manager.monitors.values()], this.#reading(), format),
      livenessProblem: () => this.#livenessProblem(),
      readinessProblem: () => (parts.stopping() ? "stopping" : parts.control.readinessProblem()),
    });
    const failed = () => this.metrics.server.failed("internal");
    this.#hosts = { loopback: true, allowedHosts: config.allowed_hosts };
    const route = parts.testFault?.router(router) ?? router;
    this.#http = new HttpServer(route, places, this.#hosts, log, failed);
  }

  /** What a new monitor keeps of itself. @param wallMs - now */
  newRecord(wallMs: number): MonitorRecord {
    return this.metrics.newRecord(wallMs);
  }

  /** Listens; when it cannot, it says so and tries again: checks matter more than whoever looks at them. */
  async listen(): Promise<void> {
    const { listen_addr } = this.#config;
    const address = parseListenAddress(listen_addr);
    // The schema has judged it.
    if (address === undefined || this.#closed) return;
    try {
      const bound = await this.#listenOn(address);
      this.#log.info("Serving metrics and status page", { address: formatAddress(bound) });
    } catch (error) {
      const words = error instanceof Error ? error.message : String(error);
      // Said once, not every five seconds.
      if (this.#closed) return;
      if (words !== this.#saidWords)
        this.#log.error("Cannot serve metrics, trying again", { address: listen_addr, error: words });
      this.#saidWords = words;
      this.#retry = setTimeout(() => void this.listen(), RETRY_LISTEN_MS);
    }
  }

  /** Listens on the first of the host's addresses that works. @returns where @throws Error when none does */
  async #listenOn({ host, port }: ListenAddress): Promise<Address> {
    const faults: unknown[] = [];
    for (const ip of await listenHosts(host)) {
      // Closed while the name was resolved.
      if (this.#closed) break;
      this.#hosts.loopback = isLoopback(ip);
      try {
        return await this.#http.listen({ ip, port });
      } catch (error) {
        faults.push(error);
      }
    }
    throw faults[0] ?? new Error(`${host} has no address`);
  }

  /** Ends it. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#retry);
    this.feed.close();
    this.#http.close();
  }

  #reading() {
    const { manager, control, scheduler } = this.#parts;
    const { inbound, outbound } = control.depths;
    return {
      ...manager.census(),
      connected: control.connected,
      depths: { notification: this.#parts.waiting(), config_update: inbound, proxy_message: outbound },
      stalledMs: scheduler.stalledMs,
    };
  }

  #livenessProblem(): string | undefined {
    const overdueMs = this.#parts.scheduler.overdueMs;
    return overdueMs < SCHEDULER_DEAD_MS
      ? undefined
      : `no check was started for ${Math.round(overdueMs / 1_000)} s`;
  }
}
