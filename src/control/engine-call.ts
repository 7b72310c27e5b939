/**
 * One call to the Seesaw engine: connect, write, read the reply, close, within one deadline. The reply is decoded in time slices while it
 * arrives.
 */
import { formatDuration } from "../model/duration.ts";
import type { GobValue } from "../rpc/gob-values.ts";
import { type RpcCall, RpcClient, type RpcReply } from "../rpc/rpc-client.ts";
import { RpcError } from "../rpc/rpc-error.ts";
import { systemReason } from "../system/system-reason.ts";
import { Slice } from "../system/time-slicing.ts";

/** Steps of a time slice that a poll of the decoder is worth: the clock is read after each. */
const STEPS_PER_POLL = 16;

/** The engine could not be reached, or did not reply in time. */
export class EngineUnreachable extends Error {
  override readonly name = "EngineUnreachable";
  /** True when nothing listens at the socket. */
  readonly isAway: boolean;

  constructor(message: string, { isAway = false, cause }: { isAway?: boolean; cause?: unknown } = {}) {
    super(message, { cause });
    this.isAway = isAway;
  }
}

/**
 * Calls the engine.
 *
 * @param path - of its Unix socket
 * @param timeoutMs - for all of the call
 * @param signal - cancels it
 * @returns the value of the reply
 * @throws EngineUnreachable, GobError; RpcError also for an error of the engine
 */
export async function callEngine<Args>(
  path: string,
  call: RpcCall<Args>,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<GobValue> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<RpcReply>();
  // The caller may not await it yet when the connection fails.
  promise.catch(() => {});
  const client = new RpcClient();
  const exchange = new EngineExchange(client, client.call(call), resolve, reject);
  const late = () => reject(new EngineUnreachable(`no reply within ${formatDuration(timeoutMs)}`));
  const timer = setTimeout(late, timeoutMs);
  const cancel = () => reject(new EngineUnreachable("canceled"));
  signal.addEventListener("abort", cancel, { once: true });
  let socket: Bun.Socket<undefined> | undefined;
  try {
    const connecting = Bun.connect<undefined>({ unix: path, socket: exchange.handlers });
    // A connection that opens too late is closed, too.
    connecting.then(
      (opened) => {
        socket = opened;
        if (exchange.over) opened.terminate();
      },
      (error) => reject(new EngineUnreachable(systemReason(error), { isAway: true, cause: error })),
    );
    const reply = await promise;
    if (!reply.ok) throw new RpcError(`the engine replied: ${reply.error}`);
    return reply.value;
  } finally {
    exchange.over = true;
    clearTimeout(timer);
    signal.removeEventListener("abort", cancel);
    socket?.terminate();
  }
}

/** The request and the reply of one connection. */
class EngineExchange {
  /** True when the outcome is known; later events have no effect. */
  over = false;
  readonly #client: RpcClient;
  readonly #resolve: (reply: RpcReply) => void;
  readonly #reject: (error: unknown) => void;
  #unwritten: Uint8Array;
  #isDecoding = false;
  #hasEnded = false;

  constructor(
    client: RpcClient,
    request: Uint8Array,
    resolve: (reply: RpcReply) => void,
    reject: (error: unknown) => void,
  ) {
    this.#client = client;
    this.#unwritten = request;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  readonly handlers: Bun.SocketHandler<undefined> = {
    open: (socket) => this.#write(socket),
    drain: (socket) => this.#write(socket),
    data: (_socket, bytes) => this.#received(bytes),
    close: () => {
      this.#hasEnded = true;
      void this.#decode();
    },
    // The runtime reports a failed connection here, and rejects the promise of connect.
    connectError: () => {},
    error: (_socket, error) => this.#reject(error),
  };

  #write(socket: Bun.Socket<undefined>): void {
    if (this.#unwritten.length === 0) return;
    const written = Math.max(0, socket.write(this.#unwritten));
    this.#unwritten = this.#unwritten.subarray(written);
  }

  #received(bytes: Uint8Array): void {
    if (this.over) return;
    try {
      this.#client.feed(bytes);
    } catch (error) {
      this.#reject(error);
      return;
    }
    void this.#decode();
  }

  async #decode(): Promise<void> {
    if (this.#isDecoding || this.over) return;
    this.#isDecoding = true;
    const slice = new Slice();
    try {
      while (!this.over) {
        const found = this.#client.poll();
        if (found === "busy") {
          if (slice.isOverAfter(STEPS_PER_POLL)) await slice.next();
        } else if (found === "more") {
          if (this.#hasEnded) throw this.#client.endError();
          break;
        } else {
          this.over = true;
          this.#resolve(found);
        }
      }
    } catch (error) {
      this.over = true;
      this.#reject(error);
    } finally {
      this.#isDecoding = false;
    }
  }
}
