/** Backends that break HTTP: silence, resets at every stage, nonsense, redirects in a circle. Run by `bun test`. */

import { expect, setDefaultTimeout, test } from "bun:test";
import { type BackendFault, FAULT_FIELDS, meetFaults } from "../harness/backends/backend-faults.ts";
import { drip } from "../harness/backends/backends.ts";
import { type Hostile, hostile, type Talk } from "../harness/backends/hostile.ts";
import { httpCheck, type Target } from "../harness/client/checks.ts";

setDefaultTimeout(60_000);

const HEAD = "HTTP/1.1 200 OK\r\n";
const LENGTH = `${HEAD}Content-Length: 10\r\n\r\n`;
const CHUNKED = `${HEAD}Transfer-Encoding: chunked\r\n\r\n`;
const AT = "HTTP GET http://@/:";
const TIMED_OUT = "within 400ms";

const check = (fields: object = {}) => {
  return (id: number, target: Target) =>
    httpCheck(id, target, { ...FAULT_FIELDS, expected_codes: [200], ...fields });
};

/** A row whose backend does something once it is asked. */
function asked(
  found: string | RegExp,
  behave: (talk: Talk, request: Buffer) => void,
  fields: object = {},
): BackendFault {
  return { backend: () => hostile({ asked: behave }), check: check(fields), found };
}

/** A row whose backend says something and then resets, closes or hangs. */
function says(
  text: string,
  then: "reset" | "end" | "hang",
  found: string | RegExp,
  fields: object = {},
): BackendFault {
  const behave = (talk: Talk) => {
    talk.say(text);
    if (then === "end") talk.end();
    // Not at once: what was said is to be read first.
    if (then === "reset") talk.every(50, () => talk.reset());
  };
  return asked(found, behave, fields);
}

const RESET = `unhealthy L7RSP ${AT} connection reset by peer`;
const WHOLE = { response: "0123456789" };
const INVALID =
  /^unhealthy L7RSP HTTP GET http:\/\/@\/: not a valid HTTP answer: [a-z ]+(?: beside 10)? ".+"$/;

test("backend: http: silent, reset, closed or dripping at every stage", async () => {
  await meetFaults({
    hangs: asked(`unhealthy L7TOUT ${AT} no answer ${TIMED_OUT}`, () => {}),
    // A reset may be seen by the connect, by the reading, or be taken by the writing of the request, which leaves an end to be read.
    resetsAfterAccept: {
      backend: () => hostile({ accepted: (talk) => talk.reset() }),
      check: check(),
      found:
        /^unhealthy L7RSP HTTP GET http:\/\/@\/: (connection reset by peer|closed by peer without an answer)$/,
    },
    resetsAfterRequest: asked(RESET, (talk) => talk.reset()),
    resetsInStatusLine: says(
      "HTTP/1.1 2",
      "reset",
      `${RESET}, answer not complete (10 bytes of the headers)`,
    ),
    resetsInHeaders: says(
      `${HEAD}Content-Le`,
      "reset",
      `${RESET}, answer not complete (27 bytes of the headers)`,
    ),
    resetsInBody: says(
      `${LENGTH}01234`,
      "reset",
      `${RESET}, answer not complete (status 200 OK, 5 bytes of the body)`,
      WHOLE,
    ),
    // What was needed had come: a reset behind it says nothing.
    resetsAfterHead: says(`${LENGTH}01234`, "reset", `healthy L7OK ${AT} status 200 OK`),
    closes: asked(`unhealthy L7RSP ${AT} closed by peer without an answer`, (talk) => talk.end()),
    closesInHeaders: says(
      `${HEAD}X: y`,
      "end",
      `unhealthy L7RSP ${AT} closed by peer before the end of the headers`,
    ),
    closesInBody: says(
      `${LENGTH}01234`,
      "end",
      `unhealthy L7RSP ${AT} closed by peer in the middle of the body, after "01234", expected "0123456789"`,
      WHOLE,
    ),
    hangsInHeaders: says(
      `${HEAD}X: y`,
      "hang",
      `unhealthy L7TOUT ${AT} answer not complete (21 bytes of the headers) ${TIMED_OUT}`,
    ),
    hangsInBody: says(
      `${LENGTH}01234`,
      "hang",
      `unhealthy L7TOUT ${AT} answer not complete (status 200 OK, 5 bytes of the body) ${TIMED_OUT}`,
      WHOLE,
    ),
    drips: {
      backend: () => drip({ everyMs: 20, text: LENGTH.padEnd(1_000) }),
      check: check(),
      found:
        /^unhealthy L7TOUT HTTP GET http:\/\/@\/: answer not complete \(\d+ bytes of the headers\) within 400ms$/,
    },
  });
});

test("backend: http: nonsense in the status line, the headers, the chunks, and no HTTP at all", async () => {
  const bad = (text: string, fields: object = WHOLE) => says(text, "hang", INVALID, fields);
  await meetFaults({
    anotherProtocol: bad("SSH-2.0-OpenSSH_9.2p1\r\n"),
    noStatus: bad("HTTP/1.1 abc OK\r\n\r\n"),
    noVersion: bad("HTTP/x.y 200 OK\r\n\r\n"),
    http2: bad("\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0\x64"),
    zeros: bad("\0".repeat(4_096)),
    html: bad("<html><body>It works!</body></html>"),
    rtsp: bad("RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n", { expected_codes: [200] }),
    http9: bad("HTTP/9.9 200 OK\r\n\r\n", { expected_codes: [200] }),
    twoLengths: bad(`${HEAD}Content-Length: 10\r\nContent-Length: 11\r\n\r\n0123456789`),
    oneLengthTwice: says(
      `${HEAD}Content-Length: 10\r\nContent-Length: 10\r\n\r\n0123456789`,
      "hang",
      `healthy L7OK ${AT} status 200 OK, body as expected`,
      WHOLE,
    ),
    badChunk: bad(`${CHUNKED}xyz\r\n0123456789\r\n`),
    negativeChunk: bad(`${CHUNKED}-5\r\n01234\r\n`),
    hugeChunk: bad(`${CHUNKED}${"f".repeat(40)}\r\n0123\r\n`),
    otherStatus: says(
      "HTTP/1.1 503 Busy\r\n\r\n",
      "hang",
      `unhealthy L7STS ${AT} status 503 Busy, expected 200`,
    ),
    wrongLength: says(
      `${HEAD}Content-Length: 3\r\n\r\n0123456789`,
      "hang",
      `unhealthy L7STS ${AT} body ends after "012", expected "0123456789"`,
      WHOLE,
    ),
    interimFlood: asked(`unhealthy L7RSP ${AT} more than 16 interim answers (status 102)`, (talk) =>
      talk.flood("HTTP/1.1 102 Processing\r\n\r\n"),
    ),
    interimDrip: asked(
      /^unhealthy L7TOUT HTTP GET http:\/\/@\/: answer not complete \(\d+ bytes of the headers\) within 400ms$/,
      (talk) => talk.every(100, () => talk.say("HTTP/1.1 102 Processing\r\n\r\n")),
    ),
  });
});

/** Switches protocols for a client that asks for it in the words of RFC 9110, 7.8. */
function upgrade(talk: Talk, request: Buffer): void {
  const asked = request.toString().toLowerCase().split("\r\n");
  const wanted = asked.includes("connection: upgrade") && asked.includes("upgrade: websocket");
  talk.say(
    `HTTP/1.1 ${wanted ? "101 Switching Protocols" : "426 Upgrade Required"}\r\nUpgrade: websocket\r\n\r\n`,
  );
}

test("backend: http: odd headers, large ones and an upgrade are no fault, and a failed answer is shown", async () => {
  const body = "Content-Length: 10\r\n\r\n0123456789";
  const good = `healthy L7OK ${AT} status 200 OK, body as expected`;
  const notice = "<br />\n<b>Notice</b>:  Undefined index: x in <b>/srv/x.php</b> on line <b>3</b><br />\n";
  const headers = {
    Connection: "Upgrade",
    Upgrade: "websocket",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
  };
  await meetFaults({
    oddHeaders: says(`${HEAD}Foo Bar: x\r\nFoo@Bar: x\r\n: x\r\n${body}`, "hang", good, WHOLE),
    noticeInHeaders: says(HEAD + notice + body, "hang", good, WHOLE),
    headers100KB: says(`${HEAD}X: ${"y".repeat(100_000)}\r\n${body}`, "hang", good, WHOLE),
    manyHeaders: says(
      `${HEAD}${"X-Header: all work and no play makes dull\r\n".repeat(20_000)}${body}`,
      "hang",
      good,
      WHOLE,
    ),
    upgrades: asked(`healthy L7OK ${AT} status 101 Switching Protocols`, upgrade, {
      headers,
      expected_codes: [101],
    }),
    wantsUpgrade: asked(`unhealthy L7STS ${AT} status 426 Upgrade Required, expected 101`, upgrade, {
      headers: { ...headers, Connection: "keep-alive" },
      expected_codes: [101],
    }),
    otherStatus: says(
      "HTTP/1.1 503 Busy\r\nContent-Length: 16\r\n\r\ndatabase is down",
      "hang",
      `unhealthy L7STS ${AT} status 503 Busy, expected 200, body starts with "database is down"`,
    ),
    otherBody: says(
      `${HEAD}\r\n<html>Welcome to nginx!</html>`,
      "hang",
      `unhealthy L7STS ${AT} body starts with "<html>Welcome to nginx!</html>", expected "0123456789"`,
      WHOLE,
    ),
    lineAtFault: says(
      `${HEAD}Content-Length: ten\r\n\r\n0123456789`,
      "hang",
      `unhealthy L7RSP ${AT} not a valid HTTP answer: invalid length "Content-Length: ten"`,
    ),
  });
});

test("backend: http: a redirect in a circle is one request a check, and an answer like any other", async () => {
  const circle: Hostile[] = [];
  await meetFaults(
    {
      circle: {
        backend: () => {
          const answer = `HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n`;
          circle.push(hostile({ asked: (talk) => talk.say(answer) }));
          return circle[0] ?? hostile({});
        },
        check: check({ interval: "10s" }),
        found: `unhealthy L7STS ${AT} status 302 Found, expected 200, Location "/"`,
      },
    },
    { rounds: 1, meanwhile: () => expect(circle[0]?.connections).toBe(1) },
  );
});
