/** Backends that never end: bodies, headers, one header of 100 MB, chunks of nothing. Run by `bun test`. */
// alone: measures time

import { expect, setDefaultTimeout, test } from "bun:test";
import { FAULT_FIELDS, meetFaults } from "../harness/backends/backend-faults.ts";
import { type Hostile, hostile, type Talk } from "../harness/backends/hostile.ts";
import { httpCheck, type Target } from "../harness/client/checks.ts";

setDefaultTimeout(60_000);

const HEAD = "HTTP/1.1 200 OK\r\n";
const CHUNKED = `${HEAD}Transfer-Encoding: chunked\r\n\r\n`;
const AT = "HTTP GET http://@/:";
/** In long pieces: the backends share the test's event loop, and each write is a system call. */
const WORK = "all work and no play ".repeat(50);
const HUNDRED_MB = 100_000_000;
/** Bytes that the kernel's buffers of both sides hold at most, and those that are read before the verdict. */
const MAX_TAKEN_BYTES = 16_000_000;

const backends: Hostile[] = [];

function floods(found: string | RegExp, start: string, piece: string, fields: object = {}, bytes?: number) {
  const behave = (talk: Talk) => {
    talk.say(start);
    talk.flood(piece, bytes);
  };
  return {
    backend: () => {
      const backend = hostile({ asked: behave });
      backends.push(backend);
      return backend;
    },
    check: (id: number, target: Target) =>
      httpCheck(id, target, { ...FAULT_FIELDS, expected_codes: [200], ...fields }),
    found,
  };
}

const TOO_LONG = `unhealthy L7RSP ${AT} no end of headers within 1048576 bytes`;
const TOO_MANY = `unhealthy L7RSP ${AT} more than 4096 lines of headers that have less than 32 bytes`;
const TOO_MUCH_FRAMING = `unhealthy L7RSP ${AT} more than 16384 bytes of chunk framing beside 0 bytes of the body`;
const WHOLE = { response: "0123456789" };

/** No backend got rid of more than the kernel's buffers and the bounds of a check hold. */
const meanwhile = () => {
  const taken = backends.map(({ sentBytes, connections }) => sentBytes / Math.max(1, connections));
  expect(taken.filter((bytes) => bytes > MAX_TAKEN_BYTES)).toEqual([]);
};

test("backend: floods: an endless body or framing is read no further than it must be, and its memory returns", async () => {
  const dripping = (id: number, target: Target) => httpCheck(id, target, { ...FAULT_FIELDS, ...WHOLE });
  await meetFaults(
    {
      endlessBody: floods(`healthy L7OK ${AT} status 200 OK`, `${HEAD}\r\n`, WORK),
      endlessOtherBody: floods(
        `unhealthy L7STS ${AT} body starts with "all work and no play all work and no play all work and no pl…", expected "0123456789"`,
        `${HEAD}\r\n`,
        WORK,
        WHOLE,
      ),
      endlessBodyBehindTheMatch: floods(
        `healthy L7OK ${AT} status 200 OK, body as expected`,
        `${HEAD}\r\n0123456789`,
        WORK,
        WHOLE,
      ),
      endlessChunkExtension: floods(TOO_MUCH_FRAMING, `${CHUNKED}5;`, "x".repeat(1_000), WHOLE),
      endlessZeros: floods(TOO_MUCH_FRAMING, CHUNKED, "0".repeat(1_000), WHOLE),
      endlessBlanks: floods(TOO_MUCH_FRAMING, `${CHUNKED}1 `, " ".repeat(1_000), WHOLE),
      endlessTrailers: floods(
        `unhealthy L7STS ${AT} body ends after "", expected "0123456789"`,
        `${CHUNKED}0\r\n`,
        "X: y\r\n".repeat(200),
        WHOLE,
      ),
      drippedChunks: {
        backend: () =>
          hostile({
            asked: (talk) => {
              talk.say(CHUNKED);
              let next = 0;
              talk.every(100, () => talk.say(`1\r\n${next++}\r\n`));
            },
          }),
        check: dripping,
        found:
          /^unhealthy L7TOUT .* answer not complete \(status 200 OK, \d bytes of the body\) within 400ms$/,
      },
    },
    { meanwhile },
  );
});

test("backend: floods: endless headers are read no further than they must be, and their memory returns", async () => {
  await meetFaults(
    {
      endlessHeaders: floods(TOO_LONG, HEAD, "X-Header: all work and no play makes Jack a dull boy\r\n"),
      endlessStatusLine: floods(TOO_LONG, "HTTP/1.1 200 ", "OK and "),
      header100MB: floods(TOO_LONG, `${HEAD}X: `, "y".repeat(1_000), {}, HUNDRED_MB),
      endlessFolding: floods(TOO_MANY, `${HEAD}X: y\r\n`, " y\r\n".repeat(300)),
      endlessShortHeaders: floods(TOO_MANY, HEAD, "a\n".repeat(500)),
      endlessLengths: floods(
        `unhealthy L7RSP ${AT} not a valid HTTP answer: more than 256 headers like "Content-Length: 5"`,
        HEAD,
        "Content-Length: 5\r\n".repeat(50),
      ),
      emptyLines: floods(TOO_MANY, "", "\r\n".repeat(500)),
    },
    { meanwhile },
  );
});
