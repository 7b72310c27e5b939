/** Rows of radius checks. HAProxy and curl have no such check. */
import { closedPort } from "../harness/backends/backends.ts";
import { attributeOf } from "../harness/backends/radius-reply.ts";
import {
  OTHER_SECRET,
  RADIUS_SECRET,
  type RadiusTurn,
  startRadius,
} from "../harness/backends/radius-server.ts";
import { type Behavior, PATIENT, SHORT } from "./behavior.ts";

type Fields = Readonly<Record<string, unknown>>;

const LOGIN = { secret: RADIUS_SECRET, username: "alice", password: "wonderland" };
const STATUS = { secret: RADIUS_SECRET, method: "status" };
const PROXY_ERROR = 52;

function radius(
  id: string,
  backend: string,
  serve: (turn: RadiusTurn) => void,
  wanted: Behavior["wanted"],
  fields: Fields = LOGIN,
  // A check without a deciding answer lasts until the timeout.
  timeout = wanted === "L7TOUT" ? SHORT : PATIENT,
): Behavior {
  return {
    id: `radius-${id}`,
    backend,
    start: () => startRadius(serve),
    wanted,
    check: { timeout, ...fields, checker_type: "radius" },
  };
}

/** A row of datagrams that decide nothing. */
function stray(id: string, backend: string, serve: (turn: RadiusTurn) => void, fields: Fields = LOGIN) {
  return radius(id, backend, serve, "L7RSP", fields, SHORT);
}

function accepts({ answer }: RadiusTurn): void {
  answer({});
}

function rejects({ answer }: RadiusTurn): void {
  answer({ code: 3 });
}

function challenges({ answer }: RadiusTurn): void {
  answer({ code: 11, attributes: attributeOf(18, Buffer.from("code?")) });
}

const silent = () => {};

/** The rows. */
export const RADIUS_ROWS: readonly Behavior[] = [
  radius("accept", "accepts", accepts, "L7OK"),
  radius("signed", "accepts, with Message-Authenticator", ({ answer }) => answer({ signed: true }), "L7OK"),
  radius(
    "padded",
    "accepts, with padding behind the packet",
    ({ answer }) => answer({ padding: 99 }),
    "L7OK",
  ),
  radius("reject", "rejects", rejects, "L7STS"),
  radius("reject-wanted", "rejects; the check expects it", rejects, "L7OK", { ...LOGIN, expect: "reject" }),
  radius("accept-unwanted", "accepts; the check expects a rejection", accepts, "L7STS", {
    ...LOGIN,
    expect: "reject",
  }),
  radius("challenge", "challenges", challenges, "L7STS"),
  radius("challenge-wanted", "challenges; the check expects it", challenges, "L7OK", {
    ...LOGIN,
    expect: "challenge",
  }),
  radius("any", "rejects; the check expects any answer", rejects, "L7OK", { ...LOGIN, expect: "any" }),
  radius(
    "code",
    "answers with code 52; the check expects any answer",
    ({ answer }) => answer({ code: PROXY_ERROR }),
    "L7RSP",
    {
      ...LOGIN,
      expect: "any",
    },
  ),
  radius("status", "answers a Status-Server", accepts, "L7OK", STATUS),
  radius("status-reject", "rejects a Status-Server", rejects, "L7RSP", STATUS),
  radius("status-silent", "ignores a Status-Server", silent, "L7TOUT", STATUS),
  radius(
    "attribute",
    "accepts, with an attribute of length 0",
    ({ answer }) => answer({ attributes: Buffer.from([18, 0]) }),
    "L7RSP",
  ),
  stray("secret", "accepts with another secret", ({ answer }) => answer({ secret: OTHER_SECRET })),
  stray(
    "secret-any",
    "rejects with another secret; the check expects any answer",
    ({ answer }) => answer({ code: 3, secret: OTHER_SECRET }),
    { ...LOGIN, expect: "any" },
  ),
  stray("forged", "accepts, with a wrong Message-Authenticator", ({ answer }) =>
    answer({ signed: true, signingSecret: OTHER_SECRET }),
  ),
  stray("identifier", "accepts, with another identifier", ({ query, answer }) =>
    answer({ identifier: (query.readUInt8(1) + 1) % 256 }),
  ),
  stray("truncated", "accepts, with half a packet", ({ packet, say }) => say(packet({}).subarray(0, 10))),
  stray("text", "answers with text", ({ say }) => say(Buffer.from("go away"))),
  radius(
    "forged-first",
    "accepts, after a forged rejection",
    ({ answer }) => {
      answer({ code: 3, secret: OTHER_SECRET });
      answer({});
    },
    "L7OK",
  ),
  radius(
    "forged-last",
    "rejects, then accepts with another secret",
    ({ answer }) => {
      answer({ code: 3 });
      answer({ secret: OTHER_SECRET });
    },
    "L7STS",
  ),
  radius(
    "loses-one",
    "accepts every second request",
    ({ before, answer }) => {
      if (before % 2 === 1) answer({});
    },
    "L7OK",
  ),
  radius("silent", "ignores every request", silent, "L7TOUT"),
  radius("late", "accepts after 5 s", ({ answer }) => void setTimeout(() => answer({}), 5_000), "L7TOUT"),
  radius(
    "elsewhere",
    "accepts from another port",
    ({ packet, sayFromElsewhere }) => sayFromElsewhere(packet({})),
    "L7TOUT",
  ),
  {
    ...radius("refuses", "has no such port (ICMP port unreachable)", silent, "L4CON"),
    start: () => closedPort(),
  },
];
