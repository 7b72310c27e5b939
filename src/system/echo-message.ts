/**
 * ICMP echo as bytes (RFC 792, RFC 4443): the requests, their answers, and the ICMP errors that quote a request. No I/O; used by the echo
 * sockets.
 */

/** Header of an echo message: type, code, checksum, identifier, sequence number. */
export const ECHO_HEADER_BYTES = 8;
/** The random token that begins the payload of every request. */
export const TOKEN_BYTES = 8;
/** Smallest payload: the token, and some more that an answer must repeat. */
export const MIN_ECHO_PAYLOAD = 16;
/** Largest payload: fills an IPv4 packet of 9,000 bytes, the MTU of jumbo frames. */
export const MAX_ECHO_PAYLOAD = 8_972;

/** The payload behind the token, for readers of a packet dump. */
const PATTERN = "healthcheck-server ";
const IPV6_HEADER = 40;
const FRAGMENT_HEADER = 8;
const NEXT_FRAGMENT = 44;
const PROTOCOL_ICMP = 1;
const PROTOCOL_ICMPV6 = 58;

/** The numbers of one version of ICMP. */
export interface EchoTypes {
  readonly request: number;
  readonly reply: number;
  /** Errors that end a request: unreachable, packet too big, time exceeded, parameter problem. */
  readonly errors: readonly number[];
}

/** The numbers of ICMP. */
export const ECHO_V4: EchoTypes = { request: 8, reply: 0, errors: [3, 11, 12] };
/** The numbers of ICMPv6. */
export const ECHO_V6: EchoTypes = { request: 128, reply: 129, errors: [1, 2, 3, 4] };

/** True for the errors of a router that wants smaller packets, which the kernel sends from then on. */
export function isTooBig(isIpv6: boolean, type: number, code: number): boolean {
  return isIpv6 ? type === 2 : type === 3 && code === 4;
}

/**
 * Computes the Internet checksum (RFC 1071).
 *
 * @returns 0 for a message whose checksum is right, otherwise the value of a checksum field that is 0 now
 */
export function internetChecksum(bytes: Uint8Array, start: number, end: number): number {
  return ~fold(sumWords(bytes, start, end)) & 0xffff;
}

function sumWords(bytes: Uint8Array, start: number, end: number): number {
  let sum = 0;
  for (let at = start; at + 1 < end; at += 2) sum += ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
  if ((end - start) % 2 === 1) sum += (bytes[end - 1] ?? 0) << 8;
  return sum;
}

function fold(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded & 0xffff) + Math.floor(folded / 0x1_0000);
  return folded;
}

/** Identifies a request on a socket. */
export interface EchoKey {
  /** 0–65535 */
  readonly sequence: number;
  /** The halves of the token, each 0–4294967295. */
  readonly tokenHigh: number;
  readonly tokenLow: number;
}

/** Writes requests; one instance, with one buffer, serves every socket of the process. */
export class EchoWriter {
  /** The request that was written last, from its first byte; valid until the next one. */
  readonly bytes = Buffer.from(new ArrayBuffer(ECHO_HEADER_BYTES + MAX_ECHO_PAYLOAD));
  /** Sums of the payload behind the token, by the length of the payload. */
  readonly #sums = new Map<number, number>();

  constructor() {
    this.bytes.fill(PATTERN, ECHO_HEADER_BYTES + TOKEN_BYTES);
  }

  /**
   * Writes a request with its checksum. In IPv6 the kernel replaces the checksum, which includes the addresses.
   *
   * @param payloadBytes - {@link MIN_ECHO_PAYLOAD} to {@link MAX_ECHO_PAYLOAD}
   * @returns the length of the request
   */
  write({ request }: EchoTypes, id: number, key: EchoKey, payloadBytes: number): number {
    const { bytes } = this;
    const { sequence, tokenHigh, tokenLow } = key;
    const sum =
      (request << 8) +
      id +
      sequence +
      (tokenHigh >>> 16) +
      (tokenHigh & 0xffff) +
      (tokenLow >>> 16) +
      (tokenLow & 0xffff) +
      this.#patternSum(payloadBytes);
    bytes.writeUInt16BE(request << 8, 0);
    bytes.writeUInt16BE(~fold(sum) & 0xffff, 2);
    bytes.writeUInt16BE(id, 4);
    bytes.writeUInt16BE(sequence, 6);
    bytes.writeUInt32BE(tokenHigh, 8);
    bytes.writeUInt32BE(tokenLow, 12);
    return ECHO_HEADER_BYTES + payloadBytes;
  }

  #patternSum(payloadBytes: number): number {
    let sum = this.#sums.get(payloadBytes);
    if (sum === undefined) {
      sum = sumWords(this.bytes, ECHO_HEADER_BYTES + TOKEN_BYTES, ECHO_HEADER_BYTES + payloadBytes);
      this.#sums.set(payloadBytes, sum);
    }
    return sum;
  }
}

/**
 * Reads messages; one instance serves every socket of the process. Its fields describe the last message for which a method did not return
 * `other`: reading allocates nothing.
 */
export class EchoReader {
  sequence = 0;
  /** Halves of the token; meaningless without {@link hasToken}. */
  tokenHigh = 0;
  tokenLow = 0;
  /** False for an error that quotes less than the token: routers need not quote more than the header (RFC 792). */
  hasToken = false;
  /** Length of the payload of an answer. */
  payloadBytes = 0;
  /** Type and code of an error. */
  type = 0;
  code = 0;
  /** Offset of the address that the quoted request was sent to. */
  targetAt = 0;

  /**
   * Reads a message of a raw or ping socket.
   *
   * @param count - its length
   * @param isIpv6 - true for ICMPv6, whose checksum the kernel verifies
   * @param hasIpHeader - true when the message begins with an IPv4 header, as on a raw socket; then its checksum is verified here
   * @param id - the identifier of the socket
   * @returns `other` for a message that does not belong to the identifier
   */
  read(
    bytes: Buffer,
    count: number,
    isIpv6: boolean,
    hasIpHeader: boolean,
    id: number,
  ): "reply" | "error" | "other" {
    const types = isIpv6 ? ECHO_V6 : ECHO_V4;
    const at = hasIpHeader ? ipv4HeaderBytes(bytes, 0, count) : 0;
    if ((hasIpHeader && at === 0) || count < at + ECHO_HEADER_BYTES) return "other";
    const type = bytes[at] ?? 0;
    if (type === types.reply) {
      if (!this.#readEcho(bytes, at, count, id, types.reply)) return "other";
      if (!this.hasToken || bytes[at + 1] !== 0) return "other";
    } else if (types.errors.includes(type)) {
      const quotedAt = at + ECHO_HEADER_BYTES;
      const echoAt = isIpv6 ? this.#quotedV6(bytes, quotedAt, count) : this.#quotedV4(bytes, quotedAt, count);
      if (echoAt === 0 || !this.#readEcho(bytes, echoAt, count, id, types.request)) return "other";
      this.type = type;
      this.code = bytes[at + 1] ?? 0;
    } else return "other";
    if (hasIpHeader && internetChecksum(bytes, at, count) !== 0) return "other";
    return type === types.reply ? "reply" : "error";
  }

  /**
   * Reads the beginning of a request as the kernel keeps it in an error queue, without its IP header.
   *
   * @returns false for a packet that does not belong to the identifier
   */
  readQuoted(packet: Uint8Array, isIpv6: boolean, id: number): boolean {
    const bytes = Buffer.from(packet.buffer, packet.byteOffset, packet.byteLength);
    return this.#readEcho(bytes, 0, bytes.length, id, (isIpv6 ? ECHO_V6 : ECHO_V4).request);
  }

  #readEcho(bytes: Buffer, at: number, end: number, id: number, type: number): boolean {
    if (end < at + ECHO_HEADER_BYTES || bytes[at] !== type || bytes.readUInt16BE(at + 4) !== id) return false;
    this.sequence = bytes.readUInt16BE(at + 6);
    this.payloadBytes = end - at - ECHO_HEADER_BYTES;
    this.hasToken = this.payloadBytes >= TOKEN_BYTES;
    if (!this.hasToken) return true;
    this.tokenHigh = bytes.readUInt32BE(at + 8);
    this.tokenLow = bytes.readUInt32BE(at + 12);
    return true;
  }

  /** Returns the offset of the echo request in a quoted IPv4 packet; 0 when the packet does not contain one. */
  #quotedV4(bytes: Buffer, at: number, end: number): number {
    const length = ipv4HeaderBytes(bytes, at, end);
    if (length === 0 || bytes[at + 9] !== PROTOCOL_ICMP) return 0;
    // Only the first fragment begins with the header.
    if ((bytes.readUInt16BE(at + 6) & 0x1fff) !== 0) return 0;
    this.targetAt = at + 16;
    return at + length;
  }

  /** The same in a quoted IPv6 packet. Our requests have no other extension header than that of a fragment. */
  #quotedV6(bytes: Buffer, at: number, end: number): number {
    if (end < at + IPV6_HEADER || (bytes[at] ?? 0) >> 4 !== 6) return 0;
    this.targetAt = at + 24;
    const next = bytes[at + 6];
    if (next === PROTOCOL_ICMPV6) return at + IPV6_HEADER;
    const fragmentAt = at + IPV6_HEADER;
    if (next !== NEXT_FRAGMENT || end < fragmentAt + FRAGMENT_HEADER) return 0;
    const isFirst = (bytes.readUInt16BE(fragmentAt + 2) & 0xfff8) === 0;
    return isFirst && bytes[fragmentAt] === PROTOCOL_ICMPV6 ? fragmentAt + FRAGMENT_HEADER : 0;
  }
}

/** Returns the length of an IPv4 header; 0 for bytes that are not one. */
function ipv4HeaderBytes(bytes: Buffer, at: number, end: number): number {
  if (end < at + 20 || (bytes[at] ?? 0) >> 4 !== 4) return 0;
  const length = ((bytes[at] ?? 0) & 0x0f) * 4;
  return length >= 20 && end >= at + length ? length : 0;
}
