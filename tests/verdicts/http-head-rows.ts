/** Behavior of backends in http checks with status lines, header lines, and bytes that are not HTTP. */
import type { Behavior } from "./behavior.ts";
import { answers, HEAD, http, OK, row } from "./http-row.ts";

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
export const HTTP_HEAD_ROWS: readonly Behavior[] = [
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
