/**
 * The requests of one ICMP socket that wait for an answer. Finds the request that a message belongs to, by sequence number, token and address: other
 * programs send echo requests, too, and routers quote them. No I/O; owned by the echo socket.
 */
import type { EchoRequest } from "./echo-request.ts";

/** Offset and length of the address in `struct sockaddr_in` and `struct sockaddr_in6`. */
const ADDRESS_V4 = { at: 4, bytes: 4 };
const ADDRESS_V6 = { at: 8, bytes: 16 };

/** Part of a message that names its request; see `EchoReader`. */
export interface EchoMark {
  readonly sequence: number;
  /** False when the message quotes less than the token. */
  readonly hasToken: boolean;
  readonly tokenHigh: number;
  readonly tokenLow: number;
}

/** Returns the offset of the address in a socket address. */
export function addressOffset(isIpv6: boolean): number {
  return (isIpv6 ? ADDRESS_V6 : ADDRESS_V4).at;
}

/** Waiting requests by sequence number; at most 65,535. */
export class EchoPending {
  readonly #address: typeof ADDRESS_V4;
  readonly #requests = new Map<number, EchoRequest>();
  #sequence: number;

  /** @param sequence - any number; the first request has one more */
  constructor(isIpv6: boolean, sequence: number) {
    this.#address = isIpv6 ? ADDRESS_V6 : ADDRESS_V4;
    this.#sequence = sequence & 0xffff;
  }

  /** Number of requests. */
  get size(): number {
    return this.#requests.size;
  }

  /** Adds a request, and gives it a sequence number that no other one has. */
  add(request: EchoRequest): void {
    do this.#sequence = (this.#sequence + 1) & 0xffff;
    while (this.#requests.has(this.#sequence));
    request.sequence = this.#sequence;
    this.#requests.set(request.sequence, request);
  }

  /** Removes a request. @returns false if it does not wait */
  delete(request: EchoRequest): boolean {
    if (this.#requests.get(request.sequence) !== request) return false;
    return this.#requests.delete(request.sequence);
  }

  /**
   * Returns the request that a message belongs to.
   *
   * @param bytes - hold the address of the backend: that of the sender, or the one that a quoted request was sent to
   * @param at - offset of that address
   */
  find(mark: EchoMark, bytes: Uint8Array, at: number): EchoRequest | undefined {
    const request = this.#requests.get(mark.sequence);
    if (request === undefined) return undefined;
    if (mark.hasToken && (mark.tokenHigh !== request.tokenHigh || mark.tokenLow !== request.tokenLow))
      return undefined;
    const { address } = request.target;
    for (let index = 0; index < this.#address.bytes; index++)
      if (bytes[at + index] !== address.bytes[this.#address.at + index]) return undefined;
    return request;
  }
}
