/**
 * One ICMP socket that many checks share: sends echo requests, and reads the answers and ICMP errors that settle them. Made by the echo
 * sockets.
 */
import { ECHO_V4, ECHO_V6, type EchoReader, type EchoWriter, isTooBig } from "./echo-message.ts";
import { type OpenedEcho, openEcho } from "./echo-open.ts";
import { addressOffset, EchoPending } from "./echo-pending.ts";
import {
  type EchoCarrier,
  type EchoOutcome,
  type EchoOwner,
  type EchoPath,
  EchoRequest,
  type EchoSilence,
  type EchoTarget,
} from "./echo-request.ts";
import { EAGAIN, ENOBUFS } from "./errno.ts";
import { icmpErrorName } from "./error-queue.ts";
import { EPOLLIN, errno, libc, MSG_DONTWAIT, MSG_NOSIGNAL } from "./libc.ts";
import type { RandomWords } from "./random-words.ts";
import { ReceiveOverflow } from "./receive-overflow.ts";
import { routeFailure } from "./route-failure.ts";
import { sockAddrIp } from "./sockaddr.ts";
import type { Sockets } from "./sockets.ts";
import type { Watched } from "./watched.ts";

/** Requests without an answer; the sequence numbers are 65,536. */
const MAX_PENDING = 60_000;
/** Messages that one round reads; then the other sockets have their turn. */
const MAX_READS = 256;
/** Messages that the deadline of a check reads. */
const MAX_LAST_READS = 1_024;
/** Requests between two reads: answers from nearby must not fill the receive buffer while a tick sends. */
const SENDS_PER_READ = 32;
/** Attempts to send while the errors of other requests are in the way. */
const MAX_SENDS = 16;
/** Failures to send in a row, with an empty error queue, that are those of the send itself. */
const MIN_UNEXPLAINED = 3;
/** Errors that one call takes from the error queue. */
const MAX_ERRORS = 256;
/** Parts that the echo sockets of a process share. */
export interface EchoTools {
  readonly sockets: Sockets;
  readonly writer: EchoWriter;
  readonly reader: EchoReader;
  readonly random: RandomWords;
}

/** An ICMP error that quotes a request. */
interface EchoError {
  readonly request: EchoRequest;
  readonly type: number;
  readonly code: number;
  readonly sender: string | undefined;
}

/** A shared socket. */
export class EchoSocket implements EchoCarrier, Watched {
  readonly fd: number;
  readonly serial: number;
  readonly #tools: EchoTools;
  readonly #path: EchoPath;
  readonly #opened: OpenedEcho;
  readonly #overflow: ReceiveOverflow;
  readonly #pending: EchoPending;
  /** With an outcome that its owner does not know. */
  #settled: EchoRequest[] = [];
  /** Taken from the error queue and not applied yet. */
  #errors: EchoError[] = [];
  #sends = 0;
  /** True when messages were left unread. */
  #behind = false;
  #willBeCalled = false;
  #closed = false;
  /** True when a request was sent since the last call of {@link isUnused}. */
  #used = true;

  /** Opens the socket. A failure becomes the outcome of each request. */
  constructor(tools: EchoTools, path: EchoPath) {
    this.#tools = tools;
    this.#path = path;
    this.#opened = openEcho(tools.sockets, path);
    this.fd = this.#opened.fd;
    this.#overflow = new ReceiveOverflow(this.fd);
    this.serial = tools.sockets.nextSerial();
    this.#pending = new EchoPending(path.isIpv6, tools.random.next());
  }

  /** True while no request waits for an answer. */
  get isIdle(): boolean {
    return this.#pending.size === 0 && this.#settled.length === 0;
  }

  /** Returns true when no request waits, and none was sent since the last call. */
  isUnused(): boolean {
    const wasUsed = this.#used;
    this.#used = false;
    return this.isIdle && !wasUsed;
  }

  /** Sends a request. A failure to do so becomes its outcome, which the next poll reports. */
  send(target: EchoTarget, owner: EchoOwner): EchoRequest {
    const { random } = this.#tools;
    this.#used = true;
    const number = this.#begin();
    const request = new EchoRequest(this, target, owner, random.next(), random.next(), this.#overflow.count);
    if (number === 0) this.#pending.add(request);
    const failed = number === 0 ? this.#transmit(request) : number;
    if (failed !== 0) this.#settle(request, this.#notSent(failed, target));
    if (this.fd >= 0 && ++this.#sends % SENDS_PER_READ === 0) this.#read(MAX_READS);
    if (this.#settled.length > 0) this.#callSoon();
    return request;
  }

  forget(request: EchoRequest): void {
    const settledAt = this.#settled.indexOf(request);
    if (settledAt >= 0) this.#settled.splice(settledAt, 1);
    if (this.#pending.delete(request)) this.#rest();
  }

  silenceOf(request: EchoRequest): EchoSilence {
    if (request.outcome === undefined && this.fd >= 0) this.#read(MAX_LAST_READS);
    if (this.#settled.length > 0) this.#callSoon();
    if (request.outcome !== undefined) return "silent";
    if (this.#behind) return "unread";
    return this.#overflow.count === request.overflowsBefore ? "silent" : "overflown";
  }

  ready(): void {
    this.#willBeCalled = false;
    if (this.#closed) return;
    if (this.fd >= 0 && this.#pending.size > 0) this.#read(MAX_READS);
    this.#report();
    if (this.#behind && this.#pending.size > 0) this.#callSoon();
  }

  /** Closes the socket, which must be idle. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.fd >= 0) this.#tools.sockets.release(this);
  }

  /** Prepares for a request. @returns 0, or the errno that keeps it from being sent */
  #begin(): number {
    if (this.fd < 0) return this.#opened.number;
    if (this.#pending.size >= MAX_PENDING) return ENOBUFS;
    if (this.#pending.size > 0) return 0;
    // Idle until now: what came meanwhile belongs to no request.
    this.#read(MAX_READS);
    return this.#tools.sockets.watch(this, EPOLLIN) ? 0 : errno();
  }

  /** @returns 0, or the errno of the send */
  #transmit(request: EchoRequest): number {
    const { writer } = this.#tools;
    const { id, isPing } = this.#opened;
    const { address, payloadBytes } = request.target;
    const types = this.#path.isIpv6 ? ECHO_V6 : ECHO_V4;
    let unexplained = 0;
    for (let sends = 0; sends < MAX_SENDS; sends++) {
      const length = writer.write(types, id, request, payloadBytes);
      request.askedMs = performance.now();
      const flags = MSG_NOSIGNAL | MSG_DONTWAIT;
      if (Number(libc.sendto(this.fd, writer.bytes, length, flags, address.bytes, address.bytes.length)) >= 0)
        return 0;
      const number = errno();
      if (!isPing) return number === EAGAIN ? ENOBUFS : number;
      // A ping socket may report the ICMP error of another request here, even just after that error was taken from the queue. A failure is that
      // of the send when it repeats with nothing in the queue.
      unexplained = this.#read(MAX_READS) ? 0 : unexplained + 1;
      if (unexplained === MIN_UNEXPLAINED) return number === EAGAIN ? ENOBUFS : number;
    }
    return ENOBUFS;
  }

  #notSent(number: number, { address }: EchoTarget): EchoOutcome {
    const { failure, options } = this.#opened;
    const rejected = failure ?? options?.connectFailure(number);
    return {
      kind: "not-sent",
      number,
      setup: rejected ?? (this.fd < 0 ? undefined : routeFailure(number, address)),
    };
  }

  /**
   * Reads what has arrived. The errors of a ping socket are taken first and applied last: an answer that came before an error counts.
   *
   * @param max - number of messages
   * @returns true when an ICMP error was taken, or may have been left behind
   */
  #read(max: number): boolean {
    const { receiver } = this.#tools.sockets;
    this.#overflow.measure();
    let found = this.#takeErrors() > 0;
    for (let reads = 0; reads < max; reads++) {
      const count = receiver.readFrom(this.fd);
      if (count >= 0) this.#take(count);
      else if (errno() !== EAGAIN) found = this.#takeErrors() > 0 || found;
      else {
        this.#behind = false;
        this.#applyErrors();
        return found;
      }
    }
    this.#behind = true;
    return true;
  }

  #take(count: number): void {
    const { reader, sockets } = this.#tools;
    const { receiver } = sockets;
    const { id, isPing } = this.#opened;
    const { isIpv6 } = this.#path;
    const kind = reader.read(receiver.bytes, count, isIpv6, !isPing && !isIpv6, id);
    if (kind === "other") return;
    const { bytes, sender } = receiver;
    if (kind === "error") {
      const request = this.#pending.find(reader, bytes, reader.targetAt);
      if (request === undefined) return;
      const senderView = new DataView(sender.buffer, sender.byteOffset, sender.byteLength);
      this.#refused(request, reader.type, reader.code, sockAddrIp(senderView, 0));
      return;
    }
    const request = this.#pending.find(reader, sender, addressOffset(isIpv6));
    if (request !== undefined)
      this.#settle(request, { kind: "answer", payloadBytes: reader.payloadBytes, atMs: receiver.stampMs });
  }

  /** Takes the errors of a ping socket, for {@link #applyErrors}. @returns the number of ICMP messages among them */
  #takeErrors(): number {
    if (!this.#opened.isPing) return 0;
    const { reader, sockets } = this.#tools;
    let found = 0;
    for (let reads = 0; reads < MAX_ERRORS; reads++) {
      const error = sockets.errorQueue.next(this.fd);
      if (error === undefined) return found;
      if (error === "other") continue;
      found++;
      if (!reader.readQuoted(error.packet, error.isIpv6, this.#opened.id)) continue;
      const request = this.#pending.find(reader, error.target, addressOffset(error.isIpv6));
      if (request !== undefined)
        this.#errors.push({ request, type: error.type, code: error.code, sender: error.offender });
    }
    return found;
  }

  #applyErrors(): void {
    if (this.#errors.length === 0) return;
    const errors = this.#errors;
    this.#errors = [];
    for (const { request, type, code, sender } of errors)
      if (request.outcome === undefined && !request.canceled) this.#refused(request, type, code, sender);
  }

  /** An ICMP error quotes the request. */
  #refused(request: EchoRequest, type: number, code: number, sender: string | undefined): void {
    const { isIpv6 } = this.#path;
    if (isTooBig(isIpv6, type, code)) {
      // The kernel knows the path's MTU now.
      if (request.resent) return;
      request.resent = true;
      this.#transmit(request);
      return;
    }
    const name = icmpErrorName(isIpv6, type, code);
    // A redirect reaches a ping socket as an error.
    if (name === undefined) return;
    const isOther = sender !== undefined && sender !== request.target.ip;
    this.#settle(request, { kind: "icmp-error", message: `ICMP ${name}${isOther ? ` from ${sender}` : ""}` });
  }

  #settle(request: EchoRequest, outcome: EchoOutcome): void {
    request.outcome = outcome;
    this.#settled.push(request);
    this.#pending.delete(request);
    this.#rest();
  }

  /** The dialer need not poll for a socket without requests. */
  #rest(): void {
    if (this.#pending.size === 0 && this.fd >= 0) this.#tools.sockets.unwatch(this);
  }

  #callSoon(): void {
    if (this.#willBeCalled) return;
    this.#willBeCalled = true;
    this.#tools.sockets.again(this);
  }

  #report(): void {
    const settled = this.#settled;
    if (settled.length === 0) return;
    this.#settled = [];
    for (const request of settled) {
      if (request.canceled) continue;
      try {
        request.owner.settled(request);
      } catch (error) {
        request.owner.crashed(error instanceof Error ? error : new Error(String(error)));
      }
    }
  }
}
