/** A connected UDP socket for one exchange: a fresh port each time, and the kernel filters out strangers. */
import type { Address } from "../model/spec.ts";
import type { Descriptors } from "./descriptors.ts";
import { EMFILE, errnoOf } from "./errno.ts";

/**
 * Owner of a UDP socket. It receives no event after {@link UdpSocket.close}, and none before the constructor has
 * returned.
 */
export interface UdpOwner {
  /** @param bytes - one datagram */
  received(bytes: Uint8Array): void;
  /** Called when the socket is unusable. @param number - the errno; 0 for an exception of this process */
  failed(number: number, error: Error): void;
}

/** A connected UDP socket for one exchange. Its port is fresh, and the kernel drops datagrams from any other sender. */
export class UdpSocket {
  readonly #descriptors: Descriptors;
  #owner: UdpOwner | undefined;
  #socket: Bun.udp.ConnectedSocket<"buffer"> | undefined;
  #unsent: Uint8Array | undefined;

  constructor(descriptors: Descriptors, address: Address, owner: UdpOwner) {
    this.#descriptors = descriptors;
    this.#owner = owner;
    if (!descriptors.acquire()) {
      queueMicrotask(() => this.#fail(EMFILE, new Error("too many open files")));
      return;
    }
    this.#open(address).then(
      (socket) => this.#opened(socket),
      (error: unknown) => {
        this.#descriptors.release();
        this.#crash(error);
      },
    );
  }

  /** Sends one datagram; before the socket is open, as soon as it is. What the kernel will not take is lost. */
  send(bytes: Uint8Array): void {
    this.#unsent = bytes;
    if (this.#socket !== undefined) this.#transmit(this.#socket);
  }

  /** Closes it; harmless when it is closed. */
  close(): void {
    this.#owner = undefined;
    if (this.#socket === undefined) return;
    this.#socket.close();
    this.#socket = undefined;
    this.#descriptors.release();
  }

  /** Not part of the constructor, because the runtime throws some of its errors immediately. */
  async #open({ ip, port }: Address): Promise<Bun.udp.ConnectedSocket<"buffer">> {
    return await Bun.udpSocket({
      hostname: ip.includes(":") ? "::" : "0.0.0.0",
      connect: { hostname: ip, port },
      socket: {
        data: (_socket: unknown, bytes: Buffer) => this.#owner?.received(bytes),
        // The types promise the socket first; the runtime gives the error alone.
        error: (...args: readonly unknown[]) => this.#crash(args.at(-1)),
      },
    });
  }

  #opened(socket: Bun.udp.ConnectedSocket<"buffer">): void {
    this.#socket = socket;
    if (this.#owner === undefined) this.close();
    else this.#transmit(socket);
  }

  #transmit(socket: Bun.udp.ConnectedSocket<"buffer">): void {
    try {
      if (this.#unsent !== undefined) socket.send(this.#unsent);
    } catch (error) {
      // The kernel rejected it immediately: a firewall of this host, an interface that is down.
      queueMicrotask(() => this.#crash(error));
    }
    this.#unsent = undefined;
  }

  #crash(error: unknown): void {
    this.#fail(errnoOf(error), error instanceof Error ? error : new Error(String(error)));
  }

  #fail(number: number, error: Error): void {
    const owner = this.#owner;
    this.close();
    owner?.failed(number, error);
  }
}
