/** ICMP messages as raw sockets receive them, for tests of the reader. Independent of the code that is tested. */

/** The parts of an echo message. */
export interface EchoParts {
  readonly type: number;
  readonly id: number;
  readonly sequence: number;
  readonly payload: Uint8Array;
}

/** An echo message with its checksum. */
export function echo({ type, id, sequence, payload }: EchoParts): Buffer {
  const bytes = Buffer.alloc(8 + payload.length);
  bytes.writeUInt8(type, 0);
  bytes.writeUInt16BE(id, 4);
  bytes.writeUInt16BE(sequence, 6);
  bytes.set(payload, 8);
  bytes.writeUInt16BE(checksum(bytes), 2);
  return bytes;
}

/** An ICMP error that quotes a packet. */
export function icmpError(type: number, code: number, quoted: Uint8Array): Buffer {
  const bytes = Buffer.concat([Buffer.from([type, code, 0, 0, 0, 0, 0, 0]), quoted]);
  bytes.writeUInt16BE(checksum(bytes), 2);
  return bytes;
}

/** An IPv4 packet. @param options - bytes of IP options, a multiple of 4 */
export function ipv4(
  target: string,
  body: Uint8Array,
  { options = 0, fragment = 0, protocol = 1 } = {},
): Buffer {
  const header = Buffer.alloc(20 + options);
  header.writeUInt8(0x40 | (header.length / 4), 0);
  header.writeUInt16BE(header.length + body.length, 2);
  header.writeUInt16BE(fragment, 6);
  header.writeUInt8(64, 8);
  header.writeUInt8(protocol, 9);
  header.set([192, 0, 2, 1], 12);
  header.set(target.split(".").map(Number), 16);
  return Buffer.concat([header, body]);
}

/** An IPv4 packet without options, from an address to another. */
export function ipv4Between(from: string, to: string, body: Uint8Array): Buffer {
  const packet = ipv4(to, body);
  packet.set(from.split(".").map(Number), 12);
  return packet;
}

/** An IPv6 packet. @param fragment - offset field of a fragment header; undefined for no such header */
export function ipv6(target: Uint8Array, body: Uint8Array, fragment?: number): Buffer {
  const header = Buffer.alloc(40);
  header.writeUInt8(0x60, 0);
  header.writeUInt8(fragment === undefined ? 58 : 44, 6);
  header.set(target, 24);
  if (fragment === undefined) return Buffer.concat([header, body]);
  const extension = Buffer.alloc(8);
  extension.writeUInt8(58, 0);
  extension.writeUInt16BE(fragment, 2);
  return Buffer.concat([header, extension, body]);
}

/** The checksum of RFC 1071, in its plainest form. */
export function checksum(bytes: Uint8Array): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) {
    sum += (bytes[at] ?? 0) * 256 + (bytes[at + 1] ?? 0);
    if (sum > 65_535) sum -= 65_535;
  }
  return 65_535 - sum;
}
