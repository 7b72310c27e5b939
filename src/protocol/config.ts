/**
 * CONFIG of the protocol: what a client or a checks file says about one healthcheck, understood and normalised. Unknown
 * fields are ignored, null counts as absent.
 */
import { isIP } from "node:net";
import * as v from "valibot";
import { type HealthcheckId, parseId } from "../model/id.ts";
import {
  type CheckSpec,
  type DnsSpec,
  formatAddress,
  type HealthcheckSpec,
  type HttpSpec,
  QUERY_TYPES,
  type TcpSpec,
  type TlsSpec,
} from "../model/spec.ts";
import {
  count,
  durationMs,
  flag,
  IP_WORDS,
  idNumber,
  idNumberOrText,
  ip,
  list,
  notAllowed,
  pattern,
  port,
  rule,
  text,
} from "./fields.ts";
import { encodePath, splitTarget } from "./http-target.ts";

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\uffff]*$/u;
const HOST = /^[^\s/?#@\\\p{Cc}]+$/u;
const DNS_NAME = /^(?=.{1,254}$)(?!\.)(?:[^.\s\p{Cc}]{1,63}(?:\.|$))+$/u;
const MOST_THRESHOLD = 1_000_000;
const MOST_ELEMENTS = 1_000;

/** Of an object only an absent field can be wrong. */
const missing = "missing";

const serverName = v.nullish(pattern(HOST, "a host name"));

const tcp = v.object(
  {
    checker_type: v.literal("tcp"),
    ip,
    port,
    send: v.nullish(text),
    receive: v.nullish(text),
    close: v.nullish(v.picklist(["reset", "graceful"], rule('"reset" or "graceful"')), "reset"),
    secure: v.nullish(flag, false),
    tls_verify: v.nullish(flag, true),
    server_name: serverName,
  },
  missing,
);

const http = v.object(
  {
    checker_type: v.literal("http"),
    ip,
    port,
    method: v.nullish(pattern(/^(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+)?$/, "an HTTP method"), ""),
    path: v.nullish(text, "/"),
    expected_codes: list(count(0, 999), MOST_ELEMENTS),
    secure: v.nullish(flag, false),
    tls_verify: v.nullish(flag, true),
    server_name: serverName,
    host: v.nullish(pattern(HOST, "a host name, maybe with a port")),
    headers: v.nullish(
      v.pipe(
        v.custom<Record<string, unknown>>(
          (value) => typeof value === "object" && !Array.isArray(value),
          rule("headers by their names"),
        ),
        v.record(
          pattern(TOKEN, "a header name"),
          pattern(HEADER_VALUE, "a header value without line breaks"),
        ),
      ),
      {},
    ),
    response: v.nullish(text),
  },
  missing,
);

const dns = v.object(
  {
    checker_type: v.literal("dns"),
    query: pattern(DNS_NAME, "a domain name"),
    expected_ips: list(v.union([v.literal(""), ip], rule(IP_WORDS)), MOST_ELEMENTS),
    ip: v.nullish(v.union([v.literal(""), ip], rule(IP_WORDS))),
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
  interval: durationMs,
  timeout: durationMs,
  retries: v.nullish(count(0, MOST_THRESHOLD), 0),
  rise: v.nullish(count(1, MOST_THRESHOLD), 1),
  fall: v.nullish(count(1, MOST_THRESHOLD)),
};

const check = v.variant("checker_type", [tcp, http, dns], rule("tcp, http or dns"));
const onWire = v.intersect([v.object({ id: idNumber, ...common }, missing), check]);
const inFile = v.intersect([v.object({ id: idNumberOrText, ...common }, missing), check]);

/** A CONFIG understood, or why it was not. */
export type ReadConfig =
  | { readonly ok: true; readonly spec: HealthcheckSpec }
  | {
      readonly ok: false;
      /** When at least that could be read. */
      readonly id: HealthcheckId | undefined;
      /** What is wrong, one entry a fault, each with the name of its field. */
      readonly faults: readonly ConfigFault[];
    };

/** What is wrong with one field. */
export interface ConfigFault {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/**
 * Understands one CONFIG.
 *
 * @param value - as `parseJson` gives it, ids as bigint
 * @param where - `file` also takes ids in quotes
 */
export function readConfig(value: unknown, where: "wire" | "file"): ReadConfig {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return { ok: false, id: undefined, faults: [{ path: [], message: notAllowed(value, "an object") }] };
  }
  const parsed = v.safeParse(where === "wire" ? onWire : inFile, value);
  if (!parsed.success) return { ok: false, id: idOf(value), faults: parsed.issues.map(faultOf) };
  const { id, interval, timeout, retries, rise, fall, ...fields } = parsed.output;
  try {
    const spec = { id, intervalMs: interval, timeoutMs: timeout, rise, fall: fall ?? retries + 1 };
    return { ok: true, spec: { ...spec, check: normalise(fields) } };
  } catch (error) {
    if (!(error instanceof FieldError)) throw error;
    return { ok: false, id, faults: [{ path: [error.field], message: error.message }] };
  }
}

/** Fields that are fine by themselves but not together. */
class FieldError extends Error {
  constructor(
    readonly field: string,
    message: string,
  ) {
    super(message);
  }
}

type Fields = v.InferOutput<typeof check>;

function normalise(fields: Fields): CheckSpec {
  switch (fields.checker_type) {
    case "tcp":
      return normaliseTcp(fields);
    case "http":
      return normaliseHttp(fields);
    case "dns":
      return normaliseDns(fields);
  }
}

function normaliseTcp(fields: v.InferOutput<typeof tcp>): TcpSpec {
  return {
    type: "tcp",
    address: { ip: fields.ip, port: fields.port },
    tls: tlsSpec(fields.secure, fields.tls_verify, fields.server_name ?? fields.ip),
    send: presentText(fields.send),
    receive: presentText(fields.receive),
    close: fields.close,
  };
}

function normaliseHttp(fields: v.InferOutput<typeof http>): HttpSpec {
  const target = splitTarget(fields.path);
  if (target === undefined)
    throw new FieldError("path", notAllowed(fields.path, "a path or a whole http or https URL"));
  const secure = fields.secure || target.secure;
  const method = fields.method === "" ? "GET" : fields.method.toUpperCase();
  if (method === "HEAD" && presentText(fields.response) !== undefined) {
    throw new FieldError("response", notAllowed(fields.response, "absent: an answer to HEAD has no body"));
  }
  const standardPort = fields.port === (secure ? 443 : 80);
  const ipHost = formatAddress({ ip: fields.ip, port: fields.port });
  const authorization =
    target.authorization === undefined ? [] : [["Authorization", target.authorization] as const];
  const host = fields.host ?? target.host ?? (standardPort ? ipHost.replace(/:[0-9]+$/, "") : ipHost);
  return {
    type: "http",
    address: { ip: fields.ip, port: fields.port },
    tls: tlsSpec(
      secure,
      fields.tls_verify,
      fields.server_name ?? hostName(fields.host ?? target.host) ?? fields.ip,
    ),
    method,
    path: encodePath(target.path),
    host,
    headers: [...authorization, ...Object.entries(fields.headers)],
    // 0 among the codes means any, as the original has it.
    expectedCodes: fields.expected_codes.includes(0) ? [] : fields.expected_codes,
    response: presentText(fields.response),
  };
}

function normaliseDns(fields: v.InferOutput<typeof dns>): DnsSpec {
  const expectedIps = fields.expected_ips.filter((address) => address !== "");
  const families = new Set(expectedIps.map((address) => (isIP(address) === 6 ? "AAAA" : "A")));
  const queryType =
    fields.query_type === ""
      ? families.size === 1 && families.has("AAAA")
        ? "AAAA"
        : "A"
      : fields.query_type;
  const foreign = expectedIps.find((address) => queryType !== (isIP(address) === 6 ? "AAAA" : "A"));
  if (foreign !== undefined && (fields.query_type !== "" || families.size === 1)) {
    throw new FieldError(
      "expected_ips",
      notAllowed(foreign, `what a query of type ${queryType} can answer with`),
    );
  }
  const server = presentText(fields.ip);
  return {
    type: "dns",
    query: fields.query,
    queryType,
    expectedIps,
    server: server === undefined ? undefined : { ip: server, port: fields.port === 0 ? 53 : fields.port },
  };
}

function tlsSpec(secure: boolean, verify: boolean, name: string): TlsSpec | undefined {
  return secure ? { verify, serverName: name } : undefined;
}

/** Go writes a missing text as an empty one. */
function presentText(value: string | null | undefined): string | undefined {
  return value === null || value === "" ? undefined : value;
}

/** A Host header's name without the port. */
function hostName(host: string | undefined): string | undefined {
  return host?.replace(/:[0-9]+$/, "").replace(/^\[(.*)\]$/, "$1");
}

function faultOf(issue: v.BaseIssue<unknown>): ConfigFault {
  const path = (issue.path ?? []).map(({ key }) => (typeof key === "number" ? key : String(key)));
  return { path, message: issue.message };
}

/** Which healthcheck is meant, also where the id is not written as it must be: what runs must go on. */
function idOf(value: unknown): HealthcheckId | undefined {
  const id = typeof value === "object" && value !== null && "id" in value ? value.id : undefined;
  return typeof id === "bigint" || typeof id === "string" ? parseId(String(id)) : undefined;
}
