/** The calls to the Seesaw engine, one at a time: the engine runs concurrent calls in any order. */
import type { EngineMethod } from "../model/peer.ts";
import type { Notification } from "../model/status.ts";
import { checkReportReply, fetchCall, reportCall } from "../rpc/engine-calls.ts";
import { type EngineEntry, entriesOf } from "../rpc/engine-set.ts";
import type { GobValue } from "../rpc/gob-values.ts";
import type { RpcCall } from "../rpc/rpc-client.ts";
import type { OnEngineCall } from "./control-plane.ts";

/** Time for a whole call, as in Google's health checker; milliseconds. */
const CALL_TIMEOUT_MS = 10_000;

/** Makes a call; `callEngine` of engine-call.ts, or a test's own. */
export type EngineCaller = <Args>(
  path: string,
  call: RpcCall<Args>,
  timeoutMs: number,
  signal: AbortSignal,
) => Promise<GobValue>;

/** Calls the engine. A call waits until the one before it is over. */
export class EngineClient {
  readonly #path: string;
  readonly #identity = `healthcheck [pid ${process.pid}]`;
  readonly #call: EngineCaller;
  readonly #onCall: OnEngineCall;
  #last: Promise<unknown> = Promise.resolve();

  /** @param path - of the engine's Unix socket @param onCall - receives the end of each call, waiting times excluded */
  constructor(path: string, call: EngineCaller, onCall: OnEngineCall) {
    this.#path = path;
    this.#call = call;
    this.#onCall = onCall;
  }

  /** Fetches the set of healthchecks. @throws EngineUnreachable, GobError, RpcError */
  fetch(signal: AbortSignal): Promise<readonly EngineEntry[]> {
    return this.#exclusively("fetch", fetchCall(this.#identity), entriesOf, signal);
  }

  /** Reports states. @throws EngineUnreachable, GobError, RpcError */
  report(batch: readonly Notification[], signal: AbortSignal): Promise<void> {
    return this.#exclusively("report", reportCall(this.#identity, batch), checkReportReply, signal);
  }

  async #exclusively<Args, Result>(
    method: EngineMethod,
    call: RpcCall<Args>,
    read: (reply: GobValue) => Result,
    signal: AbortSignal,
  ): Promise<Result> {
    const before = this.#last;
    const turn = Promise.withResolvers<void>();
    this.#last = turn.promise;
    await before;
    const startMs = performance.now();
    let isGood = false;
    try {
      const result = read(await this.#call(this.#path, call, CALL_TIMEOUT_MS, signal));
      isGood = true;
      return result;
    } finally {
      turn.resolve();
      if (isGood || !signal.aborted) this.#onCall(method, performance.now() - startMs, isGood);
    }
  }
}
