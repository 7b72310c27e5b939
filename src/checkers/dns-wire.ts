/**
 * A DNS message taken apart (RFC 1035, 4). Records are walked by the lengths they have; decoded, by dns-packet, are only
 * those that can be the answer. So what else a server sends along, EDNS options, signatures, types yet to come, cannot
 * make its answer a malformed one.
 */
import { type Answer, answer, type DecodedPacket, decode, name } from "dns-packet";
import type { QueryType } from "../model/spec.ts";

declare module "dns-packet" {
  /** Exported, but missing in its types. */
  interface Decoder<T> {
    (message: Buffer, at: number): T;
    /** How many the last call has read. */
    readonly bytes: number;
  }
  const answer: { readonly decode: Decoder<Answer> };
  const name: { readonly decode: Decoder<string> };
}

/** What a message says. */
export interface Message {
  /** Flags, id and question. */
  readonly head: DecodedPacket & { readonly rcode?: string; readonly opcode?: string };
  /** Records of the answer section, of class IN and the type wanted, and aliases; none when the message is truncated. */
  readonly answers: readonly Answer[];
}

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
/** More than any sane answer has; 4,000 records, each a long chain of pointers, would hold up everything for 80 ms. */
const MOST_RECORDS = 1_000;
const HEADER_BYTES = 12;
/** Where the header has its four numbers: questions, answers, and the records of the two other sections. */
const COUNTS_AT = [4, 6, 8, 10];
/** Type, class, time to live and length: between a record's name and its data. */
const FIXED_BYTES = 10;
const BEHIND = "a record goes on behind its end";

/**
 * Takes a message apart.
 *
 * @param message - without the length that TCP puts before it
 * @param wanted - the type of records asked for
 * @throws Error when it is malformed
 */
export function readMessage(message: Buffer, wanted: QueryType): Message {
  if (message.length < HEADER_BYTES) throw new Error("it is shorter than a header");
  const [questions = 0, answers = 0, ...others] = COUNTS_AT.map((at) => message.readUInt16BE(at));
  const records = others.reduce((sum, count) => sum + count, answers);
  if (questions + records > MOST_RECORDS) {
    throw new Error(`it promises ${questions + records} records, more than ${MOST_RECORDS}`);
  }
  // RFC 9619. None at all is up to the caller.
  if (questions > 1) throw new Error(`it has ${questions} questions`);
  const withoutRecords = Buffer.from(message);
  withoutRecords.fill(0, COUNTS_AT[1], HEADER_BYTES);
  const head = decode(withoutRecords);
  // Of a truncated message nothing more is to be read (RFC 2181, 9): its last record may be cut.
  if (head.flag_tc) return { head, answers: [] };
  return { head, answers: readAnswers(message, decode.bytes, { answers, records }, wanted) };
}

/** @param start - where the first record begins */
function readAnswers(
  message: Buffer,
  start: number,
  counts: { readonly answers: number; readonly records: number },
  wanted: QueryType,
): Answer[] {
  const found: Answer[] = [];
  let at = start;
  for (let index = 0; index < counts.records; index++) {
    const fixedAt = endOfName(message, at);
    const dataAt = fixedAt + FIXED_BYTES;
    if (dataAt > message.length) throw new Error(BEHIND);
    const end = dataAt + message.readUInt16BE(dataAt - 2);
    if (end > message.length) throw new Error(BEHIND);
    const type = message.readUInt16BE(fixedAt);
    // In other sections and other classes the same two bytes mean other things, as with EDNS, or their data do.
    const isAnswer = index < counts.answers && message.readUInt16BE(fixedAt + 2) === CLASS_IN;
    if (isAnswer && (type === TYPE_NUMBERS[wanted] || type === TYPE_NUMBERS.CNAME)) {
      found.push(decodeRecord(message, at, dataAt, end));
    }
    at = end;
  }
  return found;
}

/** Pointers are not followed: what they point to matters only of names that are decoded. */
function endOfName(message: Buffer, start: number): number {
  let at = start;
  for (;;) {
    const length = message[at];
    if (length === undefined) throw new Error(BEHIND);
    if (length === 0) return at + 1;
    if (length >= 0xc0) return at + 2;
    if (length >= 0x40) throw new Error("a name has a bad label");
    at += 1 + length;
  }
}

function decodeRecord(message: Buffer, at: number, dataAt: number, end: number): Answer {
  // Cut off at its end: the decoder would read on behind it.
  const record = answer.decode(message.subarray(0, end), at);
  const length = end - dataAt;
  if (answer.decode.bytes !== end - at || lengthOfData(record, message, dataAt, length) !== length) {
    throw new Error(`a record of type ${record.type} has ${length} bytes of data`);
  }
  return record;
}

/** What the length should be, where the decoder takes it on trust. */
function lengthOfData({ type }: Answer, message: Buffer, dataAt: number, length: number): number {
  switch (type) {
    case "CNAME":
    case "NS":
    case "PTR":
      return name.decode.bytes;
    case "SRV":
      return 6 + name.decode.bytes;
    case "CAA":
      // Flags, the length of the tag, the tag, and a value of any length.
      return Math.max(length, 2 + message.readUInt8(dataAt + 1));
    default:
      return length;
  }
}
