/** Behaviors of a host on an ICMP echo request: the packets that it sends. Used by the rogue pinger, in its process. */
import { type EchoParts, echo, icmpError, ipv4Between } from "./icmp-packets.ts";

/** An echo request as it arrived. */
export interface Ping extends EchoParts {
  readonly from: string;
  readonly to: string;
  /** The whole packet. */
  readonly packet: Buffer;
  /** Requests to this address before. */
  readonly before: number;
}

/** Packets, each with the delay after the request in milliseconds. */
type Reaction = (ping: Ping) => readonly (readonly [packet: Buffer, delayMs?: number])[];

const ELSEWHERE = "203.0.113.200";
/** Sizes of the payloads of a flood. */
const FLOOD_SIZES = [0, 1, 8, 56, 57, 1_000, 1_400];
const FLOOD_ROUNDS = 60;

function reply(ping: Ping, changes: Partial<EchoParts> = {}, from = ping.to): Buffer {
  const { id, sequence, payload } = ping;
  return ipv4Between(from, ping.from, echo({ type: 0, id, sequence, payload, ...changes }));
}

function error(ping: Ping, type: number, code: number, quoted: Buffer = ping.packet, from = ping.to): Buffer {
  return ipv4Between(from, ping.from, icmpError(type, code, quoted));
}

function flipped(bytes: Uint8Array, at: number): Buffer {
  const changed = Buffer.from(bytes);
  changed.writeUInt8(changed.readUInt8(at) ^ 0xff, at);
  return changed;
}

/** Every kind of ICMP that is not for this check, of all sizes. */
function flood(ping: Ping): Buffer[] {
  return FLOOD_SIZES.flatMap((size) => {
    const payload = Buffer.alloc(size, 0xa5);
    return [
      reply(ping, { id: ping.id ^ 1, payload }),
      reply(ping, { sequence: ping.sequence ^ 1, payload }),
      reply(ping, { payload }),
      error(ping, 3, 3, Buffer.concat([flipped(ping.packet.subarray(0, 28), 25), payload])),
      error(ping, 11, 0, payload),
      error(ping, 5, 1, Buffer.concat([ping.packet, payload])),
      ipv4Between(ping.to, ping.from, echo({ ...ping, type: 13, payload })),
    ];
  });
}

const REACTIONS = {
  healthy: (ping) => [[reply(ping)]],
  twice: (ping) => [[reply(ping)], [reply(ping)]],
  /** Answers the second request only: the first one, or its answer, is lost. */
  loses: (ping) => (ping.before % 2 === 0 ? [] : [[reply(ping)]]),
  silent: () => [],
  late: (ping) => [[reply(ping), 8_000]],
  wrongToken: (ping) => [[reply(ping, { payload: flipped(ping.payload, 0) })]],
  wrongId: (ping) => [[reply(ping, { id: ping.id ^ 0x8000 })]],
  wrongSequence: (ping) => [[reply(ping, { sequence: ping.sequence ^ 0x8000 })]],
  wrongSource: (ping) => [[reply(ping, {}, ELSEWHERE)]],
  wrongChecksum: (ping) => [[flipped(reply(ping), 22)]],
  wrongType: (ping) => [[reply(ping, { type: 8 })]],
  short: (ping) => [[reply(ping, { payload: ping.payload.subarray(0, 20) })]],
  long: (ping) => [[reply(ping, { payload: Buffer.concat([ping.payload, Buffer.alloc(100)]) })]],
  tokenless: (ping) => [[reply(ping, { payload: ping.payload.subarray(0, 7) })]],
  unreachable: (ping) => [[error(ping, 3, 1)]],
  headerOnly: (ping) => [[error(ping, 3, 10, ping.packet.subarray(0, 28))]],
  timeExceeded: (ping) => [[error(ping, 11, 0, ping.packet, ELSEWHERE)]],
  parameter: (ping) => [[error(ping, 12, 0)]],
  unknownCode: (ping) => [[error(ping, 3, 99)]],
  errorOfOtherToken: (ping) => [[error(ping, 3, 1, flipped(ping.packet, 28))]],
  errorOfOtherTarget: (ping) => [[error(ping, 3, 1, flipped(ping.packet, 19))]],
  redirect: (ping) => [[error(ping, 5, 1)], [reply(ping)]],
  tooBigOnce: (ping) => (ping.before === 0 ? [[error(ping, 3, 4)]] : [[reply(ping)]]),
  answerThenError: (ping) => [[reply(ping)], [error(ping, 3, 1)]],
  flood: (ping) => [
    ...Array.from({ length: FLOOD_ROUNDS }, () => flood(ping)).flatMap((round) =>
      round.map((packet) => [packet] as const),
    ),
    [reply(ping)],
  ],
  floodAndSilence: (ping) =>
    Array.from({ length: FLOOD_ROUNDS }, () => flood(ping)).flatMap((round) =>
      round.map((packet) => [packet] as const),
    ),
} satisfies Record<string, Reaction>;

/** Name of a behavior. */
export type PingerBehavior = keyof typeof REACTIONS;

/** All behaviors, in the order of their addresses. */
// The cast restores the names that keys() has widened.
export const PINGER_BEHAVIORS = Object.keys(REACTIONS) as PingerBehavior[];

/** The packets that answer a request. */
export function reactionOf(behavior: PingerBehavior): Reaction {
  return REACTIONS[behavior];
}
