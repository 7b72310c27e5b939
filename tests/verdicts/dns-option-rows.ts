/** Behavior of nameservers in dns checks that expect records or response codes, or that ask in another way. */
import { type Answer, type OptAnswer, type Packet, TRUNCATED_RESPONSE } from "dns-packet";
import { optRecord } from "../harness/backends/edns.ts";
import { type Behavior, SHORT } from "./behavior.ts";
import { framed, NAME, overTcp, type Question } from "./dns-backend.ts";
import { A, dns, FORMERR, NOTIMP, NXDOMAIN, REFUSED, SERVFAIL } from "./dns-row.ts";

type Fields = Readonly<Record<string, unknown>>;

const record = (type: string, data: unknown, name = NAME): Answer =>
  // dns-packet encodes these types; the static type of the data differs from one to the next.
  ({ type, name, ttl: 60, data }) as Answer;
const soa = (serial: number): Answer =>
  record("SOA", {
    mname: "ns.test",
    rname: "root.test",
    serial,
    refresh: 1,
    retry: 1,
    expire: 1,
    minimum: 1,
  });
const opt = (extendedRcode = 0): OptAnswer => optRecord(1_232, extendedRcode);

/** A row whose backend answers with records of the type that is expected. */
function expecting(
  id: string,
  backend: string,
  type: string,
  answers: readonly Answer[],
  expect: unknown,
  wanted: Behavior["wanted"],
): Behavior {
  return dns(id, backend, (question) => question.reply(answers), wanted, { query_type: type, expect });
}

/** A row whose backend answers as `changes` say, and whose check has other fields. */
function answering(
  id: string,
  backend: string,
  changes: Partial<Packet>,
  wanted: Behavior["wanted"],
  fields: Fields,
  answers: readonly Answer[] = [],
): Behavior {
  return dns(id, backend, (question) => question.reply(answers, changes), wanted, fields);
}

/** A good answer of class CHAOS to `version.bind`. @param recordClass - of the record */
function version(question: Question, recordClass: "CH" | "IN" = "CH"): Buffer {
  const name = "version.bind";
  const text = { type: "TXT" as const, name, class: recordClass, ttl: 0, data: "9.18" };
  return question.reply([text], { questions: [{ type: "TXT", name, class: "CH" }] });
}

const CHAOS = { query: "version.bind", query_type: "TXT", query_class: "CH" };
const GONE = { expected_rcode: "NXDOMAIN" };
const EDNS = { edns_size: 1_232 };
const MX = record("MX", { preference: 10, exchange: "Mail.test" });
const SRV = record("SRV", { priority: 0, weight: 5, port: 443, target: "a.test" });
const CAA = record("CAA", { flags: 0, tag: "Issue", value: "ca.test" });
const TXT = record("TXT", ["v=spf1", " -all"]);

/** All of them. */
export const DNS_OPTION_ROWS: readonly Behavior[] = [
  expecting("expect-a", "answers with the expected address", "A", [A()], "192.0.2.1", "L7OK"),
  expecting(
    "expect-a-other",
    "answers with another address",
    "A",
    [A()],
    ["192.0.2.2", "192.0.2.3"],
    "L7STS",
  ),
  expecting(
    "expect-cname",
    "answers with the expected alias, in capitals",
    "CNAME",
    [record("CNAME", "REAL.test")],
    "real.test.",
    "L7OK",
  ),
  expecting(
    "expect-cname-chain",
    "answers with an alias of the expected alias",
    "CNAME",
    [record("CNAME", "a.test"), record("CNAME", "b.test", "a.test")],
    "b.test",
    "L7STS",
  ),
  expecting(
    "expect-mx",
    "answers with the expected mail server",
    "MX",
    [MX],
    ["5 x.test", "10 mail.test."],
    "L7OK",
  ),
  expecting("expect-mx-preference", "answers with another preference", "MX", [MX], "20 mail.test", "L7STS"),
  expecting(
    "expect-mx-behind-alias",
    "answers with an alias and the mail server of its target",
    "MX",
    [record("CNAME", "real.test"), { ...MX, name: "real.test" }],
    "10 mail.test",
    "L7OK",
  ),
  expecting(
    "expect-ns",
    "answers with the expected nameserver",
    "NS",
    [record("NS", "ns.test")],
    "NS.test",
    "L7OK",
  ),
  expecting(
    "expect-ns-longer",
    "answers with a longer name",
    "NS",
    [record("NS", "ns.test.a")],
    "ns.test",
    "L7STS",
  ),
  expecting(
    "expect-ptr",
    "answers with the expected name",
    "PTR",
    [record("PTR", "a.test")],
    "a.test",
    "L7OK",
  ),
  expecting(
    "expect-soa",
    "answers with the expected serial",
    "SOA",
    [soa(4_294_967_295)],
    4_294_967_295,
    "L7OK",
  ),
  expecting("expect-soa-behind", "answers with an older serial", "SOA", [soa(41)], 42, "L7STS"),
  expecting("expect-srv", "answers with the expected service", "SRV", [SRV], "0 5 443 a.test", "L7OK"),
  expecting("expect-srv-port", "answers with another port", "SRV", [SRV], "0 5 80 a.test", "L7STS"),
  expecting(
    "expect-txt",
    "answers with the expected text in two strings",
    "TXT",
    [TXT],
    "v=spf1 -all",
    "L7OK",
  ),
  expecting(
    "expect-txt-case",
    "answers with the text in other letters",
    "TXT",
    [TXT],
    "V=spf1 -all",
    "L7STS",
  ),
  expecting("expect-txt-beginning", "answers with a longer text", "TXT", [TXT], "v=spf1", "L7STS"),
  expecting("expect-caa", "answers with the expected property", "CAA", [CAA], '0 issue "ca.test"', "L7OK"),
  expecting("expect-caa-flags", "answers with other flags", "CAA", [CAA], "128 issue ca.test", "L7STS"),

  answering("rcode-nxdomain", "answers NXDOMAIN, which is expected", { flags: NXDOMAIN }, "L7OK", GONE),
  answering(
    "rcode-nxdomain-alias",
    "answers NXDOMAIN behind an alias, which is expected",
    { flags: NXDOMAIN },
    "L7OK",
    GONE,
    [record("CNAME", "gone.test")],
  ),
  answering("rcode-found", "answers with an address; NXDOMAIN is expected", {}, "L7STS", GONE, [A()]),
  answering("rcode-nodata", "answers without a record; NXDOMAIN is expected", {}, "L7STS", GONE),
  answering("rcode-other", "answers REFUSED; NXDOMAIN is expected", { flags: REFUSED }, "L7STS", GONE),
  answering("rcode-servfail", "answers SERVFAIL, which is expected", { flags: SERVFAIL }, "L7OK", {
    expected_rcode: ["REFUSED", "SERVFAIL"],
  }),
  answering("rcode-either", "answers NXDOMAIN; it or an address is expected", { flags: NXDOMAIN }, "L7OK", {
    expected_rcode: ["NOERROR", "NXDOMAIN"],
    expect: "192.0.2.1",
  }),
  answering(
    "rcode-either-other-address",
    "answers with another address; an address or NXDOMAIN is expected",
    {},
    "L7STS",
    { expected_rcode: ["NOERROR", "NXDOMAIN"], expect: "192.0.2.1" },
    [A("192.0.2.9")],
  ),
  dns(
    "rcode-bare",
    "answers REFUSED, which is expected, and leaves the question out",
    (question) => question.reply([], { flags: REFUSED, questions: [] }),
    "L7OK",
    { expected_rcode: "REFUSED" },
  ),

  answering("edns-size", "answers a question with EDNS", { additionals: [opt()] }, "L7OK", EDNS, [A()]),
  answering("edns-ignored", "answers a question with EDNS without an OPT record", {}, "L7OK", EDNS, [A()]),
  answering(
    "edns-unasked",
    "answers a question without EDNS with an OPT record",
    { additionals: [opt(1)] },
    "L7OK",
    {},
    [A()],
  ),
  answering(
    "edns-badvers",
    "answers BADVERS to a question with EDNS",
    { additionals: [opt(1)] },
    "L7STS",
    EDNS,
    [A()],
  ),
  answering("edns-formerr", "answers FORMERR to a question with EDNS", { flags: FORMERR }, "L7STS", EDNS),
  answering("edns-notimp", "answers NOTIMP to a question with EDNS", { flags: NOTIMP }, "L7STS", EDNS),
  dns(
    "edns-large",
    "answers a question with EDNS with 60 addresses, above 512 bytes",
    (question) => question.reply(Array.from({ length: 60 }, (_, last) => A(`192.0.2.${last}`))),
    "L7OK",
    { ...EDNS, expect: "192.0.2.59" },
  ),
  dns(
    "edns-truncated",
    "truncates the answer to a question with EDNS",
    (question) => question.reply([], { flags: TRUNCATED_RESPONSE, additionals: [opt()] }),
    "L7OK",
    EDNS,
    overTcp((question) => framed(question.reply([A()], { additionals: [opt()] }))),
  ),
  dns(
    "no-recursion",
    "answers REFUSED to a question with recursion desired, which this one is not",
    (question) =>
      (question.message.readUInt16BE(2) & 0x0100) === 0
        ? question.reply([A()])
        : question.reply([], { flags: REFUSED }),
    "L7OK",
    { recursion_desired: false },
  ),
  dns("class-ch", "answers a question of class CHAOS", (question) => version(question), "L7OK", {
    ...CHAOS,
    expect: "9.18",
  }),
  dns(
    "class-ch-other",
    "answers a question of class CHAOS with another text",
    (question) => version(question),
    "L7STS",
    {
      ...CHAOS,
      expect: "9.19",
    },
  ),
  dns(
    "class-ch-record-in",
    "answers a question of class CHAOS with a record of class IN",
    (question) => version(question, "IN"),
    "L7STS",
    CHAOS,
  ),
  dns(
    "class-in-instead",
    "answers a question of class CHAOS with one of class IN",
    (question) => question.reply([TXT]),
    "L7RSP",
    { ...CHAOS, timeout: SHORT },
  ),
];
