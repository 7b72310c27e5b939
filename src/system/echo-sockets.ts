/**
 * The ICMP sockets of a process: one for each family, and one more for each combination of socket options and TTL that checks have. Opened at the
 * first request, closed when no check uses them any more. Owned by the dialer.
 */
import { EchoReader, EchoWriter } from "./echo-message.ts";
import type { EchoOwner, EchoPath, EchoRequest, EchoTarget } from "./echo-request.ts";
import { EchoSocket, type EchoTools } from "./echo-socket.ts";
import { RandomWords } from "./random-words.ts";
import type { Sockets } from "./sockets.ts";

/** Time for which a socket without a request is kept, at least; milliseconds. */
const UNUSED_MS = 60_000;

/** All of them. */
export class EchoSockets {
  readonly #tools: EchoTools;
  /** By the key of the path. */
  readonly #open = new Map<string, EchoSocket>();
  /** Replaced while requests still waited for an answer. */
  readonly #retired = new Set<EchoSocket>();
  #trimmedMs = Number.NEGATIVE_INFINITY;

  /** @param sockets - where they are watched, read and closed */
  constructor(sockets: Sockets) {
    this.#tools = { sockets, writer: new EchoWriter(), reader: new EchoReader(), random: new RandomWords() };
  }

  /** Sends a request. Its outcome is reported by a later poll, also a failure to send it. */
  send(target: EchoTarget, owner: EchoOwner): EchoRequest {
    const { path } = target;
    const known = this.#open.get(path.key);
    if (known === undefined) return this.#openFor(path).send(target, owner);
    const request = known.send(target, owner);
    if (request.outcome?.kind !== "not-sent" || path.options === undefined) return request;
    // Its interface may have been replaced, or its source address removed, since the socket was opened.
    request.cancel();
    this.#open.delete(path.key);
    if (known.isIdle) known.close();
    else this.#retired.add(known);
    return this.#openFor(path).send(target, owner);
  }

  /** Closes the sockets that no check has used for a minute; called now and then. @param nowMs - of a monotonic clock */
  trim(nowMs: number): void {
    if (nowMs - this.#trimmedMs < UNUSED_MS) return;
    this.#trimmedMs = nowMs;
    for (const [key, socket] of this.#open) {
      if (!socket.isUnused()) continue;
      this.#open.delete(key);
      socket.close();
    }
    for (const socket of this.#retired) {
      if (!socket.isIdle) continue;
      this.#retired.delete(socket);
      socket.close();
    }
  }

  /** Closes a socket on which no request waits, to free its descriptor. @returns true when there was one */
  evict(): boolean {
    for (const [key, socket] of this.#open) {
      if (!socket.isIdle) continue;
      this.#open.delete(key);
      socket.close();
      return true;
    }
    return false;
  }

  #openFor(path: EchoPath): EchoSocket {
    const socket = new EchoSocket(this.#tools, path);
    // Without a descriptor the next check tries again.
    if (socket.fd >= 0) this.#open.set(path.key, socket);
    return socket;
  }
}
