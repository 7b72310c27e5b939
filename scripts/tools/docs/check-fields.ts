/**
 * The fields of a healthcheck in a checks file, for the reference and for editors. What is allowed is decided by
 * src/protocol/healthcheck-schema.ts; tests hold this list against it.
 */
import { HEX_BYTES } from "../../../src/model/bytes.ts";
import { CHECK_TYPES, type CheckType, QUERY_TYPES } from "../../../src/model/spec.ts";

import { LABEL_NAME, MAX_LABELS, MAX_NAME_CHARS } from "../../../src/protocol/naming.ts";
import { anyCase, DURATION, type JsonSchema, orNull } from "./json.ts";

/** What a value may be, in words and for an editor. */
interface Value {
  /** `text` */
  readonly kind: string;
  /** What is allowed of this kind; empty where everything is. */
  readonly range: string;
  readonly schema: JsonSchema;
}

/** One field. */
export interface CheckField extends Value {
  readonly name: string;
  readonly types: readonly CheckType[];
  /** What holds when it is absent; undefined when it must be there. */
  readonly fallback: string | undefined;
  readonly about: string;
}

const MAX_CHARS = 8_192;

const duration: Value = { kind: "duration", range: "above 0, at most a year", schema: DURATION };
const flag: Value = { kind: "boolean", range: "true, false", schema: { type: "boolean" } };
const text: Value = {
  kind: "text",
  range: `at most ${MAX_CHARS} characters`,
  schema: { type: "string", maxLength: MAX_CHARS },
};
/** YAML may take unquoted digits for a number. */
const hexText: Value = {
  kind: "text",
  range: `pairs of hexadecimal digits, blanks and colons between them, at most ${MAX_CHARS} bytes`,
  schema: {
    anyOf: [
      { type: "string", pattern: HEX_BYTES.source, maxLength: 3 * MAX_CHARS },
      { type: "number", minimum: 0 },
    ],
  },
};
const ip: Value = { kind: "text", range: "IPv4 or IPv6 address", schema: { type: "string" } };
const name: Value = { ...text, range: "a host name" };
const SERVER_NAME = "The name for SNI and in the certificate, in Punycode where it is not ASCII.";

function count(min: number, max: number): Value {
  return {
    kind: "integer",
    range: `${min} to ${max}`,
    schema: { type: "integer", minimum: min, maximum: max },
  };
}

/** Words; an empty one counts as absent. */
function choice(words: readonly string[]): Value {
  return { kind: "choice", range: words.join(", "), schema: { enum: ["", ...words] } };
}

function list(of: string, items: JsonSchema, range: string): Value {
  return {
    kind: `list of ${of}`,
    range: `${range}; at most 1000`,
    schema: { type: "array", maxItems: 1_000, items },
  };
}

const id: Value = {
  kind: "integer",
  range: "0 to 2^64−1, in quotes or not",
  schema: {
    anyOf: [
      { type: "integer", minimum: 0, maximum: 2 ** 64 },
      { type: "string", pattern: "^(?:0|[1-9][0-9]{0,19})$" },
    ],
  },
};

const headers: Value = {
  kind: "texts by names",
  range: "no line breaks",
  schema: {
    type: "object",
    propertyNames: { pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$" },
    additionalProperties: { ...text.schema, pattern: "^[^\\r\\n]*$" },
  },
};

/** Editors propose the types in capitals; in which case they are written does not matter. */
const queryType: Value = {
  ...choice(QUERY_TYPES),
  schema: {
    anyOf: [
      { enum: ["", ...QUERY_TYPES] },
      { type: "string", pattern: `^(?:${QUERY_TYPES.map(anyCase).join("|")})$` },
    ],
  },
};

function field(
  types: readonly CheckType[],
  fieldName: string,
  value: Value,
  fallback: string | undefined,
  about: string,
): CheckField {
  const schema = fallback === undefined ? value.schema : orNull(value.schema);
  return { ...value, schema, name: fieldName, types, fallback, about };
}

const ALL = CHECK_TYPES;
const TCP = ["tcp"] as const;
const HTTP = ["http"] as const;
const DNS = ["dns"] as const;
const STREAM = ["tcp", "http"] as const;

/** Every field, those of all types first. */
export const CHECK_FIELDS: readonly CheckField[] = [
  field(ALL, "id", id, undefined, "What the healthcheck is called everywhere. Each id once."),
  field(
    ALL,
    "checker_type",
    { ...choice(CHECK_TYPES), schema: { enum: [...CHECK_TYPES] } },
    undefined,
    "How it is checked.",
  ),
  field(ALL, "interval", duration, undefined, "From one start to the next."),
  field(ALL, "timeout", duration, undefined, "Bounds the whole check, name look-up to last byte."),
  field(
    ALL,
    "retries",
    count(0, 1_000_000),
    "0",
    "So many further failures in a row are tolerated before it is unhealthy.",
  ),
  field(
    ALL,
    "fall",
    count(0, 1_000_000),
    "retries + 1",
    "So many failures in a row make it unhealthy. 0 counts as absent; then the server's `checks.thresholds` decides.",
  ),
  field(
    ALL,
    "rise",
    count(0, 1_000_000),
    "1",
    "So many successes in a row make it healthy. 0 counts as absent; then the server's `checks.thresholds` decides.",
  ),
  field(
    ALL,
    "name",
    {
      kind: "text",
      range: `at most ${MAX_NAME_CHARS} visible characters`,
      schema: {
        anyOf: [{ type: "string", maxLength: MAX_NAME_CHARS }, { type: "number" }, { type: "boolean" }],
      },
    },
    "none",
    "What its operators call it: shown on the status page, in the API and by explain, and a label of healthcheck_info. A change resets nothing.",
  ),
  field(
    ALL,
    "labels",
    {
      kind: "texts by names",
      range: `at most ${MAX_LABELS}, names as Prometheus has them`,
      schema: {
        type: "object",
        maxProperties: MAX_LABELS,
        propertyNames: { pattern: LABEL_NAME.source },
        additionalProperties: {
          anyOf: [{ type: "string", maxLength: MAX_NAME_CHARS }, { type: "number" }, { type: "boolean" }],
        },
      },
    },
    "none",
    "Likewise; healthcheck_info has each as label_NAME.",
  ),
  field(STREAM, "ip", ip, undefined, "The target. Never a name."),
  field(STREAM, "port", count(1, 65_535), undefined, "The target's port."),
  field(TCP, "send", text, "nothing", "Written once connected. A secret: never shown."),
  field(TCP, "receive", text, "anything", "The answer must start with it."),
  field(
    TCP,
    "send_hex",
    hexText,
    "nothing",
    "In place of send: its bytes in hexadecimal, such as 00 ff. A secret: never shown.",
  ),
  field(TCP, "receive_hex", hexText, "anything", "In place of receive: its bytes in hexadecimal."),
  field(
    TCP,
    "close",
    choice(["reset", "graceful"]),
    "reset",
    "How the connection ends. graceful is for backends that log resets, and leaves TIME_WAITs. Absent, the server's `checks.close` decides.",
  ),
  field(TCP, "secure", flag, "false", "TLS."),
  field(
    HTTP,
    "secure",
    flag,
    "true for an https URL in path, else false",
    "TLS. Where it is set, it wins over the URL in path.",
  ),
  field(STREAM, "tls_verify", flag, "true", "Whether the certificate must be valid and for the name."),
  field(TCP, "server_name", name, "ip", SERVER_NAME),
  field(HTTP, "server_name", name, "the name in host, a Host header, or path, else ip", SERVER_NAME),
  field(HTTP, "method", { ...text, range: "an HTTP method but CONNECT" }, "GET", "The request's method."),
  field(
    HTTP,
    "path",
    { ...text, range: "a path, or a whole http or https URL" },
    "/",
    "What is asked for; with OPTIONS a * is the server as a whole. Of a whole URL the host goes into the Host header and SNI, https means secure unless that is set; the connection " +
      "still goes to ip and port. Its query, user and password are secrets: never shown.",
  ),
  field(
    HTTP,
    "expected_codes",
    list("integers", count(0, 999).schema, "0 to 999"),
    "any",
    "Status codes that mean healthy. Empty, or with 0 in it: any.",
  ),
  field(
    HTTP,
    "host",
    { ...text, range: "a host name, maybe with a port" },
    "the host of path, else ip and port",
    "The Host header, in Punycode where it is not ASCII.",
  ),
  field(HTTP, "headers", headers, "none", "Further request headers. Their values are secrets: never shown."),
  field(HTTP, "response", text, "anything", "The body must start with it. Not with method HEAD."),
  field(
    DNS,
    "query",
    { ...text, range: "a domain name" },
    undefined,
    "The name to ask for, in Punycode where it is not ASCII. A dot alone is the root.",
  ),
  field(
    DNS,
    "query_type",
    queryType,
    "what expected_ips can be: A, AAAA or both; without them A, and without ip both",
    "The record type. Of A and AAAA one good answer suffices.",
  ),
  field(
    DNS,
    "expected_ips",
    list("texts", ip.schema, "IP addresses"),
    "any",
    "Addresses of which one must be in an answer. Empty: any record will do.",
  ),
  field(
    DNS,
    "ip",
    ip,
    "the system's resolver",
    "Ask this server. Without it /etc/hosts, and the nameservers and search list of /etc/resolv.conf.",
  ),
  field(DNS, "port", count(0, 65_535), "53", "The server's port. 0 counts as absent."),
];
