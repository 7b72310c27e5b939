/** A nameserver that sends whatever a test wants, over UDP and over TCP on the same port. Called by tests/faults. */

import { type Answer, encode, type Packet } from "dns-packet";
import { freePort } from "../base/ports.ts";
import type { Target } from "../client/checks.ts";
import { type Behavior, hostile } from "./hostile.ts";
import { sendTo } from "./send-to.ts";

/** The name that tests ask for. */
export const ASKED = "www.example.test";
/** Its address. */
export const ADDRESS: Answer = { type: "A", name: ASKED, ttl: 60, data: "192.0.2.1" };

/** One question over UDP. */
export interface Turn {
  readonly query: Buffer;
  /** Number of datagrams before it, including retransmissions. */
  readonly before: number;
  /** Answers. */
  say(message: Uint8Array): void;
  /** Answers from another port. */
  sayFromElsewhere(message: Uint8Array): void;
}

/** A good answer to a question, with changes. */
export function reply(query: Buffer, changes: Partial<Packet> = {}): Buffer {
  const questions = [{ type: "A" as const, name: ASKED }];
  return encode({ type: "response", id: query.readUInt16BE(0), questions, answers: [ADDRESS], ...changes });
}

/** An answer whose first record begins with the bytes given; its header declares the given number of records. */
export function rawReply(query: Buffer, records: readonly number[], promised = 1): Buffer {
  const header = Buffer.from(query.subarray(0, 12));
  header.writeUInt16BE(0x8180, 2);
  header.writeUInt16BE(promised, 6);
  return Buffer.concat([header, query.subarray(12), Buffer.from(records)]);
}

/** A message with its length in front, as it goes over TCP. */
export function framed(message: Uint8Array): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(message.length);
  return Buffer.concat([length, message]);
}

/** Starts a server. @param tcp - without it the TCP port is closed */
export async function startLiar(
  udp: (turn: Turn) => void,
  tcp?: Behavior,
): Promise<Target & AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  const port = tcp === undefined ? freePort() : stack.use(hostile(tcp)).port;
  const elsewhere = await Bun.udpSocket({ hostname: "127.0.0.1", port: 0, socket: { error: ignore } });
  stack.defer(() => elsewhere.close());
  let before = 0;
  const socket = await Bun.udpSocket({
    hostname: "127.0.0.1",
    port,
    socket: {
      data(own, query, peerPort, peerAddress) {
        const say = (message: Uint8Array) => sendTo(own, message, peerPort, peerAddress);
        const sayFromElsewhere = (message: Uint8Array) => sendTo(elsewhere, message, peerPort, peerAddress);
        udp({ query, before: before++, say, sayFromElsewhere });
      },
      error: ignore,
    },
  });
  stack.defer(() => socket.close());
  const owned = stack.move();
  return { hostname: "127.0.0.1", port, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** The asker has gone: answers that come late are refused. */
function ignore(): void {}
