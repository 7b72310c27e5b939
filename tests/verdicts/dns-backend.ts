/** Name servers on 127.0.0.1 that answer as a row says, over UDP and over TCP on the same port. Used by the rows of the verdict table. */
import { type Answer, encode, type Packet } from "dns-packet";
import { freePort } from "../support/ports.ts";
import type { Backend } from "./behavior.ts";
import { type Script, scripted } from "./plain-backend.ts";

/** The name that the checks ask for. */
export const NAME = "www.example.test";

const HEADER_BYTES = 12;
const TYPE_NUMBERS: Readonly<Record<number, string>> = {
  1: "A",
  2: "NS",
  5: "CNAME",
  6: "SOA",
  12: "PTR",
  15: "MX",
  16: "TXT",
  28: "AAAA",
  33: "SRV",
  257: "CAA",
};

/** One question. */
export class Question {
  readonly id: number;
  /** The question section as it was sent. */
  readonly section: Buffer;
  readonly name: string;
  readonly type: string;

  constructor(readonly message: Buffer) {
    this.id = message.readUInt16BE(0);
    let at = HEADER_BYTES;
    const labels: string[] = [];
    for (let length = message[at] ?? 0; length > 0; length = message[at] ?? 0) {
      labels.push(message.toString("latin1", at + 1, at + 1 + length));
      at += 1 + length;
    }
    this.name = labels.join(".");
    this.type = TYPE_NUMBERS[message.readUInt16BE(at + 1)] ?? "unknown";
    this.section = Buffer.from(message.subarray(HEADER_BYTES, at + 5));
  }

  /** A good answer with these records, and changes to it. */
  reply(answers: readonly Answer[], changes: Partial<Packet> = {}): Buffer {
    // The cast repeats what TYPE_NUMBERS says: these are types that dns-packet knows.
    const questions = [{ type: this.type as "A", name: this.name }];
    return encode({ type: "response", id: this.id, questions, answers: [...answers], ...changes });
  }

  /** An answer with a hand-made answer section, which its header calls so many records. */
  raw(records: readonly number[], count = 1): Buffer {
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeUInt16BE(this.id, 0);
    header.writeUInt16BE(0x8180, 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(count, 6);
    return Buffer.concat([header, this.section, Buffer.from(records)]);
  }
}

/** How a row answers over UDP: the messages to send, in their order; or does it itself later, by `say`. */
export type Answering = (
  question: Question,
  turn: {
    readonly say: (message: Uint8Array) => void;
    readonly sayFromElsewhere: (message: Uint8Array) => void;
    /** Whether the same question has come before: a retransmission. */
    readonly repeated: boolean;
  },
) => readonly Uint8Array[] | Uint8Array | undefined;

/** Starts one. @param tcp - does something with each TCP connection; without it, TCP is refused */
export async function nameServer(udp: Answering, tcp?: Script): Promise<Backend> {
  await using stack = new AsyncDisposableStack();
  const over = tcp === undefined ? undefined : stack.use(scripted(tcp));
  const port = over?.port ?? freePort();
  const elsewhere = await Bun.udpSocket({ hostname: "127.0.0.1", port: 0, socket: { error() {} } });
  stack.defer(() => elsewhere.close());
  const seen = new Set<string>();
  const socket = await Bun.udpSocket({
    hostname: "127.0.0.1",
    port,
    socket: {
      data(own, bytes, peerPort, peerAddress) {
        const question = new Question(Buffer.from(bytes));
        const key = `${peerPort} ${question.id}`;
        const repeated = seen.has(key);
        seen.add(key);
        const say = (message: Uint8Array) => void (own.closed || own.send(message, peerPort, peerAddress));
        const sayFromElsewhere = (message: Uint8Array) => void elsewhere.send(message, peerPort, peerAddress);
        const messages = udp(question, { say, sayFromElsewhere, repeated });
        if (messages === undefined) return;
        for (const message of Array.isArray(messages)
          ? (messages as readonly Uint8Array[])
          : [messages as Uint8Array])
          say(message);
      },
      error() {},
    },
  });
  stack.defer(() => socket.close());
  const owned = stack.move();
  return { hostname: "127.0.0.1", port, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** A message with its length before it, as it goes over TCP. */
export function framed(message: Uint8Array): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(message.length);
  return Buffer.concat([length, message]);
}

/** A TCP script that answers the question. */
export function overTcp(answer: (question: Question) => Uint8Array): Script {
  return async (peer) => {
    const request = Buffer.from(await peer.request(), "latin1");
    await peer.write(answer(new Question(request.subarray(2))));
  };
}
