/** The CONFIG fields of a DNS check, and how they become its spec. */
import { isIP } from "node:net";
import { domainName } from "../../model/domain-name.ts";
import { optional, required } from "../../schema/field.ts";
import { FieldError } from "../../schema/field-error.ts";
import { anyCase } from "../../schema/json-schema.ts";
import type { FieldValues } from "../../schema/object.ts";
import { problem } from "../../schema/problem.ts";
import {
  checked,
  choice,
  converted,
  custom,
  flag,
  inAnyCase,
  integer,
  ip,
  list,
  MAX_CHARS,
  oneOrList,
  orEmpty,
} from "../../schema/values.ts";
import { FORWARDING_FIELDS } from "../forwarding-fields.ts";
import { SOCKET_FIELDS, socketOptions } from "../socket-fields.ts";
import { EXPECTED_RULES, readExpected } from "./expected.ts";
import { RCODE_NAMES, readRcode } from "./rcode.ts";
import {
  type DnsSpec,
  type ExpectedRecord,
  MAX_EDNS_BYTES,
  MIN_EDNS_BYTES,
  NOERROR,
  QUERY_CLASSES,
  QUERY_TYPES,
  type QueryClass,
  type QueryType,
  type Wanted,
} from "./spec.ts";

/** Expected addresses, records and response codes. */
const MAX_EXPECTED = 1_000;
const DEFAULT_PORT = 53;
/** Types whose data are defined for the Internet alone. */
const INTERNET_TYPES: readonly QueryType[] = ["A", "AAAA", "SRV"];

/** One of a few words in any case. Editors propose them in capitals. */
function wordInAnyCase<const Words extends readonly string[]>(words: Words) {
  const word = choice(words);
  const pattern = `^(?:${words.map(anyCase).join("|")})$`;
  return inAnyCase(word, { anyOf: [word.json, { type: "string", pattern }] });
}

const rcode = {
  ...converted(readRcode, `a response code such as ${NOERROR} or NXDOMAIN`),
  json: { anyOf: [{ enum: RCODE_NAMES }, { type: "string" }] },
};
/** A serial is a number in YAML. */
const record = custom<string, string>(
  {
    kind: "string",
    rule: "the data of a record",
    range: "the data of a record",
    json: { type: ["string", "integer"], maxLength: MAX_CHARS },
  },
  (input) => {
    const text = typeof input === "number" || typeof input === "bigint" ? String(input) : input;
    return typeof text === "string" && text.length <= MAX_CHARS ? text : undefined;
  },
);

const ednsSize = {
  ...checked(
    integer(0, MAX_EDNS_BYTES),
    (bytes) => bytes === 0 || bytes >= MIN_EDNS_BYTES,
    `0 or an integer from ${MIN_EDNS_BYTES} to ${MAX_EDNS_BYTES}`,
  ),
  range: `${MIN_EDNS_BYTES} to ${MAX_EDNS_BYTES}`,
  json: { anyOf: [{ enum: [0] }, { type: "integer", minimum: MIN_EDNS_BYTES, maximum: MAX_EDNS_BYTES }] },
};

/** The fields of `checker_type: dns`. */
export const DNS_FIELDS = {
  query: required(
    converted(domainName, "a domain name"),
    "Name to query, in Punycode if it is not ASCII. A single dot is the root.",
  ),
  query_type: optional(
    wordInAnyCase(QUERY_TYPES),
    "",
    "the types of expected_ips or expect; if those are empty A, or without ip both A and AAAA; TXT in another class than IN",
    "Record type. If both A and AAAA are queried, one valid answer is enough.",
  ),
  query_class: optional(
    wordInAnyCase(QUERY_CLASSES),
    "",
    "IN",
    "Class of the question. CH is for questions about the server, such as version.bind.",
  ),
  expected_ips: optional(
    list(orEmpty(ip), "strings", "IP addresses", MAX_EXPECTED),
    [],
    "any",
    "Expected addresses; one of them must be in an answer. When empty, any record is accepted.",
  ),
  expect: optional(
    oneOrList(record, "strings", "the data of a record of the type", MAX_EXPECTED),
    [],
    "any",
    "Expected record, or several: one of them must be in an answer. MX: preference and name. SRV: priority, weight, port and name. " +
      "SOA: the serial. TXT: the text, the strings of a record joined. CAA: flags, tag and value. Others: an address or a name. Names are equal in any case and with or " +
      "without a final dot. Not allowed beside expected_ips.",
  ),
  expected_rcode: optional(
    oneOrList(orEmpty(rcode), "strings", "NOERROR, NXDOMAIN, …", MAX_EXPECTED),
    [],
    NOERROR,
    "Expected response code, or several. An answer with NOERROR must have a record, others need none. With another code than NOERROR and without ip, only the " +
      "nameservers are asked, for the name as it is written.",
  ),
  recursion_desired: optional(
    flag,
    true,
    "true",
    "Asks the server to resolve the name at other servers (RD bit). With false a resolver answers from its cache.",
  ),
  edns_size: optional(
    ednsSize,
    0,
    "no EDNS",
    "Sends an OPT record (EDNS) that allows UDP answers of this many bytes. A server that rejects it fails the check. 0 counts as absent.",
  ),
  ip: optional(
    orEmpty(ip),
    "",
    "the system resolver",
    "Server to query. When absent, /etc/hosts and the nameservers and search list of /etc/resolv.conf are used.",
  ),
  port: optional(integer(0, 65_535), 0, String(DEFAULT_PORT), "Port of the server. 0 counts as absent."),
  ...FORWARDING_FIELDS,
  ...SOCKET_FIELDS,
};

type DnsFields = FieldValues<typeof DNS_FIELDS>;

/** Reads valid fields. @throws FieldError for an expected record that no answer can hold, and for contradictions */
export function normalizeDns(fields: DnsFields): DnsSpec {
  const ips = fields.expected_ips.filter((address) => address !== "");
  const expected = fields.expect.filter((data) => data !== "");
  if (ips.length > 0 && expected.length > 0)
    throw new FieldError("expect", "not allowed beside expected_ips; must be absent");
  const server = fields.ip === "" ? undefined : { ip: fields.ip, port: fields.port || DEFAULT_PORT };
  const queryClass = fields.query_class || "IN";
  const queryTypes = typesOf(fields.query_type, queryClass, [...ips, ...expected], server !== undefined);
  if (ips.length > 0) checkAddresses(ips, queryTypes, fields.query_type);
  const records = [...ips, ...expected].map((data) => expectedRecord(data, queryTypes));
  return {
    type: "dns",
    query: fields.query,
    queryTypes,
    options: {
      queryClass,
      recursionDesired: fields.recursion_desired,
      ednsBytes: fields.edns_size || undefined,
    },
    wanted: wantedOf(records, fields.expected_rcode, ips.length > 0 ? "expected_ips" : "expect"),
    server,
    socket: socketOptions(fields, server?.ip),
  };
}

/** @throws FieldError for a type that the class does not have */
function typesOf(
  given: QueryType | "",
  queryClass: QueryClass,
  expected: readonly string[],
  hasServer: boolean,
): readonly QueryType[] {
  if (queryClass === "IN") return given === "" ? impliedTypes(expected, hasServer) : [given];
  if (given === "") return ["TXT"];
  if (!INTERNET_TYPES.includes(given)) return [given];
  const rule = `one of ${QUERY_TYPES.filter((type) => !INTERNET_TYPES.includes(type)).join(", ")}`;
  throw new FieldError("query_type", `${given} is not supported in class ${queryClass}; must be ${rule}`);
}

/** The record types to ask for where none is named: those that can hold the expected addresses. */
function impliedTypes(expected: readonly string[], hasServer: boolean): readonly QueryType[] {
  const types = (["A", "AAAA"] as const).filter((type) =>
    expected.some((found) => recordType(found) === type),
  );
  if (types.length > 0) return types;
  // The system resolver asks for both (getaddrinfo).
  return hasServer ? ["A"] : ["A", "AAAA"];
}

function recordType(address: string): QueryType {
  return isIP(address) === 6 ? "AAAA" : "A";
}

/** @throws FieldError */
function checkAddresses(
  ips: readonly string[],
  queryTypes: readonly QueryType[],
  given: QueryType | "",
): void {
  const foreign = ips.find((address) => !queryTypes.includes(recordType(address)));
  if (foreign === undefined) return;
  const rule = `an address that a query of type ${given || queryTypes.join("/")} can return`;
  throw new FieldError("expected_ips", problem(foreign, rule));
}

/** @throws FieldError */
function expectedRecord(data: string, queryTypes: readonly QueryType[]): ExpectedRecord {
  for (const type of queryTypes) {
    const record = readExpected(type, data);
    if (record !== undefined) return record;
  }
  const rules = queryTypes.map((type) => EXPECTED_RULES[type]).join(" or ");
  throw new FieldError("expect", problem(data, `${rules} (record type ${queryTypes.join("/")})`));
}

/** @param field - that of the records */
function wantedOf(records: readonly ExpectedRecord[], given: readonly string[], field: string): Wanted {
  const rcodes = [...new Set(given.filter((rcode) => rcode !== ""))];
  if (records.length > 0 && rcodes.length > 0 && !rcodes.includes(NOERROR))
    throw new FieldError(field, `not allowed without ${NOERROR} in expected_rcode; must be absent`);
  return { records, rcodes: rcodes.length === 0 ? [NOERROR] : rcodes };
}
