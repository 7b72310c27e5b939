/**
 * The families of the server as a whole, kept by prom-client: notifications, the client, configuration, errors. The counters
 * of all checks are in check-counters.ts.
 */
import { type Counter, type Gauge, type Histogram, Registry } from "prom-client";
import type { ControlChannel, EngineMethod, PeerName } from "../model/peer.ts";
import { STATES, type StateCounts } from "../model/status.ts";
import type { ByteBuffer } from "./byte-buffer.ts";
import { EngineFamilies } from "./engine-families.ts";
import { EventFamilies, type SinkReadings } from "./event-families.ts";
import type { Format } from "./exposition.ts";
import { familyMaker } from "./family-maker.ts";
import { writeRegistry } from "./prom-client-writer.ts";

/** State of the server at the moment of a scrape. */
export interface ServerReading {
  readonly states: StateCounts;
  /** Number of healthchecks whose state is from before a restart. */
  readonly provisional: number;
  readonly inFlight: number;
  /** True while the peer is connected; without a peer it has no meaning. */
  readonly connected: boolean;
  /** Length of the queue of each channel that exists. */
  readonly depths: Readonly<Partial<Record<Channel, number>>>;
  /** Total time for which the event loop has stalled; milliseconds. */
  readonly stalledMs: number;
  /** True while this host is probably cut off from its network. */
  readonly isBlind: boolean;
  /** Sinks of state changes. */
  readonly events: SinkReadings;
}

/** Settings that do not change while the process runs. */
export interface ServerMetricsSettings {
  readonly version: string;
  readonly revision: string;
  readonly bun: string;
  /** Values of the label `type` of errors. */
  readonly errorTypes: readonly string[];
  /** The program at the other end of the control plane, whose families are exported; undefined without one. */
  readonly peer: PeerName | undefined;
  readonly batchSizeBounds: readonly number[];
  /** Seconds. */
  readonly batchDelayBounds: readonly number[];
}

const LATENCY_BOUNDS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 10];
/** Queues that are measured. */
export type Channel = "notification" | ControlChannel;
const TRIGGERS = ["size_limit", "time_delay"] as const;

/** Metrics of the server as a whole, kept by prom-client: notifications, client, configuration, errors. */
export class ServerFamilies {
  readonly #registry = new Registry();
  readonly #events = new EventFamilies(this.#registry);
  readonly #active: Gauge;
  readonly #byState: Gauge<"state">;
  readonly #provisional: Gauge;
  readonly #inFlight: Gauge;
  readonly #connected: Gauge | undefined;
  readonly #blind: Gauge;
  readonly #engine: EngineFamilies | undefined;
  readonly #depth: Gauge<"channel">;
  readonly #stalled: Counter;
  #reportedStalledMs = 0;
  readonly #batched: Counter;
  readonly #sent: Counter<"trigger">;
  readonly #size: Histogram;
  readonly #delay: Histogram;
  readonly #latency: Histogram;
  readonly #updates: Counter;
  readonly #errors: Counter<"type">;
  readonly #reloaded: Gauge;
  readonly #reloadedAt: Gauge;

  constructor(facts: ServerMetricsSettings) {
    const make = familyMaker(this.#registry);
    this.#active = make.gauge("monitors_active", "Running healthchecks.");
    this.#byState = make.gauge("monitors_by_state", "Running healthchecks, by state.", ["state"]);
    const provisional =
      "Running healthchecks whose state is from before a restart and not confirmed by a check yet.";
    this.#provisional = make.gauge("monitors_provisional", provisional);
    this.#inFlight = make.gauge("checks_in_flight", "Checks in progress.");
    this.#batched = make.counter("notifications_batched_total", "Notifications sent in batches.");
    this.#sent = make.counter("notifications_sent_total", "Batches sent, by trigger.", ["trigger"]);
    for (const trigger of TRIGGERS) this.#sent.inc({ trigger }, 0);
    this.#size = make.histogram("batch_size", "Notifications per batch.", facts.batchSizeBounds);
    const delay = "Delay of the first notification of a batch.";
    this.#delay = make.histogram("batch_delay_seconds", delay, facts.batchDelayBounds);
    const latency = "Time from the result that changed a state to the write to the socket.";
    this.#latency = make.histogram("notification_latency_seconds", latency, LATENCY_BOUNDS);
    const blind =
      "1 while this host is probably cut off from its network, and reports are held; 0 otherwise.";
    this.#blind = make.gauge("network_blind", blind);
    if (facts.peer === "proxy")
      this.#connected = make.gauge("proxy_connected", "1 if a client is connected, 0 if not.");
    if (facts.peer === "engine") {
      this.#connected = make.gauge(
        "engine_connected",
        "1 if the engine sent a set when last asked, 0 if not.",
      );
      this.#engine = new EngineFamilies(make);
    }
    this.#updates = make.counter("config_updates_total", "Healthcheck lists applied.");
    const errors =
      "Errors: parse, rejected messages; socket_io; channel, a full channel; config, rejected healthchecks or files; internal, errors of this server; telemetry, lost spans.";
    this.#errors = make.counter("errors_total", errors, ["type"]);
    for (const type of facts.errorTypes) this.#errors.inc({ type }, 0);
    this.#depth = make.gauge("channel_depth", "Queued items, by channel.", ["channel"]);
    this.#stalled = make.counter("stalled_seconds_total", "Time for which the event loop was stalled.");
    const reloaded = "1 if the configuration was valid when it was last read, 0 if not.";
    this.#reloaded = make.gauge("config_last_reload_successful", reloaded);
    const reloadedAt = "Time of the last valid configuration since the Unix epoch in seconds.";
    this.#reloadedAt = make.gauge("config_last_reload_success_timestamp_seconds", reloadedAt);
    const { version, revision, bun } = facts;
    make
      .gauge("build_info", "Version, revision and runtime of this server. Always 1.", [
        "version",
        "revision",
        "bun",
      ])
      .set({ version, revision, bun }, 1);
  }

  /** Records a sent batch. @param waitedMs - since its first entry @param latenciesMs - of its state changes */
  sent(
    size: number,
    trigger: (typeof TRIGGERS)[number],
    waitedMs: number,
    latenciesMs: readonly number[],
  ): void {
    this.#batched.inc(size);
    this.#sent.inc({ trigger });
    this.#size.observe(size);
    this.#delay.observe(waitedMs / 1_000);
    for (const latencyMs of latenciesMs) this.#latency.observe(latencyMs / 1_000);
  }

  /** A list of healthchecks was applied. */
  updated(): void {
    this.#updates.inc();
  }

  /** Something went wrong; one of the facts' error types. */
  failed(type: string, count = 1): void {
    this.#errors.inc({ type }, count);
  }

  /** A call to the engine has ended. @param wallMs - now */
  engineCalled(method: EngineMethod, durationMs: number, isGood: boolean, wallMs: number): void {
    this.#engine?.called(method, durationMs, isGood, wallMs);
  }

  /** The configuration was read. @param wallMs - now */
  configRead(valid: boolean, wallMs: number): void {
    this.#reloaded.set(valid ? 1 : 0);
    if (valid) this.#reloadedAt.set(wallMs / 1_000);
  }

  /** Writes the families as they are now. */
  async write(sheet: ByteBuffer, reading: ServerReading, format: Format): Promise<void> {
    const { states, depths, stalledMs } = reading;
    for (const state of STATES) this.#byState.set({ state }, states[state]);
    this.#active.set(states.unknown + states.healthy + states.unhealthy);
    this.#inFlight.set(reading.inFlight);
    this.#connected?.set(reading.connected ? 1 : 0);
    this.#provisional.set(reading.provisional);
    this.#blind.set(reading.isBlind ? 1 : 0);
    for (const [channel, depth] of Object.entries(depths)) this.#depth.set({ channel }, depth);
    this.#stalled.inc(Math.max(0, stalledMs - this.#reportedStalledMs) / 1_000);
    this.#reportedStalledMs = Math.max(stalledMs, this.#reportedStalledMs);
    this.#events.set(reading.events);
    await writeRegistry(sheet, this.#registry, format);
  }
}
