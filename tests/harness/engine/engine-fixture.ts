/**
 * The engine as control plane on virtual time, with calls that the test answers. Called by the tests in tests/control.
 */
import { type Config, DEFAULT_CONFIG } from "../../../src/config/schema.ts";
import type { OnEngineCall } from "../../../src/control/control-plane.ts";
import { EngineControl } from "../../../src/control/engine.ts";
import { EngineUnreachable } from "../../../src/control/engine-call.ts";
import { NO_ENGINE_TRACING } from "../../../src/control/engine-tracing.ts";
import type { DesiredSet } from "../../../src/manager/diff.ts";
import type { State } from "../../../src/model/status.ts";
import { structType } from "../../../src/rpc/gob-type.ts";
import { GobInterface, GobMap, GobStruct, type GobValue } from "../../../src/rpc/gob-values.ts";
import { FakeLogger, notification, VirtualTime } from "../fakes/fakes.ts";

const SECOND_NS = 10n ** 9n;

/** Makes a struct. */
export function struct(fields: Readonly<Record<string, GobValue>>): GobStruct {
  const type = structType(
    "",
    Object.keys(fields).map((name) => [name, 1] as const),
  );
  return new GobStruct(type, Object.values(fields));
}

/** Makes a set of TCP healthchecks. @param interval - of each, in seconds @param port - of their targets */
export function setOf(ids: readonly number[], interval = 10n, port = 80n): GobValue {
  const target = struct({ IP: new Uint8Array([127, 0, 0, 1]), Port: port });
  const config = struct({
    Interval: interval * SECOND_NS,
    Timeout: SECOND_NS,
    Checker: new GobInterface("*healthcheck.TCPChecker", struct({ Target: target })),
  });
  return struct({ Configs: new GobMap(ids.map((id) => [BigInt(id), config] as const)) });
}

/** One call that the control plane has made. */
export interface MadeCall {
  readonly atMs: number;
  readonly method: string;
  /** Id and state of each notification of a report; empty for other calls. */
  readonly states: readonly string[];
  answer(outcome: GobValue | Error): Promise<void>;
}

/** The control plane under test, and everything that it does. */
export class EngineFixture implements Disposable {
  readonly time = new VirtualTime();
  readonly log = new FakeLogger();
  readonly calls: MadeCall[] = [];
  readonly sets: DesiredSet[] = [];
  readonly counted: string[] = [];
  readonly faults: string[] = [];
  /** Method, duration in milliseconds, and whether it was good. */
  readonly ended: Parameters<OnEngineCall>[] = [];
  resyncs = 0;
  losses = 0;
  /** Thrown while a set is applied. */
  applyError: Error | undefined;
  /** Identity of the socket file; undefined while it is missing. */
  identity: string | undefined = "1";
  readonly control: EngineControl;

  constructor(config: Config = DEFAULT_CONFIG) {
    this.control = new EngineControl(
      "/engine.sock",
      {
        config,
        log: this.log,
        count: (fault, times = 1) => void this.counted.push(...Array<string>(times).fill(fault)),
        fault: (error) => void this.faults.push(String(error)),
        engineCalled: (...call) => void this.ended.push(call),
        engineTracing: () => NO_ENGINE_TRACING,
      },
      (_path, call, _timeoutMs, signal) => {
        const { promise, resolve, reject } = Promise.withResolvers<GobValue>();
        if (signal.aborted) reject(new EngineUnreachable("canceled"));
        signal.addEventListener("abort", () => reject(new EngineUnreachable("canceled")));
        this.calls.push({
          atMs: this.time.nowMs(),
          method: call.method.replace("SeesawEngine.", ""),
          states: statesOf(call.args),
          answer: async (outcome) => {
            if (outcome instanceof Error) reject(outcome);
            else resolve(outcome);
            await settle();
          },
        });
        return promise;
      },
      () => this.identity,
    );
  }

  get last(): MadeCall {
    const call = this.calls.at(-1);
    if (call === undefined) throw new Error("no call");
    return call;
  }

  async start(): Promise<void> {
    await this.control.start({
      applyDesiredSet: async (set) => {
        this.sets.push(set);
        if (this.applyError !== undefined) throw this.applyError;
      },
      resync: () => void this.resyncs++,
      writable: () => {},
      disconnected: () => void this.losses++,
      statuses: () => [],
      shutdown: () => {},
    });
    await settle();
  }

  async advance(ms: number): Promise<void> {
    this.time.advance(ms);
    await settle();
  }

  deliver(...states: readonly (readonly [number, State])[]): Promise<void> {
    this.control.deliver(states.map(([number, state]) => notification(number, state)));
    return settle();
  }

  [Symbol.dispose](): void {
    this.time[Symbol.dispose]();
  }
}

function statesOf(args: unknown): string[] {
  const notifications = args instanceof Object && "Notifications" in args ? args.Notifications : [];
  // The arguments of a report have this form.
  return (notifications as { readonly Id: bigint; readonly Status: { readonly State: number } }[]).map(
    ({ Id, Status }) => `${Id}:${Status.State}`,
  );
}

/** Lets every promise that can settle do so. */
export async function settle(): Promise<void> {
  for (let index = 0; index < 50; index++) await Promise.resolve();
}

/** The error of a call while nothing listens at the socket. */
export const AWAY = new EngineUnreachable("no such file or directory", { isAway: true });
