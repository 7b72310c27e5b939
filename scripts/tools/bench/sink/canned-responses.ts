/** The responses of the sinks, byte for byte. Called by the loops of the sinks. */
import { createHash } from "node:crypto";
import { type DatagramKind, RADIUS_SECRET } from "./commands.ts";

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
  // Records behind the question, such as EDNS options, are left out.
  message.set(A_RECORD, end);
  return end + A_RECORD.length;
}

/** The answer to every datagram of a udp check. */
const PONG = Buffer.from("pong");
const ACCESS_ACCEPT = 2;
/** Code, identifier, length and authenticator. */
const RADIUS_HEADER_BYTES = 20;

/** Turns a datagram into `pong`, in place; parameters and result as those of {@link respondToDns}. */
function respondToUdp(message: Uint8Array): number {
  message.set(PONG);
  return PONG.length;
}

/** Turns an Access-Request into an Access-Accept without attributes, in place; parameters and result as those of {@link respondToDns}. */
export function respondToRadius(message: Uint8Array, length: number): number {
  if (length < RADIUS_HEADER_BYTES) return 0;
  message[0] = ACCESS_ACCEPT;
  message[2] = 0;
  message[3] = RADIUS_HEADER_BYTES;
  // The authenticator of the request stands where that of the response belongs (RFC 2865, 3).
  const hash = createHash("md5").update(message.subarray(0, RADIUS_HEADER_BYTES)).update(RADIUS_SECRET);
  message.set(hash.digest(), 4);
  return RADIUS_HEADER_BYTES;
}

/** Turns a request into its response, in place. @returns the length of the response; 0 for no request */
export const RESPOND: Readonly<Record<DatagramKind, (message: Uint8Array, length: number) => number>> = {
  dns: respondToDns,
  udp: respondToUdp,
  radius: respondToRadius,
};
