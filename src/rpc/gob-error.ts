/** The error of gob bytes that are invalid or exceed a limit. Thrown while they are decoded; the connection is then useless. */
import { MAX_SENTENCE_BYTES, sentence } from "../model/printable.ts";

/** Bytes that are not valid gob, or too large. */
export class GobError extends Error {
  override readonly name = "GobError";
  /** Offset in the stream of the connection, from 0. */
  readonly offset: number;

  /**
   * Creates an error whose message names the place: `Checks.Configs[3].Id: field 9 of 5 (message 4, offset 812)`.
   *
   * @param problem - without the place
   * @param place - the part of the value that was decoded, as `Checks.Configs[3].Id`; empty outside of values
   * @param message - number of the message in the stream, from 1
   * @param offset - in the stream, from 0
   */
  constructor(problem: string, place: string, message: number, offset: number) {
    const what = place === "" ? problem : `${place}: ${problem}`;
    super(`${sentence(what, MAX_SENTENCE_BYTES - 64)} (message ${message}, offset ${offset})`);
    this.offset = offset;
  }
}

/** Go's identifiers and the names that gob makes of types: `*healthcheck.TCPChecker`, `map[string][]uint32`. */
const TYPE_NAME = /^[\w*.[\]/-]{1,80}$/;

/**
 * Formats a name from the wire for a message. Bytes in the wrong place may be a secret, so only text that looks like a Go type or field
 * is shown.
 */
export function showName(name: string): string {
  return TYPE_NAME.test(name) ? name : "?";
}

/** A problem with the bytes at the position; the decoder adds the place to it and throws a `GobError`. */
export class ReadProblem extends Error {
  override readonly name = "ReadProblem";
}
