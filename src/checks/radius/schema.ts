/** The CONFIG fields of a RADIUS check, and how they become its spec. */
import { optional, required } from "../../schema/field.ts";
import { FieldError } from "../../schema/field-error.ts";
import type { FieldValues } from "../../schema/object.ts";
import { bytesText, choice, integer, ip, secretBytesText, secretMatching } from "../../schema/values.ts";
import { FORWARDING_FIELDS } from "../forwarding-fields.ts";
import { SOCKET_FIELDS, socketOptions } from "../socket-fields.ts";
import { MAX_PASSWORD_BYTES, MAX_VALUE_BYTES } from "./packet.ts";
import { EXPECTATIONS, type Login, METHODS, type RadiusSpec } from "./spec.ts";

const DEFAULT_PORT = 1_812;

/** The fields of `checker_type: radius`. */
export const RADIUS_FIELDS = {
  ip: required(ip, "Address of the target. Names are not accepted."),
  port: optional(integer(0, 65_535), 0, String(DEFAULT_PORT), "Port of the target. 0 counts as absent."),
  secret: required(
    secretMatching(/./s, "a string that is not empty"),
    "Secret that the server shares with this client. Servers do not answer a client with another secret.",
  ),
  method: optional(
    choice(METHODS),
    "",
    "auth",
    "Request. auth: an Access-Request with a password (PAP). status: a Status-Server (RFC 5997), which needs no user; " +
      "the server must allow it.",
  ),
  username: optional(
    bytesText(MAX_VALUE_BYTES),
    "",
    "required with method: auth",
    "User-Name of the Access-Request.",
  ),
  password: optional(
    secretBytesText(MAX_PASSWORD_BYTES),
    "",
    "an empty password",
    "User-Password of the Access-Request.",
  ),
  expect: optional(
    choice(EXPECTATIONS),
    "",
    "accept",
    "Expected answer to the Access-Request. any: Access-Accept, Access-Reject or Access-Challenge. Servers delay an Access-Reject, " +
      "FreeRADIUS by a second; the timeout must be longer.",
  ),
  nas_identifier: optional(
    bytesText(MAX_VALUE_BYTES),
    "",
    "the name of this host",
    "NAS-Identifier of the request, the name of the client in the server's log.",
  ),
  ...FORWARDING_FIELDS,
  ...SOCKET_FIELDS,
};

type RadiusFields = FieldValues<typeof RADIUS_FIELDS>;

/** Reads valid fields. @throws FieldError for fields that contradict each other */
export function normalizeRadius(fields: RadiusFields): RadiusSpec {
  return {
    type: "radius",
    address: { ip: fields.ip, port: fields.port || DEFAULT_PORT },
    socket: socketOptions(fields, fields.ip),
    secret: fields.secret,
    nasIdentifier: fields.nas_identifier || undefined,
    login: login(fields),
  };
}

function login({ method, username, password, expect }: RadiusFields): Login | undefined {
  if (method !== "status") {
    if (username === "")
      throw new FieldError("username", `missing; must be a string of 1 to ${MAX_VALUE_BYTES} bytes`);
    return { username, password, expect: expect || "accept" };
  }
  for (const [field, value] of Object.entries({ username, password, expect }))
    if (value !== "") throw new FieldError(field, "not allowed beside method: status; must be absent");
  return undefined;
}
