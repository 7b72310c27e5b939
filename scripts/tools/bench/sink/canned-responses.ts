/** The responses of the sinks, byte for byte. Called by the loops of the sinks. */

/** The response of every web backend: small, complete, and the connection ends with it. */
export const HTTP_RESPONSE = Buffer.from(
  "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n",
);

const HEADER_BYTES = 12;
/** Response, recursion desired and available, no error; one question, one answer. */
const RESPONSE_FLAGS = [0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0];
/** A pointer to the name of the question, A, IN, 60 s, four bytes: 192.0.2.1. */
const A_RECORD = [0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1];

/**
 * Turns a DNS query into its response, in place: one A record, whatever the question.
 *
 * @param message - begins with the query and has room for a record more
 * @param length - of the query
 * @returns the response's length; 0 when the message is no query
 */
export function respondToDns(message: Uint8Array, length: number): number {
  let end = HEADER_BYTES;
  while (end < length && message[end] !== 0) end += (message[end] ?? 0) + 1;
  end += 5; // the root's zero, type and class
  if (end > length) return 0;
  message.set(RESPONSE_FLAGS, 2);
  // Whatever followed the question, such as EDNS options, is left out.
  message.set(A_RECORD, end);
  return end + A_RECORD.length;
}
