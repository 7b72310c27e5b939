/**
 * DNS messages as bytes (RFC 1035, 4), sans-I/O. Encodes a question; reads a reply in an order that makes hostile messages cheap: id,
 * QR, opcode and question are compared on the raw bytes before anything is decoded, records are skipped by their length, and only
 * those that can be the answer are decoded. Each byte of a message is visited a bounded number of times, whatever its pointers contain.
 */

import { DnsNames, endOfName, lowerCase, MalformedMessage, type NameId } from "./names.ts";
import { rcodeName } from "./rcode.ts";
import { type DataText, readData, readName } from "./records.ts";
import { type QueryClass, type QueryType, type QuestionOptions, USUAL_QUESTION } from "./spec.ts";

/** A DNS question. */
export interface Question {
  /** Chosen at random; an answer must repeat it. */
  readonly id: number;
  /** Valid, in ASCII, without a dot at its end except for the root, which is one. */
  readonly name: string;
  readonly type: QueryType;
  /** {@link USUAL_QUESTION} when absent. */
  readonly options?: QuestionOptions;
}

/** A record of the answer section that has the type asked for. */
export interface DnsRecord {
  readonly owner: NameId;
  readonly text: DataText;
}

/** A CNAME record of the answer section. */
export interface Alias {
  readonly target: NameId;
  /** The name that it points to. */
  readonly text: DataText;
}

/** The answer to a question, whatever its response code. */
export interface Answer {
  readonly kind: "answer";
  /** `NOERROR`, `NXDOMAIN`, …, or `RCODE12`; extended by an OPT record when the question had one. */
  readonly rcode: string;
  /** The name asked for; undefined when a refusal does not repeat the question. */
  readonly name: NameId | undefined;
  readonly records: readonly DnsRecord[];
  /** The CNAME records of the answer section by owner, followed from name to name; none when CNAME records were asked for. */
  readonly aliases: ReadonlyMap<NameId, Alias>;
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
/** RFC 1035, 3.2.4. */
const CLASS_NUMBERS: Readonly<Record<QueryClass, number>> = { IN: 1, CH: 3, HS: 4 };
/** RFC 6891, 6.1.1. */
const TYPE_OPT = 41;
const RCODE_NOERROR = 0;
const OPCODES: readonly (string | undefined)[] = ["QUERY", "IQUERY", "STATUS", undefined, "NOTIFY", "UPDATE"];
/** A resolver's answer has tens of records at most; a message of 64 KiB could declare 65,535. */
const MAX_RECORDS = 1_000;
const HEADER_BYTES = 12;
/** Type and class after the name of a question. */
const QUESTION_FIXED_BYTES = 4;
/** An OPT record without options: the root, type, size, extended code and flags, length. */
const OPT_BYTES = 11;
/** Type, class, time to live and length, between a record's name and its data. */
const RECORD_FIXED_BYTES = 10;
const FLAG_RESPONSE = 0x8000;
const FLAG_AUTHORITATIVE = 0x0400;
const FLAG_TRUNCATED = 0x0200;
const FLAG_RECURSION_DESIRED = 0x0100;
const FLAG_RECURSION_AVAILABLE = 0x0080;

/** The question as a message. */
export function encodeQuestion({ id, name, type, options = USUAL_QUESTION }: Question): Buffer {
  const { queryClass, recursionDesired, ednsBytes } = options;
  // Each label has its length before it, as it has a dot behind it here; the root is a length alone.
  const nameBytes = name === "." ? 1 : name.length + 2;
  const end = HEADER_BYTES + nameBytes + QUESTION_FIXED_BYTES;
  const message = Buffer.alloc(end + optBytes(options));
  message.writeUInt16BE(id, 0);
  message.writeUInt16BE(recursionDesired ? FLAG_RECURSION_DESIRED : 0, 2);
  message.writeUInt16BE(1, 4);
  let at = HEADER_BYTES;
  for (const label of name === "." ? [] : name.split(".")) {
    message[at] = label.length;
    at += 1 + message.write(label, at + 1, "latin1");
  }
  message.writeUInt16BE(TYPE_NUMBERS[type], at + 1);
  message.writeUInt16BE(CLASS_NUMBERS[queryClass], at + 3);
  if (ednsBytes !== undefined) {
    message.writeUInt16BE(1, 10);
    message.writeUInt16BE(TYPE_OPT, end + 1);
    message.writeUInt16BE(ednsBytes, end + 3);
  }
  return message;
}

function optBytes({ ednsBytes }: QuestionOptions): number {
  return ednsBytes === undefined ? 0 : OPT_BYTES;
}

/**
 * Reads a received message.
 *
 * @param bytes - one message, without the length that TCP puts before it
 * @param sent - the question as it was sent, from {@link encodeQuestion}
 * @param question - its record type and options
 */
export function readReply(
  bytes: Uint8Array,
  sent: Buffer,
  question: Pick<Question, "type" | "options">,
): Reply {
  const { type, options = USUAL_QUESTION } = question;
  // Servers repeat the question section only, not the records behind it.
  const asked = sent.subarray(0, sent.length - optBytes(options));
  const message = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (message.length < HEADER_BYTES)
    return stray(`a malformed message (${message.length} bytes, shorter than a header)`);
  const foreign = foreignHead(message, asked);
  if (foreign !== undefined) return stray(foreign);
  const flags = message.readUInt16BE(2);
  if ((flags & FLAG_TRUNCATED) !== 0) return { kind: "truncated" };
  try {
    return readAnswer(message, asked.length, flags, type, options);
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
function readAnswer(
  message: Buffer,
  askedBytes: number,
  flags: number,
  type: QueryType,
  options: QuestionOptions,
): Answer {
  const hasQuestion = message.readUInt16BE(4) === 1;
  const answers = message.readUInt16BE(6);
  const authorities = message.readUInt16BE(8);
  const additionals = message.readUInt16BE(10);
  const names = new DnsNames(message);
  const start = hasQuestion ? askedBytes : HEADER_BYTES;
  const counts = { answers, beforeOpt: answers + authorities, records: answers + authorities + additionals };
  const name = hasQuestion ? names.read(HEADER_BYTES) : undefined;
  const { records, aliases, opt } = readRecords(message, names, start, counts, type, options);
  // Without EDNS in the question an OPT record has no business in the answer, and extends nothing.
  const extended = options.ednsBytes === undefined ? undefined : opt;
  const code = ((extended ?? 0) << 4) | (flags & 0xf);
  return {
    kind: "answer",
    rcode: rcodeName(code),
    name,
    records,
    aliases,
    empty: answers === 0,
    // As glibc's resolver has it.
    lame:
      code === RCODE_NOERROR &&
      answers + additionals - (extended === undefined ? 0 : 1) === 0 &&
      (flags & (FLAG_AUTHORITATIVE | FLAG_RECURSION_AVAILABLE)) === 0,
  };
}

/** Numbers of records. */
interface Counts {
  readonly answers: number;
  /** Records before those of the additional section, where an OPT record is. */
  readonly beforeOpt: number;
  readonly records: number;
}

/** The records that matter. */
interface FoundRecords extends Pick<Answer, "records" | "aliases"> {
  /** The upper 8 bits of the response code, from the first OPT record; undefined without one. */
  readonly opt: number | undefined;
}

/** @throws MalformedMessage */
function readRecords(
  message: Buffer,
  names: DnsNames,
  start: number,
  counts: Counts,
  wanted: QueryType,
  { queryClass }: QuestionOptions,
): FoundRecords {
  if (counts.records > MAX_RECORDS) {
    throw new MalformedMessage(`it declares ${counts.records} records, limit ${MAX_RECORDS}`);
  }
  const classNumber = CLASS_NUMBERS[queryClass];
  const records: DnsRecord[] = [];
  const aliases = new Map<NameId, Alias>();
  let opt: number | undefined;
  let at = start;
  for (let index = 0; index < counts.records; index++) {
    const fixedAt = endOfName(message, at);
    const dataAt = fixedAt + RECORD_FIXED_BYTES;
    if (dataAt > message.length) throw new MalformedMessage("a record extends past the end of the message");
    const end = dataAt + message.readUInt16BE(dataAt - 2);
    if (end > message.length) throw new MalformedMessage("a record extends past the end of the message");
    const type = message.readUInt16BE(fixedAt);
    // In other sections and other classes the same two bytes, or the data, mean something else: EDNS uses the class as a size.
    if (index < counts.answers && message.readUInt16BE(fixedAt + 2) === classNumber) {
      if (type === TYPE_NUMBERS[wanted]) {
        records.push({ owner: names.read(at), text: readData(message, names, wanted, dataAt, end) });
      } else if (type === TYPE_NUMBERS.CNAME) {
        const { id: target, text } = readName(message, names, "CNAME", dataAt, end);
        const owner = names.read(at);
        // A name has one alias (RFC 1034, 3.6.2); of more the first counts, as for the system's resolver.
        if (!aliases.has(owner)) aliases.set(owner, { target, text });
      }
    } else if (index >= counts.beforeOpt && type === TYPE_OPT) opt ??= message.readUInt8(fixedAt + 4);
    at = end;
  }
  return { records, aliases, opt };
}
