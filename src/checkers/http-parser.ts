/**
 * llhttp, the parser of Node, as the runtime carries it in `node:_http_common`: strict, native, and it cannot be
 * made to loop (http-parser-js can, by a negative chunk size). The one file that knows that module's shape.
 */
// @ts-expect-error node:_http_common has no types of its own; the interface below is what is used of it.
import { HTTPParser } from "node:_http_common";

/** What an answer consists of, as it comes. Interim answers (1xx) come as answers of their own. */
export interface AnswerEvents {
  readonly head: (statusCode: number, reason: string) => void;
  /** @param part - valid during the call only */
  readonly body: (part: Uint8Array) => void;
  readonly end: () => void;
}

/** Reads one answer. */
export interface AnswerParser {
  /** @returns what is wrong with the bytes, or undefined */
  execute(bytes: Uint8Array): string | undefined;
  /** The connection is closed: an answer without a length ends here. */
  finish(): void;
}

interface NativeParser {
  [callback: number]: unknown;
  initialize(type: number, resource: object, maxHeaderBytes: number, lenient: number): void;
  execute(bytes: Uint8Array): unknown;
  finish(): unknown;
}

interface NativeParserClass {
  new (): NativeParser;
  readonly RESPONSE: number;
  readonly kLenientAll: number;
  readonly kOnHeadersComplete: number;
  readonly kOnBody: number;
  readonly kOnMessageComplete: number;
}

// The cast gives the untyped import its one type.
const Native = HTTPParser as NativeParserClass;
const RESOURCE = {};
/** Above what http-conversation.ts allows, so that its sentence is the one that is told. */
const MOST_HEADER_BYTES = 1_048_576;

const HTTP = "H".charCodeAt(0);
const LF = "\n".charCodeAt(0);
const CR = "\r".charCodeAt(0);

/** Makes a parser for one connection's answer. */
export function answerParser(events: AnswerEvents): AnswerParser {
  // Llhttp speaks RTSP and ICE as well, and takes any version and any three digits. How a connection begins decides.
  let letter: number | undefined;
  let foreign: string | undefined;
  const parser = new Native();
  // Old appliances end lines with a bare LF, fold headers, or send a length beside chunks. Where one connection carries one answer,
  // none of that can mislead anybody, and it is no reason to call a backend dead.
  parser.initialize(Native.RESPONSE, RESOURCE, MOST_HEADER_BYTES, Native.kLenientAll);
  parser[Native.kOnHeadersComplete] = (
    major: number,
    _minor: number,
    _headers: unknown,
    _method: unknown,
    _url: unknown,
    statusCode: number,
    reason: string,
  ) => {
    // What follows in the same piece does not count, as it would not in the next.
    if (foreign !== undefined) return 0;
    if (letter !== HTTP || major !== 1) foreign = "Expected HTTP/1.0 or HTTP/1.1";
    else if (statusCode < 100) foreign = `Invalid status code ${statusCode}`;
    else events.head(statusCode, reason);
    return 0;
  };
  parser[Native.kOnBody] = events.body;
  parser[Native.kOnMessageComplete] = events.end;
  return {
    execute: (bytes) => {
      letter ??= firstLetter(bytes);
      const fault = faultOf(parser.execute(bytes));
      return foreign ?? fault;
    },
    finish: () => {
      parser.finish();
    },
  };
}

/** Line breaks may come before an answer. */
function firstLetter(bytes: Uint8Array): number | undefined {
  for (const byte of bytes) if (byte !== CR && byte !== LF) return byte;
  return undefined;
}

function faultOf(outcome: unknown): string | undefined {
  if (!(outcome instanceof Error)) return undefined;
  return "reason" in outcome && typeof outcome.reason === "string" ? outcome.reason : outcome.message;
}
