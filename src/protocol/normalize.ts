/** From the fields of a CONFIG to what is to be checked: defaults that depend on other fields, and what contradicts itself. */
import { isIP } from "node:net";
import type * as v from "valibot";
import { bytesOfHex, bytesOfText } from "../model/bytes.ts";
import type { CheckDefaults } from "../model/check-defaults.ts";
import { hostName } from "../model/domain-name.ts";
import {
  type CheckSpec,
  type DnsSpec,
  formatAddress,
  type HttpSpec,
  type QueryType,
  type TcpSpec,
  type TlsSpec,
} from "../model/spec.ts";
import { notAllowed, secretNotAllowed } from "./fields.ts";
import type { CheckFields, dns, http, tcp } from "./healthcheck-schema.ts";
import { encodePath, splitTarget } from "./http-target.ts";

/** A field that is fine by itself but not with the others. */
export class FieldError extends Error {
  constructor(
    readonly field: string,
    message: string,
  ) {
    super(message);
  }
}

/** @param defaults - of the server @throws FieldError */
export function normalise(fields: CheckFields, defaults: CheckDefaults): CheckSpec {
  switch (fields.checker_type) {
    case "tcp":
      return normaliseTcp(fields, defaults);
    case "http":
      return normaliseHttp(fields);
    case "dns":
      return normaliseDns(fields);
  }
}

function normaliseTcp(fields: v.InferOutput<typeof tcp>, defaults: CheckDefaults): TcpSpec {
  return {
    type: "tcp",
    address: { ip: fields.ip, port: fields.port },
    tls: tlsSpec(fields.secure, fields.tls_verify, fields.server_name || fields.ip),
    send: bytes("send_hex", fields.send, fields.send_hex),
    receive: bytes("receive_hex", fields.receive, fields.receive_hex),
    close: fields.close || defaults.close,
  };
}

/** @throws FieldError when both are there */
function bytes(hexField: string, text: string, hex: string): Uint8Array | undefined {
  if (text !== "" && hex !== "") {
    const textField = hexField.replace("_hex", "");
    throw new FieldError(hexField, secretNotAllowed(hex, `absent: ${textField} is there`));
  }
  const found = hex === "" ? bytesOfText(text) : bytesOfHex(hex);
  return found.length === 0 ? undefined : found;
}

function normaliseHttp(fields: v.InferOutput<typeof http>): HttpSpec {
  const method = fields.method.toUpperCase() || "GET";
  if (method === "CONNECT") {
    throw new FieldError(
      "method",
      notAllowed(fields.method, "a method other than CONNECT, which asks a proxy for a tunnel"),
    );
  }
  const target = splitTarget(fields.path, method);
  if (target === undefined) {
    throw new FieldError("path", secretNotAllowed(fields.path, "a path or a whole http or https URL"));
  }
  if (method === "HEAD" && fields.response !== "") {
    throw new FieldError("response", notAllowed(fields.response, "absent: an answer to HEAD has no body"));
  }
  const address = { ip: fields.ip, port: fields.port };
  // Google's Go server, too, takes the scheme from `secure` alone.
  const secure = fields.secure ?? target.secure;
  const named = fields.host || target.host;
  const serverName =
    fields.server_name || fields.host || hostHeader(fields.headers) || target.host || fields.ip;
  const { authorization } = target;
  return {
    type: "http",
    address,
    tls: tlsSpec(secure, fields.tls_verify, serverName),
    method,
    path: encodePath(target.path),
    host:
      named ??
      (fields.port === (secure ? 443 : 80)
        ? formatAddress(address).replace(/:[0-9]+$/, "")
        : formatAddress(address)),
    headers: [
      ...(authorization === undefined ? [] : [["Authorization", authorization] as const]),
      ...Object.entries(fields.headers),
    ],
    // 0 among the codes means any, as the original has it.
    expectedCodes: fields.expected_codes.includes(0) ? [] : fields.expected_codes,
    response: fields.response || undefined,
  };
}

function normaliseDns(fields: v.InferOutput<typeof dns>): DnsSpec {
  const expectedIps = fields.expected_ips.filter((address) => address !== "");
  const server = fields.ip === "" ? undefined : { ip: fields.ip, port: fields.port || 53 };
  const queryTypes =
    fields.query_type === "" ? impliedTypes(expectedIps, server !== undefined) : [fields.query_type];
  const foreign = expectedIps.find((address) => !queryTypes.includes(recordType(address)));
  if (foreign !== undefined) {
    throw new FieldError(
      "expected_ips",
      notAllowed(foreign, `what a query of type ${fields.query_type} can answer with`),
    );
  }
  return { type: "dns", query: fields.query, queryTypes, expectedIps, server };
}

/** The record types to ask for where none is named: those that can hold the expected addresses. */
function impliedTypes(expectedIps: readonly string[], hasServer: boolean): readonly QueryType[] {
  const types = (["A", "AAAA"] as const).filter((type) => expectedIps.some((ip) => recordType(ip) === type));
  if (types.length > 0) return types;
  // The system's resolver asks for both (getaddrinfo).
  return hasServer ? ["A"] : ["A", "AAAA"];
}

function recordType(address: string): QueryType {
  return isIP(address) === 6 ? "AAAA" : "A";
}

/** @param host - a name or an address, maybe with a port. Dots at the end of a name are no part of it in TLS (RFC 6066, 3). */
function tlsSpec(secure: boolean, verify: boolean, host: string): TlsSpec | undefined {
  return secure ? { verify, serverName: withoutPort(host).replace(/(?<=[^.])\.+$/, "") } : undefined;
}

/** The value of a Host header, in Punycode; undefined when there is none that names a host. */
function hostHeader(headers: Readonly<Record<string, string>>): string | undefined {
  const [, value = ""] = Object.entries(headers).findLast(([name]) => name.toLowerCase() === "host") ?? [];
  return hostName(value.trim());
}

/** A host's name: `[::1]:8443` is `::1`. */
function withoutPort(host: string): string {
  if (isIP(host) === 6) return host;
  return host.replace(/:[0-9]+$/, "").replace(/^\[(.*)\]$/, "$1");
}
