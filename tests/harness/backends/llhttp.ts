/**
 * The parser of Node, llhttp, as a second opinion on HTTP answers. Called by tests/faults/fuzz-answers.test.ts.
 */
// @ts-expect-error node:_http_common has no types of its own; the interface below is what is used of it.
import { HTTPParser } from "node:_http_common";

/** llhttp's view of an answer. */
export interface SecondOpinion {
  /** Status code of the final head; undefined without one. */
  readonly statusCode: number | undefined;
  /** As Latin-1. */
  readonly body: string;
  readonly ended: boolean;
  /** Reason of a rejection. */
  readonly fault: string | undefined;
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
const MAX_HEADER_BYTES = 1_048_576;

/** Parses an answer that the peer ends by closing the connection. */
export function llhttp(answer: Uint8Array): SecondOpinion {
  const parser = new Native();
  parser.initialize(Native.RESPONSE, {}, MAX_HEADER_BYTES, Native.kLenientAll);
  let statusCode: number | undefined;
  let body = "";
  let ended = false;
  parser[Native.kOnHeadersComplete] = (...values: readonly unknown[]) => {
    const code = Number(values[5]);
    if (statusCode === undefined && (code >= 200 || code === 101)) statusCode = code;
    return 0;
  };
  parser[Native.kOnBody] = (part: Uint8Array) => {
    if (!ended) body += Buffer.from(part).toString("latin1");
  };
  parser[Native.kOnMessageComplete] = () => {
    ended ||= statusCode !== undefined;
  };
  const outcome = parser.execute(answer);
  const fault = outcome instanceof Error && !ended ? outcome : undefined;
  if (fault === undefined) parser.finish();
  return {
    statusCode,
    body,
    ended,
    fault: fault === undefined ? undefined : String(Reflect.get(fault, "reason")),
  };
}
