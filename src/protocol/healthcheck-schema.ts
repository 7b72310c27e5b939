/**
 * The fields of CONFIG (protocol.md) as a client or a checks file writes them: what each may be, and what it is when it is
 * absent, null, or Go's zero value. Understood and normalised in config.ts.
 */
import * as v from "valibot";
import { domainName, hostName } from "../model/domain-name.ts";
import { QUERY_TYPES } from "../model/spec.ts";
import {
  anyCount,
  converted,
  count,
  durationMs,
  flag,
  hexText,
  IP_WORDS,
  idNumber,
  idNumberOrText,
  ip,
  list,
  pattern,
  port,
  rule,
  secretHexText,
  secretPattern,
  secretRule,
  secretText,
  text,
} from "./fields.ts";

/** What a header's name may be (RFC 9110, 5.6.2). */
export const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\uffff]*$/u;
const HOST_WORDS = "a host name, maybe with a port";
/** The most successes or failures in a row that may be asked for. */
export const MAX_THRESHOLD = 1_000_000;
const MAX_ELEMENTS = 1_000;
const MAX_HEADERS = 100;

/** Of an object only an absent field can be wrong. */
const missing = "missing";

/** A text that may be absent; Go writes an absent one as an empty one. */
function optional<const Schema extends v.GenericSchema<string, string>>(schema: Schema, words: string) {
  return v.nullish(v.union([v.literal(""), schema], rule(words)), "");
}

const serverName = optional(converted(hostName, "a host name"), "a host name");

/** `checker_type: tcp` */
export const tcp = v.object(
  {
    checker_type: v.literal("tcp"),
    ip,
    port,
    send: v.nullish(secretText, ""),
    receive: v.nullish(text, ""),
    send_hex: v.nullish(secretHexText, ""),
    receive_hex: v.nullish(hexText, ""),
    close: v.nullish(v.picklist(["", "reset", "graceful"], rule('"reset" or "graceful"')), ""),
    secure: v.nullish(flag, false),
    tls_verify: v.nullish(flag, true),
    server_name: serverName,
  },
  missing,
);

/** `checker_type: http` */
export const http = v.object(
  {
    checker_type: v.literal("http"),
    ip,
    port,
    method: v.nullish(pattern(/^(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+)?$/, "an HTTP method"), ""),
    path: v.nullish(secretText, "/"),
    expected_codes: list(count(0, 999), MAX_ELEMENTS),
    // Absent, it is decided by the URL in `path`.
    secure: v.nullish(flag),
    tls_verify: v.nullish(flag, true),
    server_name: serverName,
    host: optional(converted(hostName, HOST_WORDS), HOST_WORDS),
    headers: v.nullish(
      v.pipe(
        v.custom<Record<string, unknown>>(
          (value) => typeof value === "object" && !Array.isArray(value),
          secretRule("headers by their names"),
        ),
        v.check(
          (headers) => Object.keys(headers).length <= MAX_HEADERS,
          `must hold at most ${MAX_HEADERS} headers`,
        ),
        v.record(
          secretPattern(TOKEN, "a header name"),
          secretPattern(HEADER_VALUE, "a header value without line breaks"),
        ),
      ),
      {},
    ),
    response: v.nullish(text, ""),
  },
  missing,
);

/** `checker_type: dns` */
export const dns = v.object(
  {
    checker_type: v.literal("dns"),
    query: converted(domainName, "a domain name"),
    expected_ips: list(v.union([v.literal(""), ip], rule(IP_WORDS)), MAX_ELEMENTS),
    ip: optional(ip, IP_WORDS),
    port: v.nullish(count(0, 65_535), 0),
    query_type: v.nullish(
      v.pipe(
        text,
        v.toUpperCase(),
        v.picklist(["", ...QUERY_TYPES], rule(`one of ${QUERY_TYPES.join(", ")}`)),
      ),
      "",
    ),
  },
  missing,
);

const common = {
  // Judged in naming.ts, which refuses nothing.
  name: v.optional(v.unknown()),
  labels: v.optional(v.unknown()),
  interval: durationMs,
  timeout: durationMs,
  retries: v.nullish(anyCount(0, MAX_THRESHOLD), 0),
  // Go writes what is not set as 0.
  rise: v.nullish(count(0, MAX_THRESHOLD), 0),
  fall: v.nullish(count(0, MAX_THRESHOLD), 0),
};

/** What depends on the type. */
const check = v.variant("checker_type", [tcp, http, dns], rule("tcp, http or dns"));
/** A CONFIG on the socket. */
export const onWire = v.intersect([v.object({ id: idNumber, ...common }, missing), check]);
/** A CONFIG in a checks file. */
export const inFile = v.intersect([v.object({ id: idNumberOrText, ...common }, missing), check]);

/** The fields of a CONFIG that depend on its type. */
export type CheckFields = v.InferOutput<typeof check>;

const FIELDS: ReadonlyMap<string, readonly string[]> = new Map(
  check.options.map(({ entries }) => [
    entries.checker_type.literal,
    ["id", ...Object.keys(common), ...Object.keys(entries)],
  ]),
);

/** The names of the fields that a CONFIG of a type may have; undefined when there is no such type. */
export function fieldsOf(checkerType: string): readonly string[] | undefined {
  return FIELDS.get(checkerType);
}
