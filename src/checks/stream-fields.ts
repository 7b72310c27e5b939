/** The CONFIG fields of check types that open a TCP connection, with or without TLS. */
import { isIP } from "node:net";
import { hostName } from "../model/domain-name.ts";
import type { TlsSpec } from "../model/spec.ts";
import { optional, required } from "../schema/field.ts";
import { converted, flag, ip, orEmpty, port } from "../schema/values.ts";

/** Address and port of the connection. */
export const ADDRESS_FIELDS = {
  ip: required(ip, "Address of the target. Names are not accepted."),
  port: required(port, "Port of the target."),
};

/** True when the certificate is verified. */
export const TLS_VERIFY = optional(flag, true, "true", "Requires a valid certificate that matches the name.");

/** Creates the field of the TLS name. @param fallback - description of the name used when the field is absent */
export function serverNameField(fallback: string) {
  const name = orEmpty(converted(hostName, "a host name"));
  return optional(
    name,
    "",
    fallback,
    "Name for SNI and certificate verification, in Punycode if it is not ASCII.",
  );
}

/**
 * Reads TLS settings.
 *
 * @param host - a name or an address, with or without a port; final dots of a name are not part of it in TLS (RFC 6066, 3)
 * @returns undefined for a plain connection
 */
export function tlsSpec(secure: boolean, verify: boolean, host: string): TlsSpec | undefined {
  return secure ? { verify, serverName: withoutPort(host).replace(/(?<=[^.])\.+$/, "") } : undefined;
}

/** Returns the name of a host: `::1` for `[::1]:8443`. */
function withoutPort(host: string): string {
  if (isIP(host) === 6) return host;
  return host.replace(/:[0-9]+$/, "").replace(/^\[(.*)\]$/, "$1");
}
