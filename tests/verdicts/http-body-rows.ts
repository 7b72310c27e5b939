/**
 * Behavior of backends in http checks with the framing of the body: lengths, chunks, codings, and bodies that are cut
 * or too long.
 */
import { type Behavior, OTHER_BODY } from "./behavior.ts";
import { answers, BODY_WANTED, HEAD, http } from "./http-row.ts";

const CHUNKED = `${HEAD}Transfer-Encoding: chunked\r\n\r\n`;
const ENOUGH = "The expected bytes are there; what the rest of the body does is not asked for.";
const NO_BODY = { method: "HEAD" };

/** A row whose check expects the body to begin with `ok`. */
function body(
  id: string,
  backend: string,
  text: string,
  wanted: Behavior["wanted"],
  rest: Partial<Behavior> = {},
  then?: "end" | "reset",
): Behavior {
  const otherBody = wanted === "L7STS" ? { curl: `0 200${OTHER_BODY}` } : {};
  return http(
    `body-${id}`,
    `${backend}; the check expects a body`,
    answers(text, then),
    wanted,
    BODY_WANTED,
    { ...otherBody, ...rest },
  );
}

/** A row whose check expects a status only. */
function framing(
  id: string,
  backend: string,
  text: string,
  wanted: Behavior["wanted"],
  rest: Partial<Behavior> = {},
  then?: "end" | "reset",
): Behavior {
  return http(`framing-${id}`, backend, answers(text, then), wanted, {}, rest);
}

/** All of them. */
export const HTTP_BODY_ROWS: readonly Behavior[] = [
  body("length", "answers with a length", `${HEAD}Content-Length: 2\r\n\r\nok`, "L7OK"),
  body("wrong", "answers with another body", `${HEAD}Content-Length: 2\r\n\r\nno`, "L7STS"),
  body(
    "longer",
    "answers with more than the expected bytes",
    `${HEAD}Content-Length: 7\r\n\r\nok then`,
    "L7OK",
  ),
  body("empty", "answers with an empty body", `${HEAD}Content-Length: 0\r\n\r\n`, "L7STS"),
  body("short", "answers with half of the expected bytes", `${HEAD}Content-Length: 1\r\n\r\no`, "L7STS"),
  body("no-length", "answers without a length and closes", `${HEAD}\r\nok`, "L7OK", {}, "end"),
  body(
    "no-length-reset",
    "answers without a length and resets",
    `${HEAD}\r\nok`,
    "L7OK",
    { curl: "56" },
    "reset",
  ),
  body("no-length-open", "answers without a length and stays open", `${HEAD}\r\nok`, "L7OK", {
    curl: "28",
    why: ENOUGH,
  }),
  body(
    "no-length-short",
    "answers without a length, half of the expected bytes, and closes",
    `${HEAD}\r\no`,
    "L7STS",
    {},
    "end",
  ),
  body(
    "http10",
    "answers as HTTP/1.0 without a length and closes",
    "HTTP/1.0 200 OK\r\n\r\nok",
    "L7OK",
    {},
    "end",
  ),
  body("chunked", "answers in chunks", `${CHUNKED}2\r\nok\r\n0\r\n\r\n`, "L7OK"),
  body("chunked-pieces", "answers in chunks of one byte", `${CHUNKED}1\r\no\r\n1\r\nk\r\n0\r\n\r\n`, "L7OK"),
  body(
    "chunked-extensions",
    "answers in chunks with extensions",
    `${CHUNKED}2;name=value;other="a b"\r\nok\r\n0;end\r\n\r\n`,
    "L7OK",
  ),
  body(
    "chunked-trailers",
    "answers in chunks with trailers",
    `${CHUNKED}2\r\nok\r\n0\r\nX-Sum: 1\r\nX-Other: 2\r\n\r\n`,
    "L7OK",
  ),
  body(
    "chunked-zeros",
    "answers in chunks whose size has leading zeros",
    `${CHUNKED}0002\r\nok\r\n000\r\n\r\n`,
    "L7OK",
  ),
  body(
    "chunked-capital",
    "answers in chunks with `Transfer-Encoding: Chunked`",
    `${HEAD}Transfer-Encoding: Chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`,
    "L7OK",
  ),
  body(
    "chunked-hex",
    "answers in chunks whose size is in capital hex",
    `${CHUNKED}A\r\nok01234567\r\n0\r\n\r\n`,
    "L7OK",
  ),
  body("chunked-lf", "answers in chunks whose lines end by LF alone", `${CHUNKED}2\nok\n0\n\n`, "L7OK"),
  body(
    "chunked-no-end",
    "answers in chunks and closes before the last",
    `${CHUNKED}2\r\nok\r\n`,
    "L7OK",
    { curl: "18" },
    "end",
  ),
  body("chunked-open", "answers in chunks and never sends the last", `${CHUNKED}2\r\nok\r\n`, "L7OK", {
    curl: "28",
    why: ENOUGH,
  }),
  body(
    "chunked-bad-size",
    "answers in chunks whose size is not hex",
    `${CHUNKED}zz\r\nok\r\n0\r\n\r\n`,
    "L7RSP",
    { curl: "56" },
  ),
  body(
    "chunked-negative",
    "answers in chunks whose size is negative",
    `${CHUNKED}-2\r\nok\r\n0\r\n\r\n`,
    "L7RSP",
    { curl: "56" },
  ),
  body(
    "chunked-huge",
    "answers in chunks whose size has 40 digits",
    `${CHUNKED}${"f".repeat(40)}\r\nok\r\n`,
    "L7RSP",
    { curl: "56" },
  ),
  body(
    "chunked-overlong",
    "sends more bytes than a chunk's size",
    `${CHUNKED}2\r\nokay\r\n0\r\n\r\n`,
    "L7OK",
    { curl: "56" },
  ),
  body(
    "chunked-10",
    "answers as HTTP/1.0 in chunks",
    "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    "L7OK",
    {},
    "end",
  ),
  body(
    "length-beside-chunks",
    "answers in chunks with a length beside them",
    `${HEAD}Content-Length: 99\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`,
    "L7OK",
  ),
  body(
    "equal-lengths",
    "sends the same length twice",
    `${HEAD}Content-Length: 2\r\nContent-Length: 2\r\n\r\nok`,
    "L7OK",
  ),
  body("listed-lengths", "sends `Content-Length: 2, 2`", `${HEAD}Content-Length: 2, 2\r\n\r\nok`, "L7OK"),
  body(
    "different-lengths",
    "sends two different lengths",
    `${HEAD}Content-Length: 2\r\nContent-Length: 3\r\n\r\nok`,
    "L7RSP",
    { curl: "8" },
  ),
  body(
    "gzip",
    "answers with a gzip body that was not asked for",
    `${HEAD}Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x08\x00`,
    "L7STS",
  ),
  body(
    "cut-by-close",
    "closes in the middle of the expected bytes",
    `${HEAD}Content-Length: 2\r\n\r\no`,
    "L7RSP",
    { curl: "18" },
    "end",
  ),
  body(
    "cut-by-reset",
    "resets in the middle of the expected bytes",
    `${HEAD}Content-Length: 2\r\n\r\no`,
    "L7RSP",
    { curl: "56" },
    "reset",
  ),
  body(
    "cut-by-silence",
    "falls silent in the middle of the expected bytes",
    `${HEAD}Content-Length: 2\r\n\r\no`,
    "L7TOUT",
    { curl: "28" },
  ),
  body(
    "cut-behind",
    "closes behind the expected bytes, before the length",
    `${HEAD}Content-Length: 9\r\n\r\nok`,
    "L7OK",
    { curl: "18" },
    "end",
  ),
  http(
    "body-204",
    "answers 204 with a body; the check expects 204 and a body",
    answers("HTTP/1.1 204 No Content\r\n\r\nok", "end"),
    "L7STS",
    { ...BODY_WANTED, expected_codes: [204] },
    { curl: `0 204${OTHER_BODY}` },
  ),
  http(
    "body-in-pieces",
    "sends the head, and the body 200 ms later; the check expects a body",
    async (peer) => {
      await peer.request();
      await peer.write(`${HEAD}Content-Length: 2\r\n\r\n`);
      await Bun.sleep(200);
      await peer.write("ok");
    },
    "L7OK",
    BODY_WANTED,
  ),

  framing("no-body", "answers with the length 0", `${HEAD}Content-Length: 0\r\n\r\n`, "L7OK"),
  framing("no-length", "answers without a length and closes", `${HEAD}\r\n<html></html>`, "L7OK", {}, "end"),
  framing("no-length-open", "answers without a length and stays open", `${HEAD}\r\n<html></html>`, "L7OK", {
    curl: "28",
  }),
  framing("body-never", "sends the head and never the body", `${HEAD}Content-Length: 2\r\n\r\n`, "L7OK", {
    curl: "28",
  }),
  framing(
    "body-cut-close",
    "closes in the middle of the body",
    `${HEAD}Content-Length: 100\r\n\r\nok`,
    "L7OK",
    { curl: "18" },
    "end",
  ),
  framing(
    "body-cut-reset",
    "resets in the middle of the body",
    `${HEAD}Content-Length: 100\r\n\r\nok`,
    "L7OK",
    { curl: "56" },
    "reset",
  ),
  framing(
    "body-longer",
    "sends more than the length",
    `${HEAD}Content-Length: 2\r\n\r\nok and more`,
    "L7OK",
    {},
    "end",
  ),
  framing(
    "second-answer",
    "sends a second answer behind the first",
    `${HEAD}Content-Length: 2\r\n\r\nokHTTP/1.1 500 No\r\n\r\n`,
    "L7OK",
    {},
    "end",
  ),
  framing(
    "large-body",
    "answers with a body of 5 MB",
    `${HEAD}Content-Length: 5000000\r\n\r\n${"x".repeat(5_000_000)}`,
    "L7OK",
  ),
  framing("chunked", "answers in chunks", `${CHUNKED}2\r\nok\r\n0\r\n\r\n`, "L7OK"),
  framing("chunked-empty", "answers in chunks without any data", `${CHUNKED}0\r\n\r\n`, "L7OK"),
  framing(
    "chunked-bad-size",
    "answers in chunks whose size is not hex; only the status is expected",
    `${CHUNKED}zz\r\nok\r\n`,
    "L7OK",
    { curl: "56" },
    "end",
  ),
  framing(
    "different-lengths",
    "sends two different lengths; only the status is expected",
    `${HEAD}Content-Length: 2\r\nContent-Length: 3\r\n\r\nok`,
    "L7RSP",
    { curl: "8" },
  ),
  framing("letters-length", "sends `Content-Length: abc`", `${HEAD}Content-Length: abc\r\n\r\nok`, "L7RSP", {
    curl: "8",
  }),
  framing("negative-length", "sends `Content-Length: -1`", `${HEAD}Content-Length: -1\r\n\r\nok`, "L7RSP", {
    curl: "8",
  }),
  framing(
    "huge-length",
    "sends a length of 30 digits",
    `${HEAD}Content-Length: ${"9".repeat(30)}\r\n\r\nok`,
    "L7RSP",
    { curl: "8" },
  ),
  framing(
    "unknown-coding",
    "answers with `Transfer-Encoding: gzip`",
    `${HEAD}Transfer-Encoding: gzip\r\n\r\nok`,
    "L7OK",
    {},
    "end",
  ),
  framing(
    "gzip",
    "answers with a gzip body; only the status is expected",
    `${HEAD}Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x08\x00`,
    "L7OK",
  ),
  http(
    "framing-204",
    "answers 204; the check expects 204",
    answers("HTTP/1.1 204 No Content\r\n\r\n"),
    "L7OK",
    { expected_codes: [204] },
    { curl: "0 204" },
  ),
  http(
    "framing-204-body",
    "answers 204 with a body; the check expects 204",
    answers("HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\nok"),
    "L7OK",
    { expected_codes: [204] },
    { curl: "0 204" },
  ),
  http(
    "framing-304-body",
    "answers 304 with a body; the check expects 304",
    answers("HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\nok"),
    "L7OK",
    { expected_codes: [304] },
    { curl: "0 304" },
  ),
  http(
    "framing-head",
    "answers HEAD with a length and no body",
    answers(`${HEAD}Content-Length: 99\r\n\r\n`),
    "L7OK",
    NO_BODY,
  ),
  http(
    "framing-head-body",
    "answers HEAD with a body",
    answers(`${HEAD}Content-Length: 2\r\n\r\nok`),
    "L7OK",
    NO_BODY,
  ),
  http(
    "framing-endless",
    "writes a body without end",
    async (peer) => {
      await peer.request();
      await peer.write(`${HEAD}\r\n`);
      while (peer.open) {
        await peer.write("x".repeat(1_024));
        await Bun.sleep(20);
      }
    },
    "L7OK",
    { timeout: "3s" },
    { curl: "28" },
  ),
];
