/**
 * Captures the TCP packets of a network (packet(7)), IPv4 over Ethernet. Started by packets.ts in that network; writes a line of JSON for each
 * packet, after an empty one that says that it captures; ends with its stdin.
 */
import { libc, MSG_DONTWAIT } from "../base/libc.ts";
import type { Packet } from "./packets.ts";

const AF_PACKET = 17;
const SOCK_RAW = 3;
const ETH_P_ALL_NETWORK_ORDER = 0x0300;
const ETHERNET_BYTES = 14;
const ETH_P_IP = 0x0800;
const IPPROTO_TCP = 6;
const FLAGS = [
  [0x02, "S"],
  [0x01, "F"],
  [0x04, "R"],
  [0x08, "P"],
  [0x10, "A"],
] as const;
const POLL_MS = 1;
const SOL_SOCKET = 1;
const SO_RCVBUFFORCE = 33;
/** Tens of thousands of packets: the kernel's default holds some 250, and drops the others while this process waits for a CPU. */
const RECEIVE_BUFFER = new Int32Array([64 << 20]);

const buffer = Buffer.from(new ArrayBuffer(65_536));
const fd = libc.socket(AF_PACKET, SOCK_RAW, ETH_P_ALL_NETWORK_ORDER);
if (fd < 0) throw new Error("open a packet socket: it needs root");
if (libc.setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER, RECEIVE_BUFFER.byteLength) !== 0) {
  throw new Error("enlarge the packet socket's buffer: it needs CAP_NET_ADMIN");
}

function packet(frame: Buffer): Packet | undefined {
  if (frame.length < ETHERNET_BYTES + 40 || frame.readUInt16BE(12) !== ETH_P_IP) return undefined;
  const ip = frame.subarray(ETHERNET_BYTES);
  if (ip[9] !== IPPROTO_TCP) return undefined;
  const headerBytes = (ip.readUInt8(0) & 0x0f) * 4;
  const tcp = ip.subarray(headerBytes);
  const flags = tcp.readUInt8(13);
  return {
    from: ip.subarray(12, 16).join("."),
    sourcePort: tcp.readUInt16BE(0),
    targetPort: tcp.readUInt16BE(2),
    flags: FLAGS.map(([bit, letter]) => ((flags & bit) === 0 ? "" : letter)).join(""),
    sequence: tcp.readUInt32BE(4),
    bytes: ip.readUInt16BE(2) - headerBytes - (tcp.readUInt8(12) >> 4) * 4,
  };
}

setInterval(() => {
  for (;;) {
    const length = Number(libc.recv(fd, buffer, buffer.length, MSG_DONTWAIT));
    if (length <= 0) return;
    const found = packet(buffer.subarray(0, length));
    if (found !== undefined) process.stdout.write(`${JSON.stringify(found)}\n`);
  }
}, POLL_MS);
process.stdout.write("\n");
for await (const _ of Bun.stdin.stream());
process.exit(0);
