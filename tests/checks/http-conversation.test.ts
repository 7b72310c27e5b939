/** Meaning of HTTP answers, however they are split. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import type { Verdict } from "../../src/checks/conversation.ts";
import { HttpConversation } from "../../src/checks/http/conversation.ts";

interface Wanted {
  readonly codes?: readonly number[];
  readonly body?: string;
}

function conversation({ codes = [], body = "" }: Wanted): HttpConversation {
  return new HttpConversation(Buffer.from("GET / HTTP/1.1\r\n\r\n"), { codes, body: Buffer.from(body) });
}

/** Feeds an answer part by part, as the exchange does, and closes when it has ended without a verdict. */
function validate(parts: readonly (string | Uint8Array)[], wanted: Wanted = {}): Verdict {
  const talk = conversation(wanted);
  for (const part of parts) {
    const verdict = talk.received(typeof part === "string" ? Buffer.from(part, "latin1") : part);
    if (verdict !== undefined) return verdict;
  }
  return talk.closed();
}

function short(verdict: Verdict | undefined): string {
  if (verdict === undefined) return "more";
  return `${verdict.ok ? "ok" : verdict.code} ${verdict.message}`;
}

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
const TWICE = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nA: b\r\nContent-Length: 5\r\n\r\nhello";
const CHUNKED =
  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;ext=1\r\nhel\r\n2\r\nlo\r\n0\r\nX: y\r\n\r\n";

const rows: [string, string, Wanted, string][] = [
  ["any status", "HTTP/1.1 503 Busy\r\n\r\n", {}, "ok status 503 Busy"],
  ["the wanted status", OK, { codes: [204, 200] }, "ok status 200 OK"],
  [
    "another status",
    "HTTP/1.1 503 Busy\r\n\r\n",
    { codes: [200, 204] },
    "L7STS status 503 Busy, expected 200 or 204",
  ],
  [
    "a redirect",
    "HTTP/1.1 301 Moved\r\nLocation: /x\r\n\r\n",
    { codes: [200] },
    'L7STS status 301 Moved, expected 200, Location "/x"',
  ],
  ["no reason", "HTTP/1.1 200 \r\n\r\n", { codes: [200] }, "ok status 200"],
  ["HTTP/1.0", "HTTP/1.0 200 OK\r\n\r\n", { codes: [200] }, "ok status 200 OK"],
  [
    "interim answers",
    `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nA: b\r\n\r\n${OK}`,
    { codes: [200] },
    "ok status 200 OK",
  ],
  [
    "an upgrade",
    "HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
    { codes: [200] },
    "L7STS status 101 Switching, expected 200",
  ],
  ["the wanted body", OK, { body: "hell" }, "ok status 200 OK, body as expected"],
  ["a chunked body", CHUNKED, { body: "hello" }, "ok status 200 OK, body as expected"],
  [
    "a body up to the close",
    "HTTP/1.1 200 OK\r\n\r\nhello",
    { body: "hello" },
    "ok status 200 OK, body as expected",
  ],
  ["one length twice", TWICE, { body: "hello" }, "ok status 200 OK, body as expected"],
  [
    "one length thrice, in one line and in another",
    "HTTP/1.1 200 OK\nCONTENT-LENGTH : 5, 5\nA: b\ncontent-length: 5\n\nhello",
    { body: "hello!" },
    'L7STS body ends after "hello", expected "hello!"',
  ],
  [
    "one length twice behind interim answers",
    `${"HTTP/1.1 103 Hints\r\nContent-Length: 7\r\n\r\n".repeat(16)}${TWICE}`,
    { codes: [200], body: "hello" },
    "ok status 200 OK, body as expected",
  ],
  [
    "one length twice, behind blank lines",
    `\r\n\r\nHTTP/1.1 103 Hints\r\n\r\n\r\n\r\n${TWICE}`,
    { body: "hello" },
    "ok status 200 OK, body as expected",
  ],
  [
    "chunks beside two lengths, which do not count",
    CHUNKED.replace("\r\n\r\n", "\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"),
    { body: "hello" },
    "ok status 200 OK, body as expected",
  ],
  ["a reason in UTF-8", "HTTP/1.1 200 \xc3\xa9\r\n\r\n", {}, "ok status 200 \\xc3\\xa9"],
  ["another body", OK, { body: "help" }, 'L7STS body starts with "hello", expected "help"'],
  ["a body too short", OK, { body: "hello!" }, 'L7STS body ends after "hello", expected "hello!"'],
  [
    "a chunked body too short",
    CHUNKED,
    { body: "hello!" },
    'L7STS body ends after "hello", expected "hello!"',
  ],
  [
    "a response without a body",
    "HTTP/1.1 204 No Content\r\n\r\n",
    { body: "x" },
    'L7STS body ends after "", expected "x"',
  ],
  ["nothing", "", {}, "L7RSP closed by peer without an answer"],
  ["half a status line", "HTTP/1.1 2", {}, "L7RSP closed by peer before the end of the headers"],
  [
    "half a header",
    "HTTP/1.1 200 OK\r\nContent-Le",
    {},
    "L7RSP closed by peer before the end of the headers",
  ],
  [
    "only an interim answer",
    "HTTP/1.1 100 Continue\r\n\r\n",
    {},
    "L7RSP closed by peer before the end of the headers",
  ],
  [
    "half a body",
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe",
    { body: "hello" },
    'L7RSP closed by peer in the middle of the body, after "he", expected "hello"',
  ],
];

test.each(rows)("http: %s", (_name, answer, wanted, expected) => {
  expect(short(validate([answer], wanted))).toBe(expected);
});

test.each(rows.filter(([name]) => name !== "another body"))(
  "http: %s, split at every byte",
  (_name, answer, wanted, expected) => {
    expect(short(validate([...answer], wanted))).toBe(expected);
  },
);

test.each([
  ["another protocol", "SSH-2.0-OpenSSH_9.2\r\n"],
  ["a status that is no number", "HTTP/1.1 abc OK\r\n\r\n"],
  ["a negative chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n"],
  ["a chunk that is no number", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n"],
  ["two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello"],
  ["two lengths in one line", "HTTP/1.1 200 OK\r\nContent-Length: 5, 6\r\n\r\nhello"],
  ["a length that is no number, twice", "HTTP/1.1 200 OK\r\nContent-Length: +5, +5\r\n\r\nhello"],
  ["RTSP", "RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n"],
  ["ICE", "\r\nICE/1.0 200 OK\r\n\r\n"],
  ["HTTP/9.9", "HTTP/9.9 200 OK\r\n\r\n"],
  ["HTTP/0.9 with a status", "HTTP/0.9 200 OK\r\n\r\n"],
  ["no HTTP before HTTP", "HTTP/0.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\nhello"],
  ["a status below all classes", "HTTP/1.1 099 Odd\r\n\r\n"],
  ["a chunk without a size", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n;x\r\nhello\r\n"],
  [
    "a chunk too large to count",
    `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${"f".repeat(40)}\r\n`,
  ],
  ["a chunk longer than it says", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhello\r\n"],
  ["a length too large to count", "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nhello"],
  ["an empty length", "HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\nhello"],
])("http: %s is no valid answer", (_name, answer) => {
  for (const parts of [[answer], [...answer]]) {
    expect(short(validate(parts, { body: "hello" }))).toStartWith("L7RSP not a valid HTTP answer: ");
  }
});

const odd: [string, string][] = [
  ["a name with a blank", "Foo Bar: x"],
  ["a name with an @", "Foo@Bar: x"],
  ["no name", ": x"],
  ["no colon", "Foo"],
  [
    "a notice of PHP",
    "<br />\n<b>Notice</b>:  Undefined index: x in <b>/srv/x.php</b> on line <b>3</b><br />",
  ],
  ["a name in another alphabet", "\xc3\xa9t\xc3\xa9: x"],
  ["control characters", "X: a\x00b\x1b\x7f"],
  ["a bare carriage return", "X: a\rb: c"],
  ["a folded header", "X: y\r\n folded\r\n\tand again"],
  ["almost a length", "Content-Lengths: x"],
  ["a length without a colon", "Content-Length 3"],
];

test.each(odd)("http: %s among the headers is passed over", (_name, line) => {
  for (const place of ["line first", "line last"]) {
    const length = "Content-Length: 5\r\n";
    const lines = place === "line first" ? `${line}\r\n${length}` : `${length}${line}\r\n`;
    const answer = `HTTP/1.1 200 OK\r\n${lines}\r\nhello, and no more`;
    for (const parts of [[answer], [...answer]]) {
      expect([place, short(validate(parts, { codes: [200] }))]).toEqual([place, "ok status 200 OK"]);
      expect([place, short(validate(parts, { body: "hello!" }))]).toEqual([
        place,
        'L7STS body ends after "hello", expected "hello!"',
      ]);
    }
  }
});

test.each<[string, string, string]>([
  ["a folded length", "Content-Length:\r\n 5\r\n", "hello, and no more"],
  ["a folded coding", "Transfer-Encoding: gzip,\r\n\tchunked\r\n", "5\r\nhello\r\n0\r\n\r\n"],
  ["a length behind a continuation of nothing", " folded\r\nContent-Length: 5\r\n", "hello, and no more"],
  ["a length behind a fold", "X: y\r\n Content-Length: 3\r\nContent-Length: 5\r\n", "hello, and no more"],
])("http: %s counts", (_name, lines, body) => {
  const answer = `HTTP/1.1 200 OK\r\n${lines}\r\n${body}`;
  for (const parts of [[answer], [...answer]]) {
    expect(short(validate(parts, { body: "hello!" }))).toBe(
      'L7STS body ends after "hello", expected "hello!"',
    );
  }
});

test("http: a status without a body has none, whatever its headers say", () => {
  for (const code of [204, 304]) {
    const answer = `HTTP/1.1 ${code} X\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello`;
    expect(short(validate([answer]))).toBe(`ok status ${code} X`);
    expect(short(validate([answer], { body: "h" }))).toBe('L7STS body ends after "", expected "h"');
  }
});

test.each([
  ["SSH-2.0-OpenSSH_9.2\r\n", 'invalid status line "SSH-2.0-OpenSSH_9.2"'],
  ["HTTP/1.1 abc OK\r\n\r\n", 'invalid status line "HTTP/1.1 abc OK"'],
  ["HTTP/9.9 200 OK\r\n\r\n", 'invalid status line "HTTP/9.9 200 OK"'],
  ["\x00\x1b[31m\n", 'invalid status line "\\u0000\\u001b[31m"'],
  ["HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\n", 'invalid length "Content-Length: +5"'],
  [
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX: y\r\ncontent-length: 6\r\n\r\n",
    'a second length beside 5 "content-length: 6"',
  ],
  ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n", 'invalid chunk size "-5"'],
])("http: the sentence quotes the line that is at fault: %j", (answer, expected) => {
  expect(short(validate([answer], { body: "hello" }))).toBe(`L7RSP not a valid HTTP answer: ${expected}`);
});

test("http: a line at fault is quoted up to a bound", () => {
  const { message } = validate([`GARBAGE${"x".repeat(100_000)}\r\n`]);
  expect(message).toBe(`not a valid HTTP answer: invalid status line "GARBAGE${"x".repeat(53)}…"`);
});

test("http: another status comes with the beginning of its body, if that has come", () => {
  const head = "HTTP/1.1 503 Busy\r\nContent-Length: 100\r\n\r\n";
  const wanted = { codes: [200] };
  const body = "database is down: too many connections, sorry for that, please come back later";
  expect(short(validate([head, body], wanted))).toBe("L7STS status 503 Busy, expected 200");
  expect(short(validate([head + body], wanted))).toBe(
    `L7STS status 503 Busy, expected 200, body starts with "${body.slice(0, 60)}…"`,
  );
});

test("http: a redirect comes with its Location, without what may be secret in it", () => {
  const location = (value: string) => {
    const { message } = validate([`HTTP/1.1 302 Found\r\nlocation:  ${value} \r\n\r\n<html>`], {
      codes: [200],
    });
    return message.replace("status 302 Found, expected 200, Location ", "");
  };
  expect(location("/login")).toBe('"/login"');
  expect(location("https://sso.example.com/login?return=%2F&token=hunter2")).toBe(
    '"https://sso.example.com/login?…"',
  );
  expect(location("/login#id_token=hunter2")).toBe('"/login#…"');
  expect(location("https://user:hunter2@www.example.com/x")).toBe('"https://…@www.example.com/x"');
  expect(location("//user:hunter2@www.example.com/x?y")).toBe('"//…@www.example.com/x?…"');
  expect(location("https:/user:hunter@2@www.example.com")).toBe('"https:/…@www.example.com"');
  expect(location("/login;jsessionid=hunter2")).toBe('"/login;…"');
  expect(location("/login;jsessionid=hunter2/x?return=%2F")).toBe('"/login;…"');
  expect(location("https://user;x:hunter2@www.example.com/a;b")).toBe('"https://…@www.example.com/a;…"');
  expect(location(`/${"x".repeat(5_000)}`)).toBe(`"/${"x".repeat(59)}…"`);
});

test("http: framing between the data of a body ends a check, however it is cut and made", () => {
  const head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  const floods = {
    extensions: ["1", ";"],
    zeros: ["", "0"],
    blanks: ["1 ", " "],
    tabs: ["1\t", "\t"],
    carriageReturns: ["1\r", "\r"],
    endOfData: ["1\r\nh\r", "\r"],
    longChunks: ["", `1;${"x".repeat(100)}\r\nh\r\n`],
  };
  for (const [name, [begin = "", piece = ""]] of Object.entries(floods)) {
    const flood = `${head}${begin}${piece.repeat(1_000_000)}`.slice(0, 1_000_000);
    for (const size of [1_000_000, 65_536, 100]) {
      const talk = conversation({ body: "h".repeat(8_000) });
      let verdict: Verdict | undefined;
      let bytes = 0;
      while (verdict === undefined && bytes < flood.length) {
        verdict = talk.received(Buffer.from(flood.slice(bytes, bytes + size)));
        bytes += size;
      }
      expect([name, short(verdict)]).toEqual([
        name,
        expect.stringMatching(/^L7RSP more than 16384 bytes of chunk framing beside \d+ bytes of the body$/),
      ]);
      expect(bytes).toBeLessThan(21_000 + size);
    }
  }
});

test("http: the smallest chunks are no flood", () => {
  const body = "h".repeat(8_000);
  const chunks = [...body].map((letter) => `1\r\n${letter}\r\n`).join("");
  const answer = `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}`;
  expect(short(validate([answer], { body }))).toBe("ok status 200 OK, body as expected");
});

test("http: trailers are not waited for", () => {
  const answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n0\r\nX: y";
  expect(short(conversation({ body: "hello" }).received(Buffer.from(answer)))).toBe(
    'L7STS body ends after "he", expected "hello"',
  );
});

test("http: a flood of interim answers ends", () => {
  const flood = "HTTP/1.1 100 Continue\r\n\r\n";
  expect(short(validate([flood.repeat(16), OK], { codes: [200] }))).toBe("ok status 200 OK");
  const expected = "L7RSP more than 16 interim answers (status 100)";
  expect(short(validate([flood.repeat(1_000)]))).toBe(expected);
  expect(short(validate(Array.from({ length: 1_000 }, () => flood)))).toBe(expected);
});

test("http: a flood of headers ends, in many or in one", () => {
  const lines = Array.from({ length: 20_000 }, (_, index) => `X-${index}: ${"y".repeat(50)}\r\n`);
  expect(short(validate(["HTTP/1.1 200 OK\r\n", ...lines]))).toStartWith("L7RSP ");
  const parts = Array.from({ length: 2_000 }, () => "y".repeat(1_000));
  const talk = conversation({});
  talk.received(Buffer.from("HTTP/1.1 200 OK\r\nX: "));
  const at = parts.findIndex((part) => talk.received(Buffer.from(part)) !== undefined);
  expect(at).toBeGreaterThan(0);
  expect(at).toBeLessThan(1_050);
});

test("http: headers may be 1 MiB, however they come", () => {
  const answer = (bytes: number) => {
    const [start, end] = ["HTTP/1.1 200 OK\r\nX: ", "\r\n\r\n"];
    return `${start.padEnd(bytes - end.length, "y")}${end}body`;
  };
  const pieces = (text: string) => text.match(/.{1,1000}/gs) ?? [];
  for (const [bytes, expected] of [
    [1_048_576, "ok status 200 OK"],
    [1_048_577, "L7RSP no end of headers within 1048576 bytes"],
  ] as const) {
    expect(short(validate([answer(bytes)]))).toBe(expected);
    expect(short(validate(pieces(answer(bytes))))).toBe(expected);
  }
});

test("http: headers may have 4,096 short lines and any number of others, however they come", () => {
  const answer = (short: number, long = 0) => {
    const longLines = `${"y".repeat(32)}\n`.repeat(long);
    return `\r\n\nHTTP/1.1 200 OK\r\n${"c:\n".repeat(short - 5)}${longLines}${"y".repeat(31)}\n\r\nbody`;
  };
  for (const pieces of [/.+/gs, /.{1,1000}/gs, /.{1,7}/gs]) {
    const validated = (text: string) => short(validate(text.match(pieces) ?? []));
    expect(validated(answer(4_096, 25_000))).toBe("ok status 200 OK");
    expect(validated(answer(4_097))).toBe(
      "L7RSP more than 4096 lines of headers that have less than 32 bytes",
    );
  }
});

test("http: headers that only begin like one that is read are skipped, and those that must be compared are bounded", () => {
  const answer = (line: string) => `HTTP/1.1 200 OK\r\n${line.repeat(257)}\r\nbody`;
  for (const split of [(text: string) => [text], (text: string) => [...text]]) {
    expect(short(validate(split(answer("Content-Lengths: 7\r\n"))))).toBe("ok status 200 OK");
    expect(short(validate(split(answer("Content-Length 7\r\n"))))).toBe(
      'L7RSP not a valid HTTP answer: more than 256 headers like "Content-Length 7"',
    );
  }
});

test("http: small chunks are compared together, and bytes after the end of the match are not", () => {
  const chunks = (body: string) => [...body].map((letter) => `1\r\n${letter}\r\n`).join("");
  const head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  const big = `64\r\n${"b".repeat(100)}\r\n`;
  const answer = `${head}${chunks("ab")}${big}${chunks("c".repeat(5_000))}`;
  const body = `ab${"b".repeat(100)}${"c".repeat(5_000)}`;
  expect(short(validate([`${answer}no chunk`], { body }))).toBe("ok status 200 OK, body as expected");
  expect(short(validate([`${answer}no chunk`], { body: `${body}d` }))).toBe(
    'L7RSP not a valid HTTP answer: invalid chunk size "no chunk"',
  );
  expect(short(validate([`${answer}0\r\n`], { body: `${body}d` }))).toStartWith("L7STS body ends after");
});

test("http: headers that are read, and their continuation lines, may be 256", () => {
  for (const line of ["Location: /x\r\n", "content-length: 4\r\n"]) {
    const answer = (lines: number) => `HTTP/1.1 200 OK\r\n${line.repeat(lines)}\r\nbody`;
    for (const split of [(text: string) => [text], (text: string) => [...text]]) {
      expect(short(validate(split(answer(256))))).toBe("ok status 200 OK");
      expect(short(validate(split(answer(257))))).toBe(
        `L7RSP not a valid HTTP answer: more than 256 headers like "${line.trim()}"`,
      );
    }
  }
  const folded = (lines: number) => `HTTP/1.1 200 OK\r\nLocation: /x\r\n${" y\r\n".repeat(lines)}\r\n`;
  expect(short(validate([folded(255)]))).toBe("ok status 200 OK");
  expect(short(validate([folded(256)]))).toBe(
    'L7RSP not a valid HTTP answer: more than 256 headers like " y"',
  );
});

test("http: reads no more of a body than it needs", () => {
  const talk = conversation({ body: "he" });
  expect(talk.received(Buffer.from("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nh"))).toBeUndefined();
  expect(short(talk.received(Buffer.from("ello")))).toBe("ok status 200 OK, body as expected");
});

test("http: the verdict does not wait for a body that the healthcheck does not compare", () => {
  expect(short(conversation({ codes: [200] }).received(Buffer.from(OK.slice(0, -5))))).toBe(
    "ok status 200 OK",
  );
});

test("http: describes the progress of the answer", () => {
  const talk = conversation({ body: "hello!" });
  expect(talk.progress()).toBe("");
  talk.received(Buffer.from("HTTP/1.1 200 OK\r\n"));
  expect(talk.progress()).toBe("17 bytes of the headers");
  talk.received(Buffer.from("Content-Length: 9\r\n\r\nhel"));
  expect(talk.progress()).toBe("status 200 OK, 3 bytes of the body");
});

test("http: the reason of a stranger is printed safely", () => {
  const { message } = validate(["HTTP/1.1 500 \x1b[31mred\t\r\n\r\n"], { codes: [200] });
  expect(message).not.toContain("\x1b");
});

/** Cuts bytes at the places given. */
function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const at = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return at.slice(1).map((end, index) => bytes.slice(at[index], end));
}

const anyPiece = fc.constantFrom(
  "HTTP/1.1 200 OK\r\n",
  "HTTP/1.1 100 C\r\n\r\n",
  "HTTP/1.0 404 No\n",
  "Content-Length: 5\r\n",
  "Content-Length: -1\r\n",
  "Transfer-Encoding: chunked\r\n",
  "X: y\r\n",
  "\r\n",
  "\n",
  "\r",
  "5\r\nhello\r\n",
  "0\r\n\r\n",
  "-1\r\n",
  "ffffffffffffffff\r\n",
  "hello",
  "\0",
  "\xff",
  " ",
  ":",
);
const anyAnswer = fc
  .array(
    fc.oneof(
      { weight: 5, arbitrary: anyPiece },
      { weight: 1, arbitrary: fc.string({ unit: "binary-ascii" }) },
    ),
    { maxLength: 12 },
  )
  .map((pieces) => Buffer.from(pieces.join(""), "latin1"));
const anyWanted = fc.constantFrom<Wanted>(
  {},
  { codes: [200] },
  { body: "hello" },
  { codes: [404], body: "hel" },
);

test("http: no bytes make it throw or hang, and any split gives the same verdict", () => {
  fc.assert(
    fc.property(anyAnswer, fc.array(fc.nat()), anyWanted, (answer, places, wanted) => {
      const kind = (verdict: Verdict) => (verdict.ok ? "ok" : verdict.code);
      expect(kind(validate(cut(answer, places), wanted))).toBe(kind(validate([answer], wanted)));
    }),
    { numRuns: 500 },
  );
});

test("http: random bytes never make a good answer", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => !validate([bytes]).ok),
    { numRuns: 300 },
  );
});

test.each(["chunked\v", "chunked\f", "\u00a0chunked"])(
  "http: the transfer coding %j is not chunked: only spaces and tabs are blanks",
  (coding) => {
    const answer = `HTTP/1.1 200 OK\r\nTransfer-Encoding: ${coding}\r\n\r\n3\r\nabc\r\n0\r\n\r\n`;
    expect(validate([answer], { codes: [200], body: "3" })).toMatchObject({ ok: true });
  },
);
