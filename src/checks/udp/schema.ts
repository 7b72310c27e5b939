/** The CONFIG fields of a UDP check, and how they become its spec. */
import { optional } from "../../schema/field.ts";
import { FieldError } from "../../schema/field-error.ts";
import type { FieldValues } from "../../schema/object.ts";
import { choice, hex, payloadText, secretHex, secretPayloadText } from "../../schema/values.ts";
import { FORWARDING_FIELDS } from "../forwarding-fields.ts";
import { payload } from "../payload-fields.ts";
import { SOCKET_FIELDS, socketOptions } from "../socket-fields.ts";
import { ADDRESS_FIELDS } from "../stream-fields.ts";
import { EXPECTATIONS, type UdpSpec } from "./spec.ts";

/** Data of a UDP datagram over IPv4: 65,535 bytes without the headers. */
const MAX_DATAGRAM_BYTES = 65_507;

/** The fields of `checker_type: udp`. */
export const UDP_FIELDS = {
  ...ADDRESS_FIELDS,
  send: optional(
    secretPayloadText,
    "",
    "an empty datagram",
    "Datagram to send. It is sent once more after half of the timeout, at most a second, if nothing has come back.",
  ),
  receive: optional(payloadText, "", "anything", "Expected beginning of the response, a single datagram."),
  send_hex: optional(
    secretHex,
    "",
    "an empty datagram",
    "Datagram to send as hexadecimal bytes, such as 00 ff; instead of send.",
  ),
  receive_hex: optional(
    hex,
    "",
    "anything",
    "Expected beginning of the response as hexadecimal bytes; instead of receive.",
  ),
  expect: optional(
    choice(EXPECTATIONS),
    "",
    "answer",
    "Evidence of health. answer: a datagram from the backend. none: no ICMP error until the timeout; for services that answer nothing. " +
      "Such a check lasts its whole timeout unless a datagram comes. A firewall that drops packets makes it healthy.",
  ),
  ...FORWARDING_FIELDS,
  ...SOCKET_FIELDS,
};

/** Reads valid fields. @throws FieldError for fields that contradict each other */
export function normalizeUdp(fields: FieldValues<typeof UDP_FIELDS>): UdpSpec {
  const bytes = payload(fields);
  checkLength("send", bytes.send);
  checkLength("receive", bytes.receive);
  if (fields.expect === "none" && bytes.receive !== undefined)
    throw new FieldError("expect", "none is not allowed beside receive; must be answer or absent");
  return {
    type: "udp",
    address: { ip: fields.ip, port: fields.port },
    socket: socketOptions(fields, fields.ip),
    ...bytes,
    expect: fields.expect || "answer",
  };
}

/** A longer datagram cannot be sent, and would never be received. */
function checkLength(field: string, bytes: Uint8Array | undefined): void {
  if (bytes !== undefined && bytes.length > MAX_DATAGRAM_BYTES)
    throw new FieldError(
      field,
      `too long; must be at most ${MAX_DATAGRAM_BYTES} bytes, the length of a datagram`,
    );
}
