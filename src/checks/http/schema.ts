/** The CONFIG fields of an HTTP check, and how they become its spec. */
import { isIP } from "node:net";
import { hostName } from "../../model/domain-name.ts";
import { type Address, formatAddress } from "../../model/spec.ts";
import { optional } from "../../schema/field.ts";
import { FieldError } from "../../schema/field-error.ts";
import type { FieldValues } from "../../schema/object.ts";
import { problem, secretProblem } from "../../schema/problem.ts";
import {
  converted,
  flag,
  integer,
  list,
  MAX_CHARS,
  matching,
  orEmpty,
  payloadText,
  secretMap,
  secretMatching,
  secretText,
} from "../../schema/values.ts";
import { FORWARDING_FIELDS, isForwarded } from "../forwarding-fields.ts";
import { SOCKET_FIELDS, socketOptions } from "../socket-fields.ts";
import { ADDRESS_FIELDS, serverNameField, TLS_VERIFY, tlsSpec } from "../stream-fields.ts";
import { defaultPort, type HttpSpec, type Origin } from "./spec.ts";
import { encodePath, splitTarget } from "./target.ts";

/** A token: a method, the name of a header (RFC 9110, 5.6.2). */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** RFC 9110, 5.5: no control characters but tabs. */
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\u{10ffff}]*$/u;
const MAX_PORT = 65_535;
const MAX_CODES = 1_000;
const MAX_HEADERS = 100;

const headers = secretMap(
  { ...secretMatching(TOKEN, "a header name"), json: { pattern: TOKEN.source } },
  {
    ...secretMatching(HEADER_VALUE, "a header value without control characters"),
    json: { type: "string", maxLength: MAX_CHARS, pattern: "^[^\\x00-\\x08\\x0a-\\x1f\\x7f]*$" },
  },
  "headers",
  MAX_HEADERS,
);
const HOST_RULE = "a host name, with or without a port";
const PATH_RULE = "a path, or a whole http or https URL";

/** The fields of `checker_type: http`. */
export const HTTP_FIELDS = {
  ...ADDRESS_FIELDS,
  secure: optional(
    flag,
    undefined,
    "true for an https URL in path, else false",
    "Uses TLS. Overrides the scheme of a URL in path.",
  ),
  tls_verify: TLS_VERIFY,
  server_name: serverNameField("the name in host, a Host header, or path, else ip"),
  method: optional(
    { ...orEmpty(matching(TOKEN, "an HTTP method")), range: "an HTTP method except CONNECT" },
    "",
    "GET",
    "Request method.",
  ),
  path: optional(
    { ...secretText, range: PATH_RULE, secret: "Its query, user and password are secrets" },
    "/",
    "/",
    "Path to request; with OPTIONS, * is the server itself. The host of a URL is used for the Host header and SNI, and https sets secure unless that is given; the connection " +
      "still uses ip and port.",
  ),
  expected_codes: optional(
    list(integer(0, 999), "integers", "0 to 999", MAX_CODES),
    [],
    "any",
    "Status codes that mean healthy. When empty or containing 0, every status is accepted.",
  ),
  headers: optional(
    { ...headers, range: "no control characters" },
    {},
    "none",
    "Additional request headers.",
  ),
  response: optional(
    payloadText,
    "",
    "anything",
    "Expected beginning of the body. Not allowed with method HEAD.",
  ),
  proxy: optional(
    flag,
    false,
    "false",
    "ip and port are an HTTP proxy. It is asked for the URL in path, or for path at host, with a whole URL in the request; with TLS it is asked for a tunnel (CONNECT), " +
      "and TLS runs inside. A Proxy-Authorization header goes to the proxy only.",
  ),
  ...FORWARDING_FIELDS,
  host: optional(
    orEmpty(converted(hostName, HOST_RULE)),
    "",
    "the host of path, else ip and port; required with mode: dsr or tun",
    "Host header, in Punycode if it is not ASCII. With mode: dsr or tun it is the backend that mark selects, as in other checks; " +
      "the Host header is then that of path or headers.",
  ),
  ...SOCKET_FIELDS,
};

type HttpFields = FieldValues<typeof HTTP_FIELDS>;

/** True when a key is not a valid header name: it may be a whole header line, including its secret value. */
export function isSecretHeader(field: string, key: string): boolean {
  return field === "headers" && !TOKEN.test(key);
}

/** Reads valid fields. @throws FieldError for a request that cannot be sent, or an answer that cannot come */
export function normalizeHttp(fields: HttpFields): HttpSpec {
  const method = fields.method.toUpperCase() || "GET";
  if (method === "CONNECT")
    throw new FieldError("method", "CONNECT is not supported; must be a method other than CONNECT");
  const target = splitTarget(fields.path, method);
  if (target === undefined) throw new FieldError("path", secretProblem(fields.path, PATH_RULE));
  if (method === "HEAD" && fields.response !== "")
    throw new FieldError(
      "response",
      "not allowed with method HEAD, whose responses have no body; must be absent",
    );
  const address = { ip: fields.ip, port: fields.port };
  // Google's Go server, too, takes the scheme from `secure` alone.
  const secure = fields.secure ?? target.secure;
  const forwarded = isForwarded(fields);
  const given = forwarded ? "" : bracketed(fields.host);
  const header = hostHeader(fields.headers);
  const serverName = fields.server_name || given || header || target.host || fields.ip;
  const { authorization } = target;
  return {
    type: "http",
    address,
    socket: socketOptions(forwarded ? fields : { ...fields, host: "" }, fields.ip),
    tls: tlsSpec(secure, fields.tls_verify, serverName),
    origin: fields.proxy
      ? origin(target.host || given || header || formatAddress(address), secure)
      : undefined,
    method,
    path: encodePath(target.path),
    host: (given || target.host) ?? defaultHost(address, secure),
    headers: [
      ...(authorization === undefined ? [] : [["Authorization", authorization] as const]),
      ...Object.entries(fields.headers),
    ],
    // 0 among the codes means any, as in the original server.
    expectedCodes: fields.expected_codes.includes(0) ? [] : fields.expected_codes,
    response: fields.response || undefined,
  };
}

/** Puts an IPv6 address into brackets, as a Host header has it (RFC 3986, 3.2.2); other hosts stay as they are. */
function bracketed(host: string): string {
  return isIP(host) === 6 ? `[${host}]` : host;
}

/** The host that a proxy is asked for. @param host - with or without a port @throws FieldError */
function origin(host: string, secure: boolean): Origin {
  if (isIP(host) === 6) return { host: `[${host}]`, port: defaultPort(secure) };
  const [, name, digits] = /^(\[[^\]]*\]|[^:]+)(?::([0-9]+))?$/.exec(host) ?? [];
  const port = digits === undefined ? defaultPort(secure) : Number(digits);
  if (name === undefined || port < 1 || port > MAX_PORT)
    throw new FieldError("host", problem(host, `${HOST_RULE} from 1 to ${MAX_PORT}`));
  return { host: name, port };
}

/** The Host header of an address, without the default port of its scheme (RFC 9110, 4.2.3). */
function defaultHost(address: Address, secure: boolean): string {
  const host = formatAddress(address);
  return address.port === defaultPort(secure) ? host.replace(/:[0-9]+$/, "") : host;
}

/** The value of a Host header, in Punycode; undefined when no header names a valid host. */
function hostHeader(given: Readonly<Record<string, string>>): string | undefined {
  const [, value = ""] = Object.entries(given).findLast(([name]) => name.toLowerCase() === "host") ?? [];
  return hostName(value.trim());
}
