/**
 * A whole server in a simulated world: the real manager, monitors, TCP checker, scheduler and notifier, on virtual time, between a simulated
 * network and a simulated client. A seed decides everything that happens.
 */
import { makeChecker } from "../../src/checks/registry.ts";
import { notifyingObserver } from "../../src/daemon/state-notifications.ts";
import { Manager } from "../../src/manager/manager.ts";
import type { HealthcheckSpec } from "../../src/model/spec.ts";
import { Monitor, type MonitorObserver } from "../../src/monitor/monitor.ts";
import type { Settlement } from "../../src/monitor/settlement.ts";
import { Notifier } from "../../src/notifier/notifier.ts";
import { ConfigReader, readMessage } from "../../src/protocol/messages.ts";
import { Scheduler } from "../../src/scheduler/scheduler.ts";
import { Descriptors } from "../../src/system/descriptors.ts";
import { lineOf } from "../harness/client/client-lines.ts";
import { FakeLogger, fakeEnv, VirtualTime } from "../harness/fakes/fakes.ts";
import { Client } from "./client.ts";
import { type Behavior, Network } from "./network.ts";
import { Oracle } from "./oracle.ts";
import { Random } from "./random.ts";

const BATCH = { delayMs: 100, maxSize: 20, notifyIntervalMs: 15_000, channelSize: 1_000 };
const FIRST_ID = 13_758_215_386_640_154_624n;
const INTERVALS_MS = [100, 250, 1_000, 5_000];
const MAX_CHECKS = 30;
const DESCRIPTORS = 40;

/** A healthcheck as the client asks for it. */
interface Wanted {
  readonly id: bigint;
  port: number;
  intervalMs: number;
  timeoutMs: number;
  rise: number;
  fall: number;
}

/** One simulated server with its surroundings. */
export class World implements Disposable {
  readonly #random: Random;
  readonly #time = new VirtualTime();
  readonly #descriptors = new Descriptors(DESCRIPTORS);
  readonly #network: Network;
  readonly #client: Client;
  readonly #oracle: Oracle;
  readonly #scheduler: Scheduler;
  readonly #manager: Manager;
  readonly #notifier: Notifier;
  readonly #observers: readonly MonitorObserver[];
  readonly #reader = new ConfigReader();
  readonly #wanted = new Map<bigint, Wanted>();
  #nextPort = 1_000;
  #nextId = FIRST_ID;
  #stalledMs = 0;
  #stalls = 0;
  #disturbedMs = 0;
  /** Descriptors that something else holds. */
  #held = 0;
  readonly #faults: unknown[] = [];
  readonly #trace: (line: string) => void;

  /** @param trace - receives a line for each result */
  constructor(seed: number, trace: (line: string) => void) {
    this.#random = new Random(seed);
    this.#trace = trace;
    // The jitter of the monitors is part of the simulation.
    Math.random = () => this.#random.next();
    const time = this.#time;
    const nowMs = () => time.nowMs();
    const host = { nowMs, stalledMs: () => this.#stalledMs, stalls: () => this.#stalls };
    const fault = (error: unknown) => void this.#faults.push(error);
    const network = new Network({ ...host, fault }, this.#descriptors);
    this.#network = network;
    const client = new Client(nowMs);
    this.#client = client;
    this.#oracle = new Oracle({
      ...host,
      network,
      client,
      batchDelayMs: BATCH.delayMs,
      disturbedMs: () => this.#disturbedMs,
      short: () => this.#network.kernelShortage || this.#descriptors.exhausted,
    });
    this.#scheduler = new Scheduler(time, network, {
      ticked: () => {},
      stalled: () => {},
      fault,
      mayStart: () => !this.#descriptors.exhausted,
    });
    const known = () => this.#manager.measuredStatuses();
    const observer = { sent: () => {}, congested: () => {}, fault };
    this.#notifier = new Notifier(time, client, known, BATCH, observer);
    this.#observers = [
      {
        settled: (monitor, settlement) => this.#settled(monitor, settlement),
        skipped: () => {},
        released: () => {},
      },
      notifyingObserver(this.#notifier),
    ];
    this.#manager = new Manager(
      time,
      new FakeLogger(),
      (spec) => this.#makeMonitor(spec),
      (id) => {
        this.#notifier.forget(id);
        this.#oracle.ended(id);
      },
    );
    client.handler = this.#notifier;
  }

  /** Lives for a while. @param steps - each is one event and up to 400 ms */
  async run(steps: number): Promise<void> {
    this.#client.connect();
    for (let count = this.#random.int(1, MAX_CHECKS); count > 0; count--) this.#want();
    await this.#sendList();
    for (let step = 0; step < steps; step++) {
      await this.#event();
      this.#advance(this.#random.int(1, 400));
    }
  }

  [Symbol.dispose](): void {
    this.#manager.stop();
    this.#scheduler.stop();
    this.#notifier.disconnected();
    this.#time[Symbol.dispose]();
  }

  /** Time passes in pieces, so that the oracle sees every moment. */
  #advance(ms: number): void {
    for (let left = ms; left > 0; left -= 10) {
      this.#time.advance(Math.min(left, 10));
      if (this.#short()) this.#disturbedMs = this.#time.nowMs();
      const [first] = this.#faults;
      if (first !== undefined) throw first;
      this.#oracle.check();
    }
  }

  #short(): boolean {
    return this.#network.kernelShortage || this.#descriptors.exhausted;
  }

  async #event(): Promise<void> {
    const random = this.#random;
    switch (random.int(0, 13)) {
      case 0:
      case 1:
      case 2:
      case 3:
        return this.#changeBackends();
      case 4:
        return this.#stall(random.int(30, 3_000));
      case 5:
        return await this.#reconnect();
      case 6:
        return random.chance(0.3) ? this.#client.pause() : this.#client.resume();
      case 7:
        return await this.#changeList();
      case 8:
        return await this.#sendList();
      case 9:
        return this.#holdDescriptors();
      case 10:
        this.#network.kernelShortage = random.chance(0.3);
        return;
      default:
        // A quiet moment: whatever was lost has time to show.
        return this.#advance(random.int(200, 2_000));
    }
  }

  #changeBackends(): void {
    for (const backend of this.#network.backends.values()) {
      if (!this.#random.chance(0.2)) continue;
      backend.behavior = this.#random.pick<Behavior>(["accept", "accept", "refuse", "drop"]);
      backend.latencyMs = this.#random.chance(0.8) ? this.#random.int(0, 20) : this.#random.int(20, 900);
    }
  }

  /** The process does not run: its clock continues, its timers do not. */
  #stall(ms: number): void {
    this.#time.stall(ms);
    this.#stalledMs += ms;
    this.#stalls++;
    this.#disturbedMs = this.#time.nowMs() + 20;
  }

  async #reconnect(): Promise<void> {
    if (this.#client.connected) this.#client.disconnect();
    if (this.#random.chance(0.3)) return;
    this.#client.connect();
    await this.#sendList();
  }

  async #changeList(): Promise<void> {
    const random = this.#random;
    for (const wanted of [...this.#wanted.values()]) {
      const draw = random.next();
      if (draw < 0.05) this.#wanted.delete(wanted.id);
      else if (draw < 0.1) wanted.port = this.#newBackend();
      else if (draw < 0.2) Object.assign(wanted, this.#pace());
    }
    while (this.#wanted.size < MAX_CHECKS && random.chance(0.4)) this.#want();
    await this.#sendList();
  }

  #holdDescriptors(): void {
    while (this.#held > 0) {
      this.#descriptors.release();
      this.#held--;
    }
    if (!this.#random.chance(0.4)) return;
    for (let count = this.#random.int(1, DESCRIPTORS); count > 0 && this.#descriptors.acquire(); count--)
      this.#held++;
  }

  #want(): void {
    const id = this.#nextId++;
    this.#wanted.set(id, { id, port: this.#newBackend(), ...this.#pace() });
  }

  #pace(): Omit<Wanted, "id" | "port"> {
    const intervalMs = this.#random.pick(INTERVALS_MS);
    const timeoutMs = this.#random.int(50, 1_500);
    return { intervalMs, timeoutMs, rise: this.#random.int(1, 3), fall: this.#random.int(1, 4) };
  }

  #newBackend(): number {
    const port = this.#nextPort++;
    const behavior = this.#random.chance(0.7) ? "accept" : this.#random.pick<Behavior>(["refuse", "drop"]);
    this.#network.backends.set(port, { behavior, latencyMs: this.#random.int(0, 20) });
    return port;
  }

  /** The client sends its list, in an order of the moment; without a client nothing is sent. */
  async #sendList(): Promise<void> {
    if (!this.#client.connected) return;
    const configs = [...this.#wanted.values()].map((wanted) => this.#config(wanted));
    configs.sort(() => this.#random.next() - 0.5);
    const line = lineOf(`{"type":"update_configs","configs":[${configs.join(",")}]}`);
    const message = await readMessage(line);
    if (message.type !== "update_configs") throw new Error("the list was read as another message");
    const { specs, rejections } = await this.#reader.read(message.configs);
    if (rejections.length > 0) throw new Error(rejections[0]?.message);
    await this.#manager.apply({ specs, rejected: new Set() });
    this.#oracle.applied(specs);
    this.#client.listed();
  }

  #config({ id, port, intervalMs, timeoutMs, rise, fall }: Wanted): string {
    return (
      `{"id":${id},"checker_type":"tcp","ip":"192.0.2.1","port":${port},"interval":"${intervalMs}ms",` +
      `"timeout":"${timeoutMs}ms","rise":${rise},"fall":${fall}}`
    );
  }

  #makeMonitor(spec: HealthcheckSpec): Monitor {
    this.#oracle.made(spec);
    const checker = makeChecker(spec.check, fakeEnv(this.#time, this.#network));
    const env = { clock: this.#time, scheduler: this.#scheduler, observers: this.#observers };
    return new Monitor(spec, checker, env);
  }

  #settled({ spec, status }: Monitor, { result }: Settlement): void {
    this.#trace(`${this.#time.nowMs()} ms: ${spec.id} ${status.state} ${result.code} ${result.message}`);
    this.#oracle.finished(spec.id, result, status.state);
  }
}
