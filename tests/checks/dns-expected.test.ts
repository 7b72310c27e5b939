/** Expected DNS records as operators write them, and the questions and answers of EDNS and other classes. */
import { expect, test } from "bun:test";
import { type Answer, decode, encode, type Packet } from "dns-packet";
import { readExpected } from "../../src/checks/dns/expected.ts";
import { validateAnswer } from "../../src/checks/dns/message.ts";
import { type QueryType, type QuestionOptions, USUAL_QUESTION } from "../../src/checks/dns/spec.ts";
import { encodeQuestion, type Question, readReply } from "../../src/checks/dns/wire.ts";
import { optRecord } from "../harness/backends/edns.ts";
import { wanting } from "../harness/fakes/fakes.ts";

const NAME = "www.example.com";
const A: Answer = { type: "A", name: NAME, ttl: 60, data: "192.0.2.1" };
const EDNS = { ...USUAL_QUESTION, ednsBytes: 1_232 };

const opt = (extendedRcode = 0): Answer => optRecord(4_096, extendedRcode);

/** The verdict on an answer to a question. */
function verdict(
  changes: Partial<Packet>,
  options: QuestionOptions = USUAL_QUESTION,
  wanted = wanting(),
  type: QueryType = "A",
): string {
  const question: Question = { id: 1, name: NAME, type, options };
  // dns-packet knows all of our types, and more.
  const questions = [{ type: type as "A", name: NAME }];
  const bytes = encode({ type: "response", id: 1, questions, answers: [A], ...changes });
  const reply = readReply(bytes, encodeQuestion(question), question);
  if (reply.kind !== "answer") return reply.kind;
  const { ok, message } = validateAnswer(reply, wanted, options.ednsBytes !== undefined);
  return `${ok ? "ok" : "failed"} ${message}`;
}

test.each<[type: QueryType, written: string, key: string, shown?: string]>([
  ["A", "192.0.2.1", "192.0.2.1"],
  ["AAAA", "2001:DB8:0::1", "2001:db8::1"],
  ["CNAME", "WWW.Example.COM.", "www.example.com"],
  ["NS", ".", "."],
  ["PTR", "grün.example", "xn--grn-ioa.example"],
  ["PTR", "a\\.b.c\\\\d.\\007\\255.\\065x", "a\\.b.c\\\\d.\\007\\255.ax"],
  ["MX", " 010\t MAIL.example. ", "10 mail.example"],
  ["SRV", "0 5 65535 .", "0 5 65535 ."],
  ["SOA", "0042", "42", "serial 42"],
  ["SOA", "4294967295", "4294967295", "serial 4294967295"],
  ["TXT", "v=spf1 -all", "v=spf1 -all", '"v=spf1 -all"'],
  ["TXT", 'é"\x1b', 'Ã©"\x1b', '"\\195\\169\\"\\027"'],
  ["TXT", "x".repeat(100), "x".repeat(100), `"${"x".repeat(59)}…`],
  ["CAA", '0 Issue "ca.test"', "0 issue ca.test", '0 issue "ca.test"'],
  ["CAA", "128 iodef mailto:a b", "128 iodef mailto:a b", '128 iodef "mailto:a b"'],
])("dns expected: %s %j", (type, written, key, shown = key) => {
  expect(readExpected(type, written)).toEqual({ key, shown });
});

test.each<[type: QueryType, written: string[]]>([
  ["A", ["::1", "a.test", "192.0.2", "192.0.2.1 "]],
  ["AAAA", ["192.0.2.1", "::g"]],
  ["CNAME", ["a..b", "..", " ", "a b", "a\\", "a\\256", "x".repeat(64), `${"x.".repeat(128)}`]],
  ["MX", ["mail", "10", "65536 mail", "-1 mail", "1 2 mail", "1.5 mail"]],
  ["SRV", ["0 5 mail", "0 5 5 5 mail", "a 5 5 mail"]],
  ["SOA", ["4294967296", "-1", "1.5", "ns.test a.test 1", "0x1"]],
  ["CAA", ["issue ca.test", "256 issue ca.test", "0 is-sue ca.test"]],
])("dns expected: no record of type %s has %j", (type, written) => {
  expect(written.map((text) => readExpected(type, text))).toEqual(written.map(() => undefined));
});

test("dns expected: a question has its class, its RD bit, and an OPT record with the size", () => {
  const encoded = (options: QuestionOptions) =>
    decode(encodeQuestion({ id: 1, name: NAME, type: "TXT", options }));
  expect(encoded(USUAL_QUESTION)).toMatchObject({ flag_rd: true, additionals: [] });
  const odd = encoded({ queryClass: "CH", recursionDesired: false, ednsBytes: 1_232 });
  expect(odd).toMatchObject({ flag_rd: false, questions: [{ name: NAME, type: "TXT", class: "CH" }] });
  expect(odd.additionals).toMatchObject([{ type: "OPT", name: ".", udpPayloadSize: 1_232, ednsVersion: 0 }]);
  const hesiod = encoded({ ...USUAL_QUESTION, queryClass: "HS" });
  expect(hesiod.questions).toMatchObject([{ class: "HS" }]);
});

test("dns expected: the answer to a question with EDNS repeats the question alone, with an OPT record or without", () => {
  expect(verdict({}, EDNS)).toBe("ok answered 192.0.2.1");
  expect(verdict({ additionals: [opt()] }, EDNS)).toBe("ok answered 192.0.2.1");
  expect(verdict({ additionals: [A, opt(), opt(9)] }, EDNS)).toBe("ok answered 192.0.2.1");
});

test("dns expected: an OPT record extends the response code only where the question had one, in its own section", () => {
  const badVersion = { additionals: [opt(1)], answers: [] };
  expect(verdict(badVersion, EDNS)).toBe("failed answered BADVERS to a query with EDNS");
  expect(verdict(badVersion, EDNS, wanting([], ["BADVERS"]))).toBe("ok answered BADVERS");
  expect(verdict({ additionals: [opt(255)], flags: 15 }, EDNS)).toBe("failed answered RCODE4095");
  expect(verdict({ additionals: [opt(1)] })).toBe("ok answered 192.0.2.1");
  expect(verdict({ authorities: [opt(1)] }, EDNS)).toBe("ok answered 192.0.2.1");
});

test.each([
  [1, "FORMERR"],
  [4, "NOTIMP"],
])("dns expected: response code %i says that the query had EDNS", (flags, rcode) => {
  expect(verdict({ flags, answers: [] }, EDNS)).toBe(`failed answered ${rcode} to a query with EDNS`);
  expect(verdict({ flags, answers: [], questions: [] }, EDNS)).toBe(
    `failed answered ${rcode} to a query with EDNS`,
  );
  expect(verdict({ flags, answers: [] })).toBe(`failed answered ${rcode}`);
});

test("dns expected: a wanted response code needs no record, and NOERROR needs one", () => {
  const gone = { flags: 3, answers: [] };
  expect(verdict(gone, USUAL_QUESTION, wanting([], ["NXDOMAIN"]))).toBe("ok answered NXDOMAIN");
  expect(verdict(gone, USUAL_QUESTION, wanting(["192.0.2.1"], ["NOERROR", "NXDOMAIN"]))).toBe(
    "ok answered NXDOMAIN",
  );
  expect(verdict({}, USUAL_QUESTION, wanting([], ["NXDOMAIN"]))).toBe(
    "failed answered 192.0.2.1, expected NXDOMAIN",
  );
  const either = wanting([], ["NOERROR", "NXDOMAIN"]);
  expect(verdict({ answers: [] }, USUAL_QUESTION, either)).toBe(
    "failed answered without any %TYPES% record, expected NOERROR or NXDOMAIN",
  );
  expect(verdict({ flags: 5, answers: [] }, USUAL_QUESTION, either)).toBe(
    "failed answered REFUSED, expected NOERROR or NXDOMAIN",
  );
});

test("dns expected: a question for CNAME is answered by the alias of the name, not by those that follow", () => {
  const aliases: Answer[] = [
    { type: "CNAME", name: NAME, data: "a.test" },
    { type: "CNAME", name: "a.test", data: "b.test" },
  ];
  expect(verdict({ answers: aliases }, USUAL_QUESTION, wanting(["a.test"]), "CNAME")).toBe(
    "ok answered a.test",
  );
  expect(verdict({ answers: aliases }, USUAL_QUESTION, wanting(["b.test"]), "CNAME")).toBe(
    "failed answered a.test, expected b.test",
  );
  expect(verdict({ answers: aliases })).toBe(
    "failed answered without any %TYPES% record, only an alias of b.test",
  );
});
