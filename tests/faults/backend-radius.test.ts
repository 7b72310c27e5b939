/** RADIUS servers that are silent, late, wrong, of another secret, or answered for by another host. Run by `bun test`. */
import { setDefaultTimeout, test } from "bun:test";
import { type BackendFault, FAULT_FIELDS, meetFaults } from "../harness/backends/backend-faults.ts";
import { closedPort } from "../harness/backends/backends.ts";
import { attributeOf } from "../harness/backends/radius-reply.ts";
import {
  OTHER_SECRET,
  RADIUS_SECRET,
  type RadiusTurn,
  startRadius,
} from "../harness/backends/radius-server.ts";
import { radiusCheck, times } from "../harness/client/checks.ts";

setDefaultTimeout(60_000);

const AT = "RADIUS Access-Request to @";
const GOOD = `healthy L7OK ${AT}: answered Access-Accept`;
const SILENT = `unhealthy L7TOUT ${AT}: no answer within 400ms; servers ignore unknown clients and wrong secrets`;
const PASSWORD = "hunter2-password";
const LATE_MS = 600;
const LOGIN = { secret: RADIUS_SECRET, username: "alice", password: PASSWORD };
const STATUS = { secret: RADIUS_SECRET, username: "", method: "status" };

const stray = (reason: string) => `unhealthy L7RSP ${AT}: no valid answer within 400ms: ${reason}`;
const WRONG_SECRET = stray("response authenticator is wrong, the server may have another secret");
const FORGED = stray("Message-Authenticator of the answer is wrong, the answer may be forged");
const unexpected = (got: string, expected = "Access-Accept") =>
  `unhealthy L7STS ${AT}: answered ${got}, expected ${expected}`;
const message = (text: string) => attributeOf(18, Buffer.from(text));

/** A server that does something with each request. */
function server(
  found: string | RegExp,
  serve: (turn: RadiusTurn) => void,
  fields: Readonly<Record<string, unknown>> = LOGIN,
): BackendFault {
  return {
    backend: () => startRadius(serve),
    check: (id, target) => radiusCheck(id, target, { ...FAULT_FIELDS, ...fields }),
    found,
  };
}

const silent = () => {};

test("backend: radius: silence, late, twice, another secret, forged, truncated, from elsewhere", async () => {
  await meetFaults({
    good: server(GOOD, ({ answer }) => answer({})),
    signed: server(GOOD, ({ answer }) => answer({ signed: true })),
    padded: server(GOOD, ({ answer }) => answer({ padding: 5_000 })),
    silent: server(SILENT, silent),
    late: server(SILENT, ({ answer }) => void setTimeout(() => answer({}), LATE_MS)),
    losesTheFirst: server(GOOD, ({ before, answer }) => before % 2 === 1 && answer({})),
    answersOnlyRepeatedBytes: server(GOOD, sameBytesTwice()),
    twice: server(GOOD, ({ answer }) => times(2, () => answer({}))),
    acceptThenReject: server(GOOD, ({ answer }) => times(2, (index) => answer({ code: 2 + index }))),
    fromElsewhere: server(SILENT, ({ packet, sayFromElsewhere }) => sayFromElsewhere(packet({}))),
    rejectFromElsewhere: server(GOOD, ({ answer, packet, sayFromElsewhere }) => {
      sayFromElsewhere(packet({ code: 3 }));
      answer({});
    }),
    otherSecret: server(WRONG_SECRET, ({ answer }) => answer({ secret: OTHER_SECRET })),
    forgedRejectFirst: server(GOOD, ({ answer }) => {
      for (const secret of times(50, () => OTHER_SECRET)) answer({ code: 3, secret });
      answer({});
    }),
    forgedAcceptLater: server(unexpected("Access-Reject"), ({ answer }) => {
      answer({ code: 3 });
      answer({ secret: OTHER_SECRET });
    }),
    otherSignature: server(FORGED, ({ answer }) => answer({ signed: true, signingSecret: OTHER_SECRET })),
    zeroAuthenticator: server(WRONG_SECRET, ({ packet, say }) => say(packet({}).fill(0, 4, 20))),
    otherIdentifier: server(
      /^unhealthy L7RSP RADIUS Access-Request to @: no valid answer within 400ms: answer has the identifier \d+, the request \d+$/,
      ({ query, answer }) => answer({ identifier: (query.readUInt8(1) + 1) % 256 }),
    ),
    repeatsTheRequest: server(WRONG_SECRET, ({ query, say }) => say(query)),
    empty: server(stray("answer is truncated: 0 bytes, a RADIUS packet has at least 20"), ({ say }) =>
      say(Buffer.alloc(0)),
    ),
    short: server(
      stray("answer is truncated: 19 bytes, a RADIUS packet has at least 20"),
      ({ packet, say }) => say(packet({}).subarray(0, 19)),
    ),
    truncated: server(stray("answer is truncated: 26 of 27 bytes"), ({ packet, say }) =>
      say(packet({ attributes: message("hello") }).subarray(0, 26)),
    ),
    noRadius: server(stray("answer has the length 20559, a RADIUS packet 20 to 4096"), ({ say }) =>
      say(Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n").fill("PO", 2, 4)),
    ),
    longest: server(stray("answer has the length 0, a RADIUS packet 20 to 4096"), ({ say }) =>
      say(Buffer.alloc(65_507)),
    ),
    refused: {
      ...server(`unhealthy L4CON ${AT}: connection refused (ICMP port unreachable)`, silent),
      backend: closedPort,
    },
  });
});

test("backend: radius: accept, reject, challenge, other codes, invalid attributes, Status-Server", async () => {
  await meetFaults({
    reject: server(unexpected("Access-Reject"), ({ answer }) => answer({ code: 3 })),
    rejectWithWords: server(unexpected('Access-Reject "go\\naway\\xff"'), ({ answer }) =>
      answer({ code: 3, attributes: attributeOf(18, Buffer.from("go\naway\xff", "latin1")) }),
    ),
    repeatsThePassword: server(unexpected('Access-Reject "not …"'), ({ answer }) =>
      answer({ code: 3, attributes: message(`not ${PASSWORD}`) }),
    ),
    rejectExpected: server(
      `healthy L7OK ${AT}: answered Access-Reject`,
      ({ answer }) => answer({ code: 3 }),
      { ...LOGIN, expect: "reject" },
    ),
    acceptsAnybody: server(unexpected("Access-Accept", "Access-Reject"), ({ answer }) => answer({}), {
      ...LOGIN,
      expect: "reject",
    }),
    challenge: server(unexpected('Access-Challenge "code?"'), ({ answer }) =>
      answer({ code: 11, attributes: message("code?") }),
    ),
    challengeExpected: server(
      `healthy L7OK ${AT}: answered Access-Challenge`,
      ({ answer }) => answer({ code: 11, signed: true }),
      { ...LOGIN, expect: "challenge" },
    ),
    any: server(`healthy L7OK ${AT}: answered Access-Reject`, ({ answer }) => answer({ code: 3 }), {
      ...LOGIN,
      expect: "any",
    }),
    anyOtherSecret: server(WRONG_SECRET, ({ answer }) => answer({ code: 3, secret: OTHER_SECRET }), {
      ...LOGIN,
      expect: "any",
    }),
    accounting: server(
      `unhealthy L7RSP ${AT}: answered Accounting-Response, which does not answer Access-Request`,
      ({ answer }) => answer({ code: 5 }),
    ),
    unknownCode: server(
      `unhealthy L7RSP ${AT}: answered code 52, which does not answer Access-Request`,
      ({ answer }) => answer({ code: 52 }),
      { ...LOGIN, expect: "any" },
    ),
    attributeOfNoLength: server(
      `unhealthy L7RSP ${AT}: attribute 18 of the answer has an invalid length`,
      ({ answer }) => answer({ attributes: Buffer.from([18, 0]) }),
    ),
    twoSignatures: server(`unhealthy L7RSP ${AT}: answer has two Message-Authenticators`, ({ answer }) =>
      answer({ signed: true, attributes: attributeOf(80, Buffer.alloc(16)) }),
    ),
    status: server(
      "healthy L7OK RADIUS Status-Server to @: answered Access-Accept",
      ({ query, answer }) => answer({ code: query[0] === 12 ? 2 : 3 }),
      STATUS,
    ),
    statusOfAccounting: server(
      "healthy L7OK RADIUS Status-Server to @: answered Accounting-Response",
      ({ answer }) => answer({ code: 5 }),
      STATUS,
    ),
    statusRejected: server(
      "unhealthy L7RSP RADIUS Status-Server to @: answered Access-Reject, which does not answer Status-Server",
      ({ answer }) => answer({ code: 3 }),
      STATUS,
    ),
    statusSilent: server(SILENT.replace("Access-Request", "Status-Server"), silent, STATUS),
  });
});

/** Answers a request only when it has come before, byte by byte. */
function sameBytesTwice(): (turn: RadiusTurn) => void {
  const seen = new Set<string>();
  return ({ query, answer }) => {
    const bytes = query.toString("hex");
    if (seen.has(bytes)) answer({});
    seen.add(bytes);
  };
}
