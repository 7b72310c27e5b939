/**
 * The admin interface: metrics, status API, status page, health. It only reads the daemon's state. Loaded only if `metrics.enabled`
 * is true.
 */

import { REVISION, VERSION } from "../build-info.ts";
import { isLoopback, type ListenAddress, parseListenAddress } from "../config/listen-address.ts";
import type { Config } from "../config/schema.ts";
import { CONTROL_ERRORS, type ControlPlane } from "../control/control-plane.ts";
import type { NetworkFault } from "../http/api.ts";
import { EventFeed } from "../http/events.ts";
import { makeRouter } from "../http/routes.ts";
import { HttpServer } from "../http/server.ts";
import type { Logger } from "../logging/logger.ts";
import type { Manager } from "../manager/manager.ts";
import type { SinkReadings } from "../metrics/event-families.ts";
import { Metrics } from "../metrics/metrics.ts";
import type { EngineMethod } from "../model/peer.ts";
import type { FailureCode } from "../model/result.ts";
import { type Address, formatAddress } from "../model/spec.ts";
import type { Monitor } from "../monitor/monitor.ts";
import type { MonitorRecord } from "../monitor/record.ts";
import type { Settlement, StateTransition } from "../monitor/settlement.ts";
import type { NetworkState } from "../network/network-watch.ts";
import type { Trigger } from "../notifier/pending.ts";
import { SCHEDULER_DEAD_MS, type Scheduler } from "../scheduler/scheduler.ts";
import type { Clock } from "../system/clock.ts";
import { listenHosts } from "../system/listen-hosts.ts";
import type { Admin, CountedError } from "./admin.ts";
import type { FaultInjector } from "./fault-injection.ts";

/** Retry interval while the port is in use: after a restart the previous process may still be running. */
const RETRY_LISTEN_MS = 5_000;
const MAX_CONNECTIONS = 48;
/** Maximum number of status page viewers; at most half of the connections, so that other requests are served. */
const MAX_VIEWERS = 16;

/** Parts of the daemon that the admin interface shows. */
export interface AdminDeps {
  readonly clock: Clock;
  readonly manager: Manager;
  readonly scheduler: Scheduler;
  readonly control: ControlPlane;
  /** Returns the number of pending notifications. */
  waiting(): number;
  /** Returns what is known about the network of this host. */
  network(): NetworkState;
  /** Reads the counts of the sinks of state changes. */
  events(): SinkReadings;
  /** Returns true once the daemon is stopping. */
  stopping(): boolean;
  /** Soft limit of the process on descriptors, and the part of it that checks may use. */
  readonly descriptorLimit: number;
  readonly checkDescriptors: number;
  readonly faults: FaultInjector;
}

/** Serves the admin interface over HTTP, and counts what happens in the daemon. */
export class AdminServer implements Admin {
  readonly #metrics: Metrics;
  readonly #feed: EventFeed;
  readonly #config: Config["metrics"];
  readonly #deps: AdminDeps;
  readonly #log: Logger;
  readonly #http: HttpServer;
  /** Host names that requests may carry; the address is known once its name is resolved. */
  readonly #hosts: { loopback: boolean; readonly allowedHosts: readonly string[] };
  #retry: ReturnType<typeof setTimeout> | undefined;
  #closed = false;
  #loggedError = "";

  constructor(config: Config["metrics"], deps: AdminDeps, log: Logger) {
    this.#config = config;
    this.#deps = deps;
    this.#log = log;
    this.#metrics = new Metrics(
      {
        version: VERSION,
        revision: REVISION,
        bun: Bun.version,
        errorTypes: [...CONTROL_ERRORS, "internal", "telemetry"],
        peer: deps.control.peer?.name,
        batchSizeBounds: config.batch_size_buckets,
        batchDelayBounds: config.batch_delay_buckets,
        responseTimeBounds: config.response_time_buckets,
        maxFds: deps.descriptorLimit,
      },
      config.per_healthcheck,
    );
    const counts = () => {
      const { states, provisional, overridden } = deps.manager.counts();
      return { ...states, provisional, overridden };
    };
    const network = () => networkFault(deps.network());
    // At most half of the descriptors that checks may not use: the log, the client and files need some as well.
    const maxConnections = Math.min(MAX_CONNECTIONS, (deps.descriptorLimit - deps.checkDescriptors) >> 1);
    // Two thirds are served; one third queues while all of these are busy.
    const places = Math.floor((maxConnections * 2) / 3);
    this.#feed = new EventFeed(counts, network, VERSION, Math.min(MAX_VIEWERS, places >> 1));
    const router = makeRouter({
      source: deps.manager,
      feed: this.#feed,
      counts,
      network,
      render: (format) => this.#metrics.render([...deps.manager.monitors.values()], this.#reading(), format),
      livenessProblem: () => this.#livenessProblem(),
      readinessProblem: () => (deps.stopping() ? "stopping" : deps.control.readinessProblem()),
    });
    const failed = () => this.#metrics.server.failed("internal");
    this.#hosts = { loopback: true, allowedHosts: config.allowed_hosts };
    const route = deps.faults.router(router);
    this.#http = new HttpServer(route, places, this.#hosts, log, failed);
  }

  newRecord(): MonitorRecord {
    return this.#metrics.newRecord();
  }

  settled(monitor: Monitor, { result, latenessMs, transition }: Settlement): void {
    const { clock } = this.#deps;
    this.#metrics.finished(monitor, result, latenessMs, clock.nowMs());
    if (transition !== undefined)
      this.#feed.changed(monitor, transition.from, transition.result, clock.wallMs());
  }

  skipped(_monitor: Monitor, count: number, why: "running" | "late"): void {
    this.#metrics.skipped(count, why);
  }

  released(monitor: Monitor, { from, result }: StateTransition): void {
    this.#feed.changed(monitor, from, result, this.#deps.clock.wallMs());
  }

  traced(type: string, code: FailureCode, traceId: string): void {
    this.#metrics.traced(type, code, traceId, this.#deps.clock.wallMs());
  }

  ticked(lateMs: number): void {
    this.#metrics.ticked(lateMs);
  }

  failed(error: CountedError, count?: number): void {
    this.#metrics.server.failed(error, count);
  }

  engineCalled(method: EngineMethod, durationMs: number, isGood: boolean): void {
    this.#metrics.server.engineCalled(method, durationMs, isGood, this.#deps.clock.wallMs());
  }

  sent(size: number, trigger: Trigger, waitedMs: number, latenciesMs: readonly number[]): void {
    this.#metrics.server.sent(size, trigger, waitedMs, latenciesMs);
  }

  updated(): void {
    this.#metrics.server.updated();
  }

  configRead(valid: boolean): void {
    this.#metrics.server.configRead(valid, this.#deps.clock.wallMs());
    if (!valid) this.failed("config");
  }

  reconfigure({ metrics }: Config): void {
    this.#metrics.perHealthcheck = metrics.per_healthcheck;
  }

  async listen(): Promise<void> {
    const { listen_addr } = this.#config;
    const address = parseListenAddress(listen_addr);
    // The schema has validated the address.
    if (address === undefined || this.#closed) return;
    try {
      const bound = await this.#listenOn(address);
      this.#log.info("Serving metrics and status page", { address: formatAddress(bound) });
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (this.#closed) return;
      // Logged once, not with every retry.
      if (message !== this.#loggedError)
        this.#log.error("Cannot serve metrics, retrying", { address: listen_addr, error: message });
      this.#loggedError = message;
      this.#retry = setTimeout(() => void this.listen(), RETRY_LISTEN_MS);
    }
  }

  /** Listens on the first of the host's addresses that works. @returns that address @throws Error if none works */
  async #listenOn({ host, port }: ListenAddress): Promise<Address> {
    const errors: unknown[] = [];
    for (const ip of await listenHosts(host)) {
      // Closed while the name was resolved.
      if (this.#closed) break;
      this.#hosts.loopback = isLoopback(ip);
      try {
        return await this.#http.listen({ ip, port });
      } catch (error) {
        errors.push(error);
      }
    }
    throw errors[0] ?? new Error(`${host} has no address`);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#retry);
    this.#feed.close();
    this.#http.close();
  }

  #reading() {
    const { manager, control, scheduler } = this.#deps;
    return {
      ...manager.counts(),
      connected: control.peer?.connected ?? false,
      depths: { notification: this.#deps.waiting(), ...control.depths },
      stalledMs: scheduler.stalledMs,
      isBlind: this.#deps.network().isBlind,
      events: this.#deps.events(),
    };
  }

  #livenessProblem(): string | undefined {
    const overdueMs = this.#deps.scheduler.overdueMs;
    return overdueMs < SCHEDULER_DEAD_MS
      ? undefined
      : `no check was started for ${Math.round(overdueMs / 1_000)} s`;
  }
}

/** Returns what the API shows of the network; undefined while nothing is wrong. */
function networkFault({ isBlind, held }: NetworkState): NetworkFault | undefined {
  return isBlind || held > 0 ? { blind: isBlind, held } : undefined;
}
