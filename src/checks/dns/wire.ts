/**
 * DNS messages as bytes (RFC 1035, 4), sans-I/O. Encodes a question; reads a reply in an order that makes hostile messages cheap: id,
 * QR, opcode and question are compared on the raw bytes before anything is decoded, records are skipped by their length, and only
 * those that can be the answer are decoded. Each byte of a message is visited a bounded number of times, whatever its pointers contain.
 */

import { DnsNames, endOfName, lowerCase, MalformedMessage, type NameId } from "./names.ts";
import { type DataText, readData, readName } from "./records.ts";
import type { QueryType } from "./spec.ts";

/** A DNS question. */
export interface Question {
  /** Chosen at random; an answer must repeat it. */
  readonly id: number;
  /** Valid, in ASCII, without a dot at its end except for the root, which is one. */
  readonly name: string;
  readonly type: QueryType;
}

/** A record of the answer section that has the type asked for. */
export interface DnsRecord {
  readonly owner: NameId;
  readonly text: DataText;
}

/** The answer to a question, whatever its response code. */
export interface Answer {
  readonly kind: "answer";
  /** `NOERROR`, `NXDOMAIN`, …, or `RCODE12`. */
  readonly rcode: string;
  /** The name asked for; undefined when a refusal does not repeat the question. */
  readonly name: NameId | undefined;
  readonly records: readonly DnsRecord[];
  /** Target of the CNAME records of the answer section, followed from name to name. */
  readonly aliases: ReadonlyMap<NameId, NameId>;
  /** True when the answer section has no record of any type. */
  readonly empty: boolean;
  /** True when the server is not responsible for the name and does not recurse; only other servers can answer. */
  readonly lame: boolean;
}

/** A message that was received. */
export type Reply =
  | Answer
  /** The answer did not fit; it must be asked for over TCP. */
  | { readonly kind: "truncated" }
  /** Not an answer to this question: late or forged. */
  | { readonly kind: "stray"; readonly why: string }
  /** An answer to this question that breaks the format. */
  | { readonly kind: "malformed"; readonly why: string };

/** Numbers of the record types (RFC 1035, 3.2.2; RFC 3596; RFC 2782; RFC 8659). */
const TYPE_NUMBERS: Readonly<Record<QueryType, number>> = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  CAA: 257,
};
const CLASS_IN = 1;
/** RFC 1035, 4.1.1; RFC 2136, 2.2. */
const RCODES =
  "NOERROR FORMERR SERVFAIL NXDOMAIN NOTIMP REFUSED YXDOMAIN YXRRSET NXRRSET NOTAUTH NOTZONE".split(" ");
const RCODE_NOERROR = 0;
const OPCODES: readonly (string | undefined)[] = ["QUERY", "IQUERY", "STATUS", undefined, "NOTIFY", "UPDATE"];
/** A resolver's answer has tens of records at most; a message of 64 KiB could declare 65,535. */
const MAX_RECORDS = 1_000;
const HEADER_BYTES = 12;
/** Type and class after the name of a question. */
const QUESTION_FIXED_BYTES = 4;
/** Type, class, time to live and length, between a record's name and its data. */
const RECORD_FIXED_BYTES = 10;
const FLAG_RESPONSE = 0x8000;
const FLAG_AUTHORITATIVE = 0x0400;
const FLAG_TRUNCATED = 0x0200;
const FLAG_RECURSION_DESIRED = 0x0100;
const FLAG_RECURSION_AVAILABLE = 0x0080;

/** The question as a message, recursion desired. */
export function encodeQuestion({ id, name, type }: Question): Buffer {
  // Each label has its length before it, as it has a dot behind it here; the root is a length alone.
  const nameBytes = name === "." ? 1 : name.length + 2;
  const message = Buffer.allocUnsafe(HEADER_BYTES + nameBytes + QUESTION_FIXED_BYTES);
  message.writeUInt16BE(id, 0);
  message.writeUInt16BE(FLAG_RECURSION_DESIRED, 2);
  message.writeUInt16BE(1, 4);
  message.fill(0, 6, HEADER_BYTES);
  let at = HEADER_BYTES;
  for (const label of name === "." ? [] : name.split(".")) {
    message[at] = label.length;
    at += 1 + message.write(label, at + 1, "latin1");
  }
  message[at] = 0;
  message.writeUInt16BE(TYPE_NUMBERS[type], at + 1);
  message.writeUInt16BE(CLASS_IN, at + 3);
  return message;
}

/**
 * Reads a received message.
 *
 * @param bytes - one message, without the length that TCP puts before it
 * @param asked - the question as it was sent, from {@link encodeQuestion}
 * @param type - the record type in it
 */
export function readReply(bytes: Uint8Array, asked: Buffer, type: QueryType): Reply {
  const message = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (message.length < HEADER_BYTES)
    return stray(`a malformed message (${message.length} bytes, shorter than a header)`);
  const foreign = foreignHead(message, asked);
  if (foreign !== undefined) return stray(foreign);
  const flags = message.readUInt16BE(2);
  if ((flags & FLAG_TRUNCATED) !== 0) return { kind: "truncated" };
  try {
    return readAnswer(message, asked.length, flags, type);
  } catch (error) {
    if (!(error instanceof MalformedMessage)) throw error;
    return { kind: "malformed", why: `a malformed message (${error.message})` };
  }
}

function stray(why: string): Reply {
  return { kind: "stray", why };
}

/** Returns the reason why a message is not an answer to the question; undefined when it is one. Decodes nothing. */
function foreignHead(message: Buffer, asked: Buffer): string | undefined {
  if (message.readUInt16BE(0) !== asked.readUInt16BE(0)) return "an answer with another id";
  const flags = message.readUInt16BE(2);
  if ((flags & FLAG_RESPONSE) === 0) return "a message that is not an answer";
  const opcode = (flags >> 11) & 0xf;
  if (opcode !== 0) return `an answer with opcode ${OPCODES[opcode] ?? opcode}`;
  const questions = message.readUInt16BE(4);
  // RFC 9619.
  if (questions > 1) return `a malformed message (it has ${questions} questions)`;
  // Servers that did not understand a question may leave it out of their refusal.
  const same = questions === 0 ? (flags & 0xf) !== RCODE_NOERROR : sameQuestion(message, asked);
  return same ? undefined : "an answer to another question";
}

/** Compares the bytes of the question section; letters are equal in either case. A compressed name there points nowhere sane. */
function sameQuestion(message: Buffer, asked: Buffer): boolean {
  if (message.length < asked.length) return false;
  const nameEnd = asked.length - QUESTION_FIXED_BYTES;
  for (let at = HEADER_BYTES; at < asked.length; at++) {
    const theirs = message[at] ?? 0;
    const ours = asked[at] ?? 0;
    if (theirs !== ours && (at >= nameEnd || lowerCase(theirs) !== lowerCase(ours))) return false;
  }
  return true;
}

/** @param askedBytes - the length of the question's message: where the first record of an answer that repeats it starts */
function readAnswer(message: Buffer, askedBytes: number, flags: number, type: QueryType): Answer {
  const hasQuestion = message.readUInt16BE(4) === 1;
  const answers = message.readUInt16BE(6);
  const authorities = message.readUInt16BE(8);
  const additionals = message.readUInt16BE(10);
  const names = new DnsNames(message);
  const start = hasQuestion ? askedBytes : HEADER_BYTES;
  const counts = { answers, records: answers + authorities + additionals };
  const code = flags & 0xf;
  return {
    kind: "answer",
    rcode: RCODES[code] ?? `RCODE${code}`,
    name: hasQuestion ? names.read(HEADER_BYTES) : undefined,
    ...readRecords(message, names, start, counts, type),
    empty: answers === 0,
    // As glibc's resolver has it.
    lame:
      code === RCODE_NOERROR &&
      answers + additionals === 0 &&
      (flags & (FLAG_AUTHORITATIVE | FLAG_RECURSION_AVAILABLE)) === 0,
  };
}

/** @throws MalformedMessage */
function readRecords(
  message: Buffer,
  names: DnsNames,
  start: number,
  counts: { readonly answers: number; readonly records: number },
  wanted: QueryType,
): Pick<Answer, "records" | "aliases"> {
  if (counts.records > MAX_RECORDS) {
    throw new MalformedMessage(`it declares ${counts.records} records, limit ${MAX_RECORDS}`);
  }
  const records: DnsRecord[] = [];
  const aliases = new Map<NameId, NameId>();
  let at = start;
  for (let index = 0; index < counts.records; index++) {
    const fixedAt = endOfName(message, at);
    const dataAt = fixedAt + RECORD_FIXED_BYTES;
    if (dataAt > message.length) throw new MalformedMessage("a record extends past the end of the message");
    const end = dataAt + message.readUInt16BE(dataAt - 2);
    if (end > message.length) throw new MalformedMessage("a record extends past the end of the message");
    // In other sections and other classes the same two bytes, or the data, mean something else: EDNS uses the class as a size.
    if (index < counts.answers && message.readUInt16BE(fixedAt + 2) === CLASS_IN) {
      const type = message.readUInt16BE(fixedAt);
      if (type === TYPE_NUMBERS[wanted]) {
        records.push({ owner: names.read(at), text: readData(message, names, wanted, dataAt, end) });
      }
      if (type === TYPE_NUMBERS.CNAME) {
        aliases.set(names.read(at), readName(message, names, "CNAME", dataAt, end));
      }
    }
    at = end;
  }
  return { records, aliases };
}
