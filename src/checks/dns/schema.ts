/** The CONFIG fields of a DNS check, and how they become its spec. */
import { isIP } from "node:net";
import { domainName } from "../../model/domain-name.ts";
import { optional, required } from "../../schema/field.ts";
import { FieldError } from "../../schema/field-error.ts";
import { anyCase } from "../../schema/json-schema.ts";
import type { FieldValues } from "../../schema/object.ts";
import { problem } from "../../schema/problem.ts";
import { choice, converted, inAnyCase, integer, ip, list, orEmpty } from "../../schema/values.ts";
import { FORWARDING_FIELDS } from "../forwarding-fields.ts";
import { SOCKET_FIELDS, socketOptions } from "../socket-fields.ts";
import { type DnsSpec, QUERY_TYPES, type QueryType } from "./spec.ts";

const MAX_ADDRESSES = 1_000;
const DEFAULT_PORT = 53;

const words = choice(QUERY_TYPES);
// Editors propose the types in capitals; the server accepts any case.
const queryType = inAnyCase(words, {
  anyOf: [words.json, { type: "string", pattern: `^(?:${QUERY_TYPES.map(anyCase).join("|")})$` }],
});

/** The fields of `checker_type: dns`. */
export const DNS_FIELDS = {
  query: required(
    converted(domainName, "a domain name"),
    "Name to query, in Punycode if it is not ASCII. A single dot is the root.",
  ),
  query_type: optional(
    queryType,
    "",
    "the types of expected_ips; if that is empty A, or without ip both A and AAAA",
    "Record type. If both A and AAAA are queried, one valid answer is enough.",
  ),
  expected_ips: optional(
    list(orEmpty(ip), "strings", "IP addresses", MAX_ADDRESSES),
    [],
    "any",
    "Expected addresses; one of them must be in an answer. When empty, any record is accepted.",
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

/** Reads valid fields. @throws FieldError for an expected address that no record of the type can hold */
export function normalizeDns(fields: DnsFields): DnsSpec {
  const expectedIps = fields.expected_ips.filter((address) => address !== "");
  const server = fields.ip === "" ? undefined : { ip: fields.ip, port: fields.port || DEFAULT_PORT };
  const queryTypes =
    fields.query_type === "" ? impliedTypes(expectedIps, server !== undefined) : [fields.query_type];
  const foreign = expectedIps.find((address) => !queryTypes.includes(recordType(address)));
  if (foreign !== undefined)
    throw new FieldError(
      "expected_ips",
      problem(foreign, `an address that a query of type ${fields.query_type} can return`),
    );
  const socket = socketOptions(fields, server?.ip);
  return { type: "dns", query: fields.query, queryTypes, expectedIps, server, socket };
}

/** The record types to ask for where none is named: those that can hold the expected addresses. */
function impliedTypes(expectedIps: readonly string[], hasServer: boolean): readonly QueryType[] {
  const types = (["A", "AAAA"] as const).filter((type) =>
    expectedIps.some((found) => recordType(found) === type),
  );
  if (types.length > 0) return types;
  // The system resolver asks for both (getaddrinfo).
  return hasServer ? ["A"] : ["A", "AAAA"];
}

function recordType(address: string): QueryType {
  return isIP(address) === 6 ? "AAAA" : "A";
}
