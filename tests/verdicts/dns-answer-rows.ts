/** Behavior of nameservers in dns checks with records, aliases and response codes. */
import { type Answer, AUTHORITATIVE_ANSWER } from "dns-packet";
import type { Behavior } from "./behavior.ts";
import { NAME } from "./dns-backend.ts";
import {
  A,
  AAAA,
  dns,
  FORMERR,
  NOTIMP,
  NXDOMAIN,
  QUESTION_AT,
  REFUSED,
  REST_OF_A,
  SERVFAIL,
} from "./dns-row.ts";

type Fields = Readonly<Record<string, unknown>>;

const alias = (data: string, name = NAME): Answer => ({ type: "CNAME", name, ttl: 60, data });
const chain = (length: number): Answer[] => [
  ...Array.from({ length }, (_, hop) => alias(`hop${hop + 1}.test`, hop === 0 ? NAME : `hop${hop}.test`)),
  A("192.0.2.1", `hop${length}.test`),
];

/** A row whose backend answers with records. */
function records(
  id: string,
  backend: string,
  answers: readonly Answer[],
  wanted: Behavior["wanted"],
  fields: Fields = {},
): Behavior {
  return dns(id, backend, (question) => question.reply(answers), wanted, fields);
}

/** A row whose backend answers with a response code and no records. */
function rejection(id: string, backend: string, flags: number): Behavior {
  return dns(id, backend, (question) => question.reply([], { flags }), "L7STS");
}

/** A row whose backend answers the types that its table has, and others without a record. */
function byType(
  id: string,
  backend: string,
  table: Readonly<Record<string, readonly Answer[]>>,
  wanted: Behavior["wanted"],
  fields: Fields = {},
): Behavior {
  const noType = { query_type: undefined, ...fields };
  return dns(id, backend, (question) => question.reply(table[question.type] ?? []), wanted, noType);
}

/** A row whose check asks for another type. */
function typed(type: string, answer: Answer, query = NAME): Behavior {
  return records(
    `type-${type.toLowerCase()}`,
    `answers with a ${type} record, which is asked for`,
    [answer],
    "L7OK",
    { query, query_type: type },
  );
}

/** All of them. */
export const DNS_ANSWER_ROWS: readonly Behavior[] = [
  records("answer", "answers with an address", [A()], "L7OK"),
  records("expected", "answers with the expected address", [A()], "L7OK", { expected_ips: ["192.0.2.1"] }),
  records("other-address", "answers with another address than expected", [A("192.0.2.9")], "L7STS", {
    expected_ips: ["192.0.2.1"],
  }),
  records("one-of-two", "answers with two addresses, one of them expected", [A("192.0.2.9"), A()], "L7OK", {
    expected_ips: ["192.0.2.1"],
  }),
  records("one-expected-of-two", "answers with one of two expected addresses", [A()], "L7OK", {
    expected_ips: ["192.0.2.7", "192.0.2.1"],
  }),
  records("duplicates", "answers with the same record twice", [A(), A()], "L7OK"),
  records(
    "many",
    "answers with 25 addresses",
    Array.from({ length: 25 }, (_, last) => A(`192.0.2.${last}`)),
    "L7OK",
    { expected_ips: ["192.0.2.24"] },
  ),
  records(
    "ttl-zero",
    "answers with a time to live of 0",
    [{ type: "A", name: NAME, ttl: 0, data: "192.0.2.1" }],
    "L7OK",
  ),
  records(
    "alias",
    "answers with an alias and its address",
    [alias("real.test"), A("192.0.2.1", "real.test")],
    "L7OK",
  ),
  records(
    "alias-twice",
    "answers with two aliases and the address of the first",
    [alias("real.test"), alias("other.test"), A("192.0.2.1", "real.test")],
    "L7OK",
  ),
  records("alias-chain", "answers with a chain of 10 aliases", chain(10), "L7OK"),
  records(
    "alias-backwards",
    "answers with an alias behind its address",
    [A("192.0.2.1", "real.test"), alias("real.test")],
    "L7OK",
  ),
  records(
    "alias-capitals",
    "answers with an alias in capitals",
    [alias("REAL.test"), A("192.0.2.1", "real.TEST")],
    "L7OK",
  ),
  records(
    "alias-loop",
    "answers with aliases in a circle",
    [alias("other.test"), alias(NAME, "other.test")],
    "L7STS",
  ),
  records("alias-self", "answers with an alias of itself", [alias(NAME)], "L7STS"),
  records("alias-dangling", "answers with an alias and no address", [alias("real.test")], "L7STS"),
  records("other-owner", "answers with the address of another name", [A("192.0.2.1", "other.test")], "L7STS"),
  records("other-type", "answers with a record of another type", [AAAA()], "L7STS"),
  dns(
    "other-class",
    "answers with a record of class CHAOS",
    (question) => question.raw([0xc0, QUESTION_AT, 0, 1, 0, 3, ...REST_OF_A.slice(4)]),
    "L7STS",
  ),
  records("nodata", "answers without a record", [], "L7STS"),
  dns(
    "nodata-soa",
    "answers without a record, with the zone's SOA",
    (question) =>
      question.reply([], {
        authorities: [
          {
            type: "SOA",
            name: "example.test",
            ttl: 60,
            data: {
              mname: "ns.test",
              rname: "root.test",
              serial: 1,
              refresh: 1,
              retry: 1,
              expire: 1,
              minimum: 1,
            },
          },
        ],
      }),
    "L7STS",
  ),
  dns(
    "referral",
    "refers to other nameservers",
    (question) =>
      question.reply([], {
        authorities: [{ type: "NS", name: "example.test", ttl: 60, data: "ns.test" }],
        additionals: [A("192.0.2.53", "ns.test")],
      }),
    "L7STS",
  ),
  rejection("nxdomain", "answers NXDOMAIN", NXDOMAIN),
  rejection("servfail", "answers SERVFAIL", SERVFAIL),
  rejection("refused", "answers REFUSED", REFUSED),
  rejection("notimp", "answers NOTIMP", NOTIMP),
  rejection("formerr", "answers FORMERR", FORMERR),
  dns(
    "formerr-bare",
    "answers FORMERR and leaves the question out",
    (question) => question.reply([], { flags: FORMERR, questions: [] }),
    "L7STS",
  ),
  dns(
    "nxdomain-alias",
    "answers NXDOMAIN behind an alias",
    (question) => question.reply([alias("gone.test")], { flags: NXDOMAIN }),
    "L7STS",
  ),
  dns(
    "servfail-records",
    "answers SERVFAIL with a record",
    (question) => question.reply([A()], { flags: SERVFAIL }),
    "L7STS",
  ),
  dns(
    "authoritative",
    "answers with authority",
    (question) => question.reply([A()], { flags: AUTHORITATIVE_ANSWER }),
    "L7OK",
  ),

  typed("AAAA", AAAA()),
  typed("CNAME", alias("real.test")),
  typed("MX", { type: "MX", name: NAME, ttl: 60, data: { preference: 10, exchange: "mail.test" } }),
  typed("NS", { type: "NS", name: NAME, ttl: 60, data: "ns.test" }),
  typed("SOA", {
    type: "SOA",
    name: NAME,
    ttl: 60,
    data: { mname: "ns.test", rname: "root.test", serial: 1, refresh: 1, retry: 1, expire: 1, minimum: 1 },
  }),
  typed("SRV", {
    type: "SRV",
    name: NAME,
    ttl: 60,
    data: { port: 80, target: "a.test", priority: 1, weight: 1 },
  }),
  typed("TXT", { type: "TXT", name: NAME, ttl: 60, data: ["v=spf1", " -all"] }),
  typed("CAA", { type: "CAA", name: NAME, ttl: 60, data: { flags: 0, tag: "issue", value: "ca.test" } }),
  typed(
    "PTR",
    { type: "PTR", name: "1.2.0.192.in-addr.arpa", ttl: 60, data: NAME },
    "1.2.0.192.in-addr.arpa",
  ),
  records(
    "aaaa-expected",
    "answers with the expected IPv6 address, written otherwise",
    [AAAA("2001:db8:0:0::1")],
    "L7OK",
    { query_type: "AAAA", expected_ips: ["2001:db8::1"] },
  ),
  records("aaaa-nodata", "answers without a record to a question for AAAA", [], "L7STS", {
    query_type: "AAAA",
  }),
  byType("no-type-a", "has an A record only; the check names no type", { A: [A()] }, "L7OK"),
  // A and AAAA are both asked of the system resolver only; a nameserver that is named gets one question.
  byType(
    "no-type-aaaa",
    "has an AAAA record only; the check names no type, so A is asked",
    { AAAA: [AAAA()] },
    "L7STS",
  ),
  byType("no-type-none", "has neither A nor AAAA; the check names no type", {}, "L7STS"),
  byType(
    "no-type-expected-v6",
    "has both; the check expects an IPv6 address",
    { A: [A()], AAAA: [AAAA()] },
    "L7OK",
    { expected_ips: ["2001:db8::1"] },
  ),
  byType(
    "no-type-expected-both",
    "has an AAAA record only; the check expects addresses of both families",
    { AAAA: [AAAA()] },
    "L7OK",
    { expected_ips: ["192.0.2.1", "2001:db8::1"] },
  ),
  dns(
    "no-type-a-servfail",
    "answers SERVFAIL for A and a record for AAAA; the check names no type, so A is asked",
    (question) =>
      question.type === "A" ? question.reply([], { flags: SERVFAIL }) : question.reply([AAAA()]),
    "L7STS",
    { query_type: undefined },
  ),
];
