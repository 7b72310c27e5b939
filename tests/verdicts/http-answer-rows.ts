/** Behavior of backends in http checks with a whole answer: statuses, and its form and time. */
import type { Behavior } from "./behavior.ts";
import { answers, BODY_WANTED, HEAD, http, OK, WHOLE } from "./http-row.ts";
import { closed, inPieces, neverAccepts } from "./plain-backend.ts";

const UPGRADE = { headers: { Connection: "Upgrade", Upgrade: "websocket" }, expected_codes: [101] };
const SWITCHING = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";

/** All of them. */
export const HTTP_ANSWER_ROWS: readonly Behavior[] = [
  http("ok", "answers 200", answers(OK), "L7OK"),
  http(
    "other-status",
    "answers 503",
    answers(WHOLE("503 Service Unavailable")),
    "L7STS",
    {},
    { curl: "0 503" },
  ),
  http(
    "any-status",
    "answers 500; the check expects any status",
    answers(WHOLE("500 Internal Server Error")),
    "L7OK",
    { expected_codes: undefined },
    { curl: "0 500" },
  ),
  http(
    "listed-status",
    "answers 404; the check expects 200 or 404",
    answers(WHOLE("404 Not Found")),
    "L7OK",
    { expected_codes: [200, 404] },
    { curl: "0 404" },
  ),
  http(
    "login",
    "answers 401",
    answers(WHOLE("401 Unauthorized", "WWW-Authenticate: Basic realm=x\r\n")),
    "L7STS",
    {},
    { curl: "0 401" },
  ),
  http(
    "redirect",
    "answers 301 with a Location",
    answers(WHOLE("301 Moved Permanently", "Location: http://127.0.0.1:1/\r\n")),
    "L7STS",
    {},
    { curl: "0 301" },
  ),
  http(
    "redirect-wanted",
    "answers 302 with a Location; the check expects 302",
    answers(WHOLE("302 Found", "Location: http://127.0.0.1:1/\r\n")),
    "L7OK",
    { expected_codes: [302] },
    { curl: "0 302" },
  ),
  http(
    "redirect-any",
    "answers 302 with a Location; the check expects any status",
    answers(WHOLE("302 Found", "Location: http://127.0.0.1:1/\r\n")),
    "L7OK",
    { expected_codes: undefined },
    { curl: "0 302" },
  ),
  http(
    "virtual-host",
    "answers 200 for the right Host header only",
    async (peer) => {
      const right = /\r\nHost: www\.example\.test\r\n/i.test(await peer.request());
      await peer.write(right ? OK : WHOLE("421 Misdirected Request"));
    },
    "L7OK",
    { host: "www.example.test" },
  ),
  http(
    "explicit-plain",
    "speaks plain HTTP; the check has an https URL and `secure: false`",
    answers(OK),
    "L7OK",
    { path: "https://192.0.2.1:8080/x", secure: false },
  ),
  http(
    "post",
    "answers 411 to a POST without a length",
    async (peer) => {
      await peer.write(
        /\r\nContent-Length: 0\r\n/i.test(await peer.request()) ? OK : WHOLE("411 Length Required"),
      );
    },
    "L7OK",
    { method: "POST" },
    {},
  ),
  http(
    "options",
    "answers 200 to `OPTIONS *` only",
    async (peer) => {
      await peer.write((await peer.request()).startsWith("OPTIONS * ") ? OK : WHOLE("400 Bad Request"));
    },
    "L7OK",
    { method: "OPTIONS", path: "*" },
  ),

  http("refuses", "refuses the connection", answers(OK), "L4CON", {}, { start: closed, curl: "7" }),
  http("stuck", "listens and never accepts", answers(OK), "L7TOUT", {}, { start: neverAccepts, curl: "28" }),
  http(
    "silent",
    "takes the request and never answers",
    async (peer) => void (await peer.request()),
    "L7TOUT",
    {},
    { curl: "28" },
  ),
  http("closes", "closes without an answer", answers("", "end"), "L7RSP", {}, { curl: "52" }),
  http("resets", "resets without an answer", answers("", "reset"), "L7RSP", {}, { curl: "56" }),
  http(
    "resets-on-accept",
    "accepts and resets immediately",
    (peer) => peer.reset(),
    "L7RSP",
    {},
    { curl: "56" },
  ),
  http(
    "closes-on-accept",
    "accepts and closes immediately",
    (peer) => peer.end(),
    "L7RSP",
    {},
    { curl: "52" },
  ),
  http(
    "waits-for-fin",
    "answers only when the client has closed its half",
    async (peer) => {
      await peer.ended();
      await peer.write(OK);
    },
    "L7TOUT",
    {},
    { curl: "28" },
  ),
  http(
    "half-status-line",
    "closes in the middle of the status line",
    answers("HTTP/1.1 2", "end"),
    "L7RSP",
    {},
    { curl: "1" },
  ),
  http(
    "half-status-line-reset",
    "resets in the middle of the status line",
    answers("HTTP/1.1 2", "reset"),
    "L7RSP",
    {},
    { curl: "56" },
  ),
  http(
    "half-headers",
    "closes in the middle of the headers",
    answers(`${HEAD}X: y\r\n`, "end"),
    "L7RSP",
    {},
    {},
  ),
  http(
    "half-headers-silent",
    "stops in the middle of the headers and stays silent",
    answers(`${HEAD}X: y\r\n`),
    "L7TOUT",
    {},
    { curl: "28" },
  ),
  http(
    "dripped-headers",
    "writes one byte of the headers every 200 ms",
    async (peer) => {
      await peer.request();
      await inPieces(peer, `${HEAD}X-Filler: ${"a".repeat(1_000)}`, 1, 200);
    },
    "L7TOUT",
    {},
    { curl: "28" },
  ),
  http(
    "byte-pieces",
    "answers in pieces of one byte",
    async (peer) => {
      await peer.request();
      await inPieces(peer, OK, 1, 2);
      peer.end();
    },
    "L7OK",
    BODY_WANTED,
  ),
  http("answer-then-fin", "answers and closes", answers(OK, "end"), "L7OK"),
  http("answer-then-reset", "answers and resets", answers(OK, "reset"), "L7OK"),
  http("answer-then-open", "answers and keeps the connection open", answers(OK), "L7OK", BODY_WANTED),
  http(
    "early",
    "answers before the request comes",
    async (peer) => {
      await peer.write(OK);
      await peer.request();
    },
    "L7OK",
  ),
  http(
    "early-and-closes",
    "answers before the request comes and closes its half",
    async (peer) => {
      await peer.write(OK);
      peer.end();
    },
    "L7OK",
  ),
  http(
    "early-and-resets",
    "answers before the request comes and resets",
    async (peer) => {
      await peer.write(OK);
      peer.reset();
    },
    "L7OK",
  ),
  http(
    "late",
    "answers after 300 ms",
    async (peer) => {
      await peer.request();
      await Bun.sleep(300);
      await peer.write(OK);
    },
    "L7OK",
  ),

  http("interim-100", "sends 100, then 200", answers(`HTTP/1.1 100 Continue\r\n\r\n${OK}`), "L7OK"),
  http("interim-102", "sends 102, then 200", answers(`HTTP/1.1 102 Processing\r\n\r\n${OK}`), "L7OK"),
  http(
    "interim-103",
    "sends 103 with links, then 200",
    answers(`HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n${OK}`),
    "L7OK",
  ),
  http(
    "interim-later",
    "sends 100, and 200 after 300 ms",
    async (peer) => {
      await peer.request();
      await peer.write("HTTP/1.1 100 Continue\r\n\r\n");
      await Bun.sleep(300);
      await peer.write(OK);
    },
    "L7OK",
  ),
  http(
    "interim-only",
    "sends 100 and closes",
    answers("HTTP/1.1 100 Continue\r\n\r\n", "end"),
    "L7RSP",
    {},
    { curl: "52" },
  ),
  http(
    "interim-silent",
    "sends 100 and stays silent",
    answers("HTTP/1.1 100 Continue\r\n\r\n"),
    "L7TOUT",
    {},
    { curl: "28" },
  ),
  http(
    "interim-many",
    "sends 100 interim answers, then 200",
    answers(`${"HTTP/1.1 102 Processing\r\n\r\n".repeat(100)}${OK}`),
    "L7RSP",
    {},
    {},
  ),
  http(
    "upgrade",
    "switches protocols when it is asked to; the check expects 101",
    async (peer) => {
      const asked = /\r\nConnection: Upgrade\r\n/i.test(await peer.request());
      await peer.write(asked ? SWITCHING : WHOLE("426 Upgrade Required"));
    },
    "L7OK",
    UPGRADE,
    { curl: "0 101" },
  ),
  http(
    "upgrade-unwanted",
    "answers 101 where 200 is expected",
    answers(SWITCHING),
    "L7STS",
    {},
    { curl: "0 101" },
  ),
];
