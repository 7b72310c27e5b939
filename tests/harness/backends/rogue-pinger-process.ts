/**
 * A host that answers ICMP echo requests badly, in a process and network of its own: each address has a behavior. Started by rogue-pinger.ts;
 * writes a line when it is ready; ends with its stdin.
 */
import { libc, MSG_DONTWAIT } from "../base/libc.ts";
import { PINGER_BEHAVIORS, reactionOf } from "./rogue-pinger-behaviors.ts";

const AF_INET = 2;
const SOCK_RAW = 3;
const IPPROTO_ICMP = 1;
/** Sends packets with their IP header. */
const IPPROTO_RAW = 255;
const ECHO_REQUEST = 8;

const receiving = libc.socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
const sending = libc.socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
const bytes = Buffer.alloc(65_536);
const seen = new Map<string, number>();

function send(packet: Buffer): void {
  const address = Buffer.alloc(16);
  address.writeUInt16LE(AF_INET, 0);
  packet.copy(address, 4, 16, 20);
  libc.sendto(sending, packet, packet.length, 0, address, address.length);
}

function receive(packet: Buffer): void {
  const at = (packet.readUInt8(0) % 16) * 4;
  const to = [...packet.subarray(16, 20)].join(".");
  const from = [...packet.subarray(12, 16)].join(".");
  const behavior = PINGER_BEHAVIORS[packet.readUInt8(19) - 1];
  if (packet.readUInt8(at) !== ECHO_REQUEST || !to.startsWith("203.0.113.") || behavior === undefined) return;
  const before = seen.get(to) ?? 0;
  seen.set(to, before + 1);
  const payload = packet.subarray(at + 8);
  const ping = {
    type: ECHO_REQUEST,
    id: packet.readUInt16BE(at + 4),
    sequence: packet.readUInt16BE(at + 6),
    payload,
    from,
    to,
    packet,
    before,
  };
  for (const [reaction, delayMs] of reactionOf(behavior)(ping)) {
    if (delayMs === undefined) send(reaction);
    else setTimeout(() => send(reaction), delayMs);
  }
}

setInterval(() => {
  for (;;) {
    const count = libc.recv(receiving, bytes, bytes.length, MSG_DONTWAIT);
    if (count <= 0) return;
    receive(Buffer.from(bytes.subarray(0, count)));
  }
}, 1);
process.stdout.write("ready\n");
for await (const _ of Bun.stdin.stream());
process.exit(0);
