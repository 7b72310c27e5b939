/** A RADIUS check as the API shows it. */
import { printable } from "../../model/printable.ts";
import { formatAddress } from "../../model/spec.ts";
import { NOT_SHOWN } from "../../redaction/marks.ts";
import { socketView } from "../socket-fields.ts";
import { methodOf, type RadiusSpec } from "./spec.ts";

/** Shows the check without its secret and its password. */
export function radiusView(spec: RadiusSpec) {
  const { login, nasIdentifier } = spec;
  return {
    address: formatAddress(spec.address),
    method: methodOf(spec),
    secret: NOT_SHOWN,
    ...(login && { username: printable(login.username), password: NOT_SHOWN, expect: login.expect }),
    ...(nasIdentifier !== undefined && { nas_identifier: printable(nasIdentifier) }),
    ...socketView(spec.socket),
  };
}
