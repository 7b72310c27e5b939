/**
 * The client's side of Go's net/rpc over gob, sans-I/O: calls become bytes to write, received bytes become replies. A connection has one
 * call at a time: the server runs concurrent calls in any order.
 */
import { sentence } from "../model/printable.ts";
import { GobDecoder, type Pause } from "./gob-decoder.ts";
import { GobEncoder, type GobEncoding, gobString, gobStruct, gobUint } from "./gob-encoder.ts";
import { GobStruct, type GobValue } from "./gob-values.ts";
import { RpcError } from "./rpc-error.ts";

/** The id of the type of the request header; argument types start behind it. */
const REQUEST_ID = 65;
const REQUEST = gobStruct(REQUEST_ID, { ServiceMethod: gobString, Seq: gobUint }, "Request");
/** Maximum length of a server's error in a message, in bytes. */
const MAX_SERVER_ERROR_BYTES = 256;
/** Maximum length of a method's name in a message, in bytes. */
const MAX_METHOD_BYTES = 64;

/** A call: a method, and its arguments. */
export interface RpcCall<Args> {
  /** `SeesawEngine.Healthchecks` */
  readonly method: string;
  /** Its ids, and those of its parts, are 66 or more. */
  readonly type: GobEncoding<Args>;
  readonly args: Args;
}

/** The reply to a call. */
export type RpcReply =
  | { readonly ok: true; readonly value: GobValue }
  | {
      readonly ok: false;
      /** The server's own words, printable and bounded. The connection stays usable. */
      readonly error: string;
    };

/** One connection to a net/rpc server. */
export class RpcClient {
  readonly #encoder = new GobEncoder();
  readonly #decoder = new GobDecoder();
  #calls = 0;
  #method: string | undefined;
  #reading: Generator<Pause, RpcReply, void> | undefined;
  #failure: Error | undefined;

  /**
   * Starts a call.
   *
   * @returns the bytes to write
   * @throws Error while another call is unanswered
   */
  call<Args>({ method, type, args }: RpcCall<Args>): Uint8Array {
    if (this.#reading !== undefined) throw new Error(`${this.#method} is unanswered`);
    const seq = this.#calls++;
    this.#method = method;
    this.#reading = this.#read(method, BigInt(seq));
    const header = this.#encoder.encode(REQUEST, { ServiceMethod: method, Seq: seq });
    const body = this.#encoder.encode(type, args);
    const bytes = new Uint8Array(header.length + body.length);
    bytes.set(header);
    bytes.set(body, header.length);
    return bytes;
  }

  /** True if every received byte belongs to a reply that was returned. */
  get isAtBoundary(): boolean {
    return this.#decoder.isAtBoundary;
  }

  /**
   * Takes received bytes in. They are decoded by {@link poll}.
   *
   * @param bytes - may be reused by the caller afterwards
   * @throws GobError when too many wait to be decoded
   */
  feed(bytes: Uint8Array): void {
    this.#decoder.feed(bytes);
  }

  /**
   * Continues to decode the reply, for some 0.1 ms.
   *
   * @returns the reply; `more` when bytes must be fed before the next call; `busy` when it must be called again
   * @throws GobError, RpcError for a reply that is not valid; again for every later call
   * @throws Error when there is no unanswered call
   */
  poll(): RpcReply | Pause {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#reading === undefined) throw new Error("no call is unanswered");
    try {
      const { done, value } = this.#reading.next();
      if (done) this.#reading = undefined;
      return value;
    } catch (error) {
      this.#failure = error instanceof Error ? error : new RpcError(String(error));
      throw this.#failure;
    }
  }

  /** Makes the error of a connection that ends before the reply is complete. */
  endError(): Error {
    return this.#failure ?? this.#decoder.endError();
  }

  *#read(method: string, seq: bigint): Generator<Pause, RpcReply, void> {
    const header = yield* this.#decoder.value();
    const error = readHeader(header, method, seq);
    const value = yield* this.#decoder.value();
    return error === "" ? { ok: true, value } : { ok: false, error: sentence(error, MAX_SERVER_ERROR_BYTES) };
  }
}

/** Validates the header of a reply. @returns the server's error; empty for none */
function readHeader(header: GobValue, method: string, seq: bigint): string {
  if (!(header instanceof GobStruct) || !header.type.positions.has("ServiceMethod"))
    throw new RpcError("the reply does not begin with a header of net/rpc");
  const answered = header.get("Seq") ?? 0n;
  if (answered !== seq)
    throw new RpcError(
      `the reply is to call ${typeof answered === "bigint" ? answered : "?"}, not to ${seq}`,
    );
  const name = text(header.get("ServiceMethod"), "ServiceMethod");
  if (name !== method)
    throw new RpcError(
      `the reply is to ${sentence(name, MAX_METHOD_BYTES) || "no method"}, not to ${method}`,
    );
  return text(header.get("Error"), "Error");
}

function text(value: GobValue | undefined, field: string): string {
  if (value === undefined) return "";
  if (value instanceof Uint8Array) return Buffer.from(value).toString("utf8");
  throw new RpcError(`${field} in the header of the reply is not a string`);
}
