/** Redaction of an answer that repeats the secrets of its request. */
import { expect, test } from "bun:test";
import { excerpt } from "../../src/checks/excerpt.ts";
import { byteSecrets, httpSecrets, type Secrets, textSecrets } from "../../src/redaction/secrets.ts";
import { httpSpec } from "../harness/fakes/http-spec.ts";

const SPEC = httpSpec({ path: "/healthz", host: "www.example.com" });

const ofHeaders = (headers: Readonly<Record<string, string>>) =>
  httpSecrets({ ...SPEC, headers: Object.entries(headers) });
const ofPath = (path: string) => httpSecrets({ ...SPEC, path });
const BASIC = Buffer.from("admin:hunter2").toString("base64");
const TOKEN = "eyJhbGciOiJIUzI1NiJ9.hunter2.x";

const rows: [string, Secrets, string, string][] = [
  ["a header's value", ofHeaders({ "X-Key": "hunter2" }), "no hunter2 here", "no … here"],
  ["a value twice", ofHeaders({ "X-Key": "hunter2" }), "hunter2 is wrong, hunter2!", "… is wrong, …!"],
  ["a value within a word", ofHeaders({ "X-Key": "hunter2" }), "key=hunter2x", "key=…x"],
  [
    "a token behind its scheme",
    ofHeaders({ Authorization: `Bearer ${TOKEN}` }),
    `Bearer ${TOKEN} expired`,
    "Bearer … expired",
  ],
  [
    "the scheme alone stays",
    ofHeaders({ Authorization: `Bearer ${TOKEN}` }),
    "Bearer token missing",
    "Bearer token missing",
  ],
  ["Basic as it is sent", ofHeaders({ Authorization: `Basic ${BASIC}` }), `got ${BASIC}`, "got …"],
  ["Basic decoded", ofHeaders({ Authorization: `Basic ${BASIC}` }), "bad login admin:hunter2", "bad login …"],
  [
    "Basic: the password",
    ofHeaders({ Authorization: `Basic ${BASIC}` }),
    "wrong password hunter2",
    "wrong password …",
  ],
  [
    "a cookie",
    ofHeaders({ Cookie: "session=hunter2; theme=dark" }),
    "session hunter2 expired",
    "session … expired",
  ],
  ["a query's value", ofPath("/x?token=hunter2&a=b"), "GET /x?token=hunter2&a=b", "GET /x…"],
  ["a query's value alone", ofPath("/x?token=hunter2"), "token hunter2 is bad", "token … is bad"],
  ["a query's value, decoded", ofPath("/x?token=hun%74er2"), "token hunter2 is bad", "token … is bad"],
  [
    "a value in Base64",
    ofHeaders({ "X-Key": "hunter2" }),
    `key ${Buffer.from("hunter2").toString("base64")}`,
    "key …==",
  ],
  ["a value percent-encoded", ofHeaders({ "X-Key": "hunter 2+2" }), "key hunter%202%2B2!", "key …!"],
  [
    "a value cut off at the end",
    ofHeaders({ "X-Key": "hunter2-and-more" }),
    "bad key hunter2-a",
    "bad key …",
  ],
  [
    "a value cut off within",
    ofHeaders({ "X-Key": "hunter2-and-more" }),
    "bad key 'hunter2-an', sorry",
    "bad key '…', sorry",
  ],
  [
    "a short value that stands alone",
    ofHeaders({ "X-Pin": "1234" }),
    "pin 1234, not 12345",
    "pin …, not 12345",
  ],
  ["a value too short to hide", ofHeaders({ "X-A": "1" }), "1 of 10", "1 of 10"],
  [
    "words that begin alike",
    ofHeaders({ "X-Key": "statusquo-1" }),
    "status 500, statuses",
    "status 500, statuses",
  ],
  [
    "a word in common with a header",
    ofHeaders({ "X-Key": "Required-by-the-gateway" }),
    "Required headers are missing",
    "Required headers are missing",
  ],
  [
    "what every client sends",
    ofHeaders({ Connection: "Upgrade", Upgrade: "websocket", Accept: "application/json" }),
    "Upgrade Required: websocket, application/json",
    "Upgrade Required: websocket, application/json",
  ],
  [
    "what a TCP check sends",
    textSecrets("AUTH hunter2\r\n"),
    "-ERR unknown command 'AUTH hunter2'",
    "-ERR unknown command 'AUTH …'",
  ],
  ["a word that a TCP check sends", textSecrets("AUTH admin hunter2\r\n"), "-ERR bad hunter2", "-ERR bad …"],
  ["a command that a TCP check sends", textSecrets("AUTH hunter2\r\n"), "-ERR no AUTH", "-ERR no AUTH"],
  [
    "the version of an HTTP request over TCP",
    textSecrets("GET /x HTTP/1.1\r\n\r\n"),
    "HTTP/1.1 400 Bad Request",
    "HTTP/1.1 400 Bad Request",
  ],
];

test.each(rows)("secrets: %s", (_name, secrets, answer, expected) => {
  expect(excerpt(answer, secrets)).toBe(JSON.stringify(expected));
});

test("secrets: one that begins where the excerpt ends is hidden", () => {
  const secrets = ofHeaders({ "X-Key": "hunter2" });
  for (const before of [50, 55, 57, 59]) {
    expect(excerpt(`${"x".repeat(before)}hunter2 and more text behind it`, secrets)).not.toMatch(/hun/);
  }
});

test("secrets: a standard reason phrase is shown whatever was sent", () => {
  const secrets = ofHeaders({ "X-Mode": "Upgrade Required" });
  expect(secrets.hideInReason("Upgrade Required", 426)).toBe("Upgrade Required");
  expect(secrets.hideInReason("Upgrade Required", 400)).toBe("…");
});

test("secrets: in bytes that are not text, the arguments of a line are hidden too", () => {
  const secrets = byteSecrets(Buffer.from("AUTH hunter2\xff\r\n", "latin1"));
  expect(excerpt(Buffer.from("bad: hunter2\xff", "latin1"), secrets)).not.toContain("hunter2");
});
