/** What backends do to an http check outside of a well-formed answer's framing: status lines, header lines, and how the answer comes. */
import type { Behavior } from "./behavior.ts";
import { answers, BODY_WANTED, HEAD, http, OK, row, WHOLE } from "./http-row.ts";
import { closed, inPieces, neverAccepts } from "./plain-backend.ts";

const UPGRADE = { headers: { Connection: "Upgrade", Upgrade: "websocket" }, expected_codes: [101] };
const SWITCHING = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
const LINE = `X-Filler: ${"a".repeat(1_012)}\r\n`;

/** A row whose backend answers 200 with one more header line. */
function header(id: string, backend: string, line: string, rest: Partial<Behavior> = {}): Behavior {
  return http(
    `header-${id}`,
    backend,
    answers(`${HEAD}${line}Content-Length: 2\r\n\r\nok`),
    "L7OK",
    {},
    rest,
  );
}

/** A row whose backend answers with a status line of its own. */
function status(
  id: string,
  backend: string,
  line: string,
  wanted: Behavior["wanted"],
  rest: Partial<Behavior> = {},
  fields: Readonly<Record<string, unknown>> = {},
): Behavior {
  return http(
    `status-${id}`,
    backend,
    answers(`${line}\r\nContent-Length: 2\r\n\r\nok`),
    wanted,
    fields,
    rest,
  );
}

/** All of them. */
export const HTTP_ROWS: readonly Behavior[] = [
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
  http("resets-on-accept", "accepts and resets at once", (peer) => peer.reset(), "L7RSP", {}, { curl: "56" }),
  http("closes-on-accept", "accepts and closes at once", (peer) => peer.end(), "L7RSP", {}, { curl: "52" }),
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
      await inPieces(peer, `${HEAD}${LINE}`, 1, 200);
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

  status(
    "000",
    "answers with status 000",
    "HTTP/1.1 000 None",
    "L7RSP",
    {},
    {
      expected_codes: undefined,
    },
  ),
  status(
    "099",
    "answers with status 099",
    "HTTP/1.1 099 None",
    "L7RSP",
    {},
    {
      expected_codes: undefined,
    },
  ),
  status("600", "answers with status 600", "HTTP/1.1 600 Odd", "L7STS", { curl: "0 600" }),
  status(
    "600-wanted",
    "answers with status 600; the check expects 600",
    "HTTP/1.1 600 Odd",
    "L7OK",
    { curl: "0 600" },
    { expected_codes: [600] },
  ),
  status("999", "answers with status 999", "HTTP/1.1 999 Request denied", "L7STS", { curl: "0 999" }),
  status("two-digits", "answers with status 20", "HTTP/1.1 20 OK", "L7RSP", { curl: "1" }),
  status("four-digits", "answers with status 2000", "HTTP/1.1 2000 OK", "L7RSP", { curl: "1" }),
  status("letters", "answers with status 2OO", "HTTP/1.1 2OO OK", "L7RSP", { curl: "1" }),
  status("no-reason", "answers without a reason phrase", "HTTP/1.1 200", "L7OK"),
  status("blank-reason", "answers with an empty reason phrase", "HTTP/1.1 200 ", "L7OK"),
  status(
    "long-reason",
    "answers with a reason phrase of 4 kB",
    `HTTP/1.1 200 ${"very ".repeat(800)}`,
    "L7OK",
  ),
  status(
    "utf8-reason",
    "answers with a reason phrase in UTF-8",
    `HTTP/1.1 200 ${Buffer.from("Tout va bien, été").toString("latin1")}`,
    "L7OK",
  ),
  status("two-blanks", "answers with two blanks before the status", "HTTP/1.1  200 OK", "L7OK"),
  status("lower-case", "answers with `http/1.1` in lower case", "http/1.1 200 OK", "L7RSP", { curl: "1" }),
  status("http10", "answers as HTTP/1.0", "HTTP/1.0 200 OK", "L7OK"),
  status("http12", "answers as HTTP/1.2", "HTTP/1.2 200 OK", "L7OK"),
  status("http2", "answers with `HTTP/2 200` in the clear", "HTTP/2 200", "L7RSP", { curl: "1" }),
  status("http3", "answers with `HTTP/3.0 200`", "HTTP/3.0 200 OK", "L7RSP", { curl: "1" }),
  status("http9", "answers with `HTTP/9.9 200`", "HTTP/9.9 200 OK", "L7RSP", { curl: "1" }),
  status("rtsp", "answers with `RTSP/1.0 200`", "RTSP/1.0 200 OK", "L7RSP", { curl: "1" }),
  status("icy", "answers with `ICY 200`", "ICY 200 OK", "L7RSP", { curl: "1" }),
  http(
    "http09",
    "answers with a document and no status line",
    answers("<html>It works!</html>\n", "end"),
    "L7RSP",
    {},
    { curl: "1" },
  ),
  http(
    "http2-frames",
    "answers with HTTP/2 frames",
    answers("\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0\x64", "end"),
    "L7RSP",
    {},
    { curl: "1" },
  ),
  http("ssh", "sends an SSH banner", answers("SSH-2.0-OpenSSH_9.2p1\r\n"), "L7RSP", {}, { curl: "1" }),
  http("smtp", "sends an SMTP banner", answers("220 mail.example.com ESMTP\r\n"), "L7RSP", {}, { curl: "1" }),
  http(
    "garbage",
    "sends 4 kB of random bytes",
    answers(Buffer.alloc(4_096, "\x8f\x01\xfe\x7f", "latin1").toString("latin1"), "end"),
    "L7RSP",
    {},
    { curl: "1" },
  ),
  http("nuls", "sends NUL bytes", answers("\0".repeat(4_096), "end"), "L7RSP", {}, { curl: "1" }),
  http(
    "tls-alert",
    "speaks TLS and answers with an alert",
    answers("\x15\x03\x01\x00\x02\x02\x46", "end"),
    "L7RSP",
    {},
    { curl: "1" },
  ),
  http(
    "blank-lines",
    "sends two blank lines before the status line",
    answers(`\r\n\r\n${OK}`),
    "L7OK",
    {},
    {},
  ),

  header("bare-lf", "ends its lines by LF alone", "", {
    start: row(answers(`${HEAD}Content-Length: 2\r\n\r\nok`.replaceAll("\r\n", "\n"))),
  }),
  header("folded", "folds a header line", "X-Long: one\r\n two\r\n"),
  header("blank-in-name", "sends a header name with a blank (`Foo Bar: x`)", "Foo Bar: x\r\n"),
  header("blank-before-colon", "sends a blank before a header's colon", "Foo : x\r\n"),
  header("at-in-name", "sends a header name with `@`", "@type: x\r\n"),
  header("no-colon", "sends a header line without a colon", "nonsense\r\n"),
  header("no-name", "sends a header line without a name", ": x\r\n"),
  header(
    "php-notice",
    "prints a PHP notice between status line and headers",
    "<br />\n<b>Notice</b>:  Undefined variable: x in <b>/srv/index.php</b><br />\n",
  ),
  header("high-bytes", "sends a header value in Latin-1", "X-City: K\xf6ln\r\n"),
  header("nul", "sends a NUL in a header value", "X-Odd: a\0b\r\n"),
  header("control", "sends a control character in a header value", "X-Odd: a\x01b\r\n"),
  header("empty-value", "sends a header without a value", "X-Empty:\r\n"),
  header("many", "sends 1,000 headers", "X-A: b\r\n".repeat(1_000)),
  header("long-line", "sends a header line of 20 kB", `X-Cookie: ${"a".repeat(20_000)}\r\n`),
  header("100kb", "sends headers of 100 kB", LINE.repeat(100)),
  header("900kb", "sends headers of 900 kB", LINE.repeat(900)),
  http(
    "header-2mb",
    "sends headers of 2 MB",
    answers(`${HEAD}${LINE.repeat(2_000)}Content-Length: 2\r\n\r\nok`),
    "L7RSP",
    {},
    { curl: "56" },
  ),
];
