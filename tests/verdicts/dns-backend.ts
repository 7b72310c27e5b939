/** Nameservers on 127.0.0.1 that answer as a row says, over UDP and over TCP on the same port. Used by the rows of the verdict table. */
import { type Answer, encode, type Packet } from "dns-packet";
import { sendTo } from "../harness/backends/send-to.ts";
import { freePort } from "../harness/base/ports.ts";
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

  /** An answer with a hand-made answer section. @param count - the number of records in its header */
  raw(records: readonly number[], count = 1): Buffer {
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeUInt16BE(this.id, 0);
    header.writeUInt16BE(0x8180, 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(count, 6);
    return Buffer.concat([header, this.section, Buffer.from(records)]);
  }
}

/** Ways in which a row answers later, or from another port. */
export interface Turn {
  readonly send: (message: Uint8Array) => void;
  /** Sends from another port. */
  readonly sendFromElsewhere: (message: Uint8Array) => void;
  /** True when the same question has come before: a retransmission. */
  readonly repeated: boolean;
}

/** Answers of a row to a question over UDP: messages, in their order. */
export type Answering = (question: Question, turn: Turn) => Uint8Array | readonly Uint8Array[] | undefined;

/** Starts a nameserver. @param tcp - does something with each TCP connection; without it, TCP is refused */
export async function nameserver(udp: Answering, tcp?: Script): Promise<Backend> {
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
        const send = (message: Uint8Array) => sendTo(own, message, peerPort, peerAddress);
        const sendFromElsewhere = (message: Uint8Array) => sendTo(elsewhere, message, peerPort, peerAddress);
        const messages = udp(question, { send, sendFromElsewhere, repeated }) ?? [];
        for (const message of messages instanceof Uint8Array ? [messages] : messages) send(message);
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
