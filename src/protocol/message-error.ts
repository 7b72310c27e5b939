/** The error of a client's message that cannot be used. Thrown while a line is read; its text answers the client in an `error` line. */

/** A message that is not understood, or larger than it may be. */
export class MessageError extends Error {
  override readonly name = "MessageError";
}
