/** The error of an invalid message of the client. Thrown while a line is read; its message is sent to the client in an `error` line. */

/** A message that is invalid or too large. */
export class MessageError extends Error {
  override readonly name = "MessageError";
}
