/** The log of failed calls to the engine: one line a minute for each kind, however the engine fails. */
import { RateLimiter } from "../logging/limiter.ts";
import type { Logger } from "../logging/logger.ts";
import type { EngineMethod } from "../model/peer.ts";
import { GobError } from "../rpc/gob-error.ts";
import { RpcError } from "../rpc/rpc-error.ts";
import type { ControlError } from "./control-plane.ts";
import { EngineUnreachable } from "./engine-call.ts";

/** Minimum time between two lines of a kind; milliseconds. */
const PERIOD_MS = 60_000;
/** Number of kinds that are distinguished; the engine chooses its words. */
const MAX_KINDS = 32;
const MESSAGES: Readonly<Record<EngineMethod, string>> = {
  fetch: "Cannot fetch healthchecks from the engine; the running ones continue",
  report: "Cannot report states to the engine; retrying",
};

/** A failed call. */
export interface EngineFailure {
  readonly type: ControlError | "internal";
  readonly reason: string;
  /** True when nothing listens at the socket. */
  readonly isAway: boolean;
}

/** Describes the error of a call. */
export function engineFailure(error: unknown): EngineFailure {
  const reason = error instanceof Error ? error.message : String(error);
  if (error instanceof EngineUnreachable) return { type: "socket_io", reason, isAway: error.isAway };
  const isReply = error instanceof GobError || error instanceof RpcError;
  if (isReply) return { type: "parse", reason, isAway: false };
  return { type: "internal", reason: "internal error, see the log", isAway: false };
}

/** Logs failed calls. */
export class EngineFailureLog {
  readonly #log: Logger;
  readonly #socket: string;
  readonly #limiter = new RateLimiter(PERIOD_MS);
  readonly #kinds = new Set<string>();

  /** @param socket - path of the engine's socket, for the log */
  constructor(log: Logger, socket: string) {
    this.#log = log;
    this.#socket = socket;
  }

  /** Logs a failure, or counts it where one of its kind was logged within the last minute. */
  failed(method: EngineMethod, failure: EngineFailure, nowMs: number): void {
    const heldBack = this.#limiter.admit(this.#kindOf(method, failure), nowMs);
    if (heldBack === undefined) return;
    const fields = { socket: this.#socket, error: failure.reason };
    this.#log.warn(MESSAGES[method], heldBack === 0 ? fields : { ...fields, held_back: heldBack });
  }

  /** A missing engine fails in several ways, as with a socket file or without; they are one kind. */
  #kindOf(method: EngineMethod, { reason, isAway }: EngineFailure): string {
    if (isAway) return "away";
    const kind = `${method}: ${reason.replaceAll(/\d+/g, "0")}`;
    if (!this.#kinds.has(kind) && this.#kinds.size >= MAX_KINDS) return method;
    this.#kinds.add(kind);
    return kind;
  }
}
