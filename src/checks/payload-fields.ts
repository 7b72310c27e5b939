/**
 * Bytes that a check sends and expects, as operators write them: as text, or as hexadecimal digits. Written once for the check types `tcp` and
 * `udp`: the value of a spec, the part of the API's `config` object, the options of `probe`.
 */
import { bytesOfHex, bytesOfText, hexOfBytes, textOfBytes } from "../model/bytes.ts";
import { printable } from "../model/printable.ts";
import { bytesNotShown } from "../redaction/marks.ts";
import { FieldError } from "../schema/field-error.ts";
import { type ProbeOption, unescapeBytes } from "./probe-command.ts";

type PayloadField = "send" | "receive";

/** The fields, read; an empty string counts as absent. */
interface PayloadFields {
  readonly send: string;
  readonly receive: string;
  readonly send_hex: string;
  readonly receive_hex: string;
}

/** Bytes of a check; undefined where none are given. */
export interface Payload {
  /** The bytes to send; a secret. */
  readonly send: Uint8Array | undefined;
  /** The expected beginning of the answer. */
  readonly receive: Uint8Array | undefined;
}

/**
 * Reads the bytes of a check.
 *
 * @throws FieldError when bytes are given both as text and as hexadecimal digits
 */
export function payload(fields: PayloadFields): Payload {
  return {
    send: bytesOf("send", fields.send, fields.send_hex),
    receive: bytesOf("receive", fields.receive, fields.receive_hex),
  };
}

/** Shows the expected bytes as the operator would write them, as a string where they are text; and of the bytes to send their number. */
export function payloadView({ send, receive }: Payload) {
  return { send: send === undefined ? null : bytesNotShown(send.length), ...receiveView(receive) };
}

/** The options of a probe that sends and expects bytes. */
export interface PayloadProbeOptions {
  readonly send?: string;
  readonly receive?: string;
}

/** {@link PayloadProbeOptions} as they are declared. */
export const PAYLOAD_PROBE_OPTIONS: readonly ProbeOption[] = [
  { flags: "--send <text>", about: "data to send; escapes: \\r \\n \\t \\0, \\xHH for one byte" },
  { flags: "--receive <text>", about: "expected beginning of the response" },
];

/** Turns options of a probe into CONFIG fields. */
export function payloadProbeFields({ send, receive }: PayloadProbeOptions) {
  return { ...probeField("send", send), ...probeField("receive", receive) };
}

function bytesOf(field: PayloadField, text: string, digits: string): Uint8Array | undefined {
  if (text !== "" && digits !== "")
    throw new FieldError(`${field}_hex`, `not allowed beside ${field}; must be absent`);
  const found = digits === "" ? bytesOfText(text) : bytesOfHex(digits);
  return found.length === 0 ? undefined : found;
}

function receiveView(receive: Uint8Array | undefined) {
  if (receive === undefined) return { receive: null };
  const text = textOfBytes(receive);
  return text === undefined ? { receive_hex: hexOfBytes(receive) } : { receive: printable(text) };
}

/** `send` where the bytes are text, otherwise `send_hex`. */
function probeField(name: PayloadField, written: string | undefined) {
  if (written === undefined) return {};
  const bytes = unescapeBytes(written);
  const text = textOfBytes(bytes);
  return text === undefined ? { [`${name}_hex`]: hexOfBytes(bytes) } : { [name]: text };
}
