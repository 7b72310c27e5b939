/** The CONFIG fields of a TCP check, and how they become its spec. */
import {
  type CheckDefaults,
  CLOSE_MODES,
  HANDSHAKE_MODES,
  type HandshakeMode,
} from "../../model/check-defaults.ts";
import { optional } from "../../schema/field.ts";
import { FieldError } from "../../schema/field-error.ts";
import type { FieldValues } from "../../schema/object.ts";
import { choice, flag, hex, payloadText, secretHex, secretPayloadText } from "../../schema/values.ts";
import { FORWARDING_FIELDS } from "../forwarding-fields.ts";
import { payload } from "../payload-fields.ts";
import { SOCKET_FIELDS, socketOptions } from "../socket-fields.ts";
import { ADDRESS_FIELDS, serverNameField, TLS_VERIFY, tlsSpec } from "../stream-fields.ts";
import type { TcpSpec } from "./spec.ts";

/** The fields of `checker_type: tcp`. */
export const TCP_FIELDS = {
  ...ADDRESS_FIELDS,
  send: optional(secretPayloadText, "", "nothing", "Data to send after connecting."),
  receive: optional(payloadText, "", "anything", "Expected beginning of the response."),
  send_hex: optional(
    secretHex,
    "",
    "nothing",
    "Data to send as hexadecimal bytes, such as 00 ff; instead of send.",
  ),
  receive_hex: optional(
    hex,
    "",
    "anything",
    "Expected beginning of the response as hexadecimal bytes; instead of receive.",
  ),
  close: optional(
    choice(CLOSE_MODES),
    "",
    "reset",
    "How to close the connection. graceful is for backends that log resets, and leaves connections in TIME_WAIT. When absent, `checks.close` of the server applies.",
  ),
  handshake: optional(
    choice(HANDSHAKE_MODES),
    "",
    "half",
    "How far the handshake goes. half: without data and TLS the check is SYN, SYN-ACK, RST, and the application of the backend never sees a connection; " +
      "otherwise the first data carries the last ACK. full: the check opens the connection, as it does with `close: graceful` and when it only receives. " +
      "When absent, `checks.handshake` of the server applies.",
  ),
  secure: optional(flag, false, "false", "Uses TLS."),
  tls_verify: TLS_VERIFY,
  server_name: serverNameField("ip"),
  ...FORWARDING_FIELDS,
  ...SOCKET_FIELDS,
};

type TcpFields = FieldValues<typeof TCP_FIELDS>;

/** Reads valid fields. @throws FieldError when bytes are given both as text and as hexadecimal digits */
export function normalizeTcp(fields: TcpFields, defaults: CheckDefaults): TcpSpec {
  const spec = {
    type: "tcp",
    address: { ip: fields.ip, port: fields.port },
    socket: socketOptions(fields, fields.ip),
    tls: tlsSpec(fields.secure, fields.tls_verify, fields.server_name || fields.ip),
    ...payload(fields),
    close: fields.close || defaults.close,
  } as const;
  return { ...spec, handshake: handshake(fields, spec, defaults) };
}

/** A backend that speaks first waits for the last ACK; and only an open connection has an orderly end. */
function handshake(
  fields: TcpFields,
  { tls, send, receive, close }: Omit<TcpSpec, "handshake">,
  defaults: CheckDefaults,
): HandshakeMode {
  const speaks = tls !== undefined || send !== undefined;
  const obstacle =
    !speaks && receive !== undefined
      ? "receive without send"
      : !speaks && close === "graceful"
        ? "close: graceful"
        : undefined;
  if (obstacle === undefined) return fields.handshake || defaults.handshake;
  if (fields.handshake === "half")
    throw new FieldError("handshake", `half is not allowed beside ${obstacle}; must be full or absent`);
  return "full";
}
