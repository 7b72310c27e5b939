/** Rows of udp checks. HAProxy and curl have no such check. */
import { closedPort } from "../harness/backends/backends.ts";
import { startLiar, type Turn } from "../harness/backends/rogue-dns-server.ts";
import { type Behavior, PATIENT, SHORT } from "./behavior.ts";

type Fields = Readonly<Record<string, unknown>>;

const PING = { send: "ping", receive: "pong" };
const NONE = { send: "ping", expect: "none" };

function udp(
  id: string,
  backend: string,
  answer: (turn: Turn) => void,
  wanted: Behavior["wanted"],
  fields: Fields = PING,
): Behavior {
  // Silence lasts until the timeout.
  const timeout = wanted === "L4TOUT" || wanted === "L4OK" ? SHORT : PATIENT;
  return {
    id: `udp-${id}`,
    backend,
    start: () => startLiar(answer),
    wanted,
    check: { timeout, ...fields, checker_type: "udp" },
  };
}

function says(...datagrams: readonly string[]) {
  return ({ say }: Turn) => {
    for (const datagram of datagrams) say(Buffer.from(datagram, "latin1"));
  };
}

const silent = () => {};

/** The rows. */
export const UDP_ROWS: readonly Behavior[] = [
  udp("answers", "answers", says("pong"), "L7OK"),
  udp("longer", "answers more than is expected", says("pong and more"), "L7OK"),
  udp("longest", "answers with 65,507 bytes", says(`pong${"x".repeat(65_503)}`), "L7OK"),
  udp("shorter", "answers with half of what is expected", says("po"), "L7RSP"),
  udp("other", "answers something else", says("pang"), "L7RSP"),
  udp("other-case", "answers in capitals", says("PONG"), "L7RSP"),
  udp("empty", "answers with an empty datagram", says(""), "L7RSP"),
  udp("empty-any", "answers with an empty datagram; the check expects any", says(""), "L7OK", {
    send: "ping",
  }),
  udp("anything", "answers something; the check expects any", says("\0"), "L7OK", { send: "ping" }),
  udp("nul", "answers 00 ff; the check expects it in hex", says("\0\xff"), "L7OK", { receive_hex: "00 ff" }),
  udp("other-nul", "answers 00 fe; the check expects 00 ff", says("\0\xfe"), "L7RSP", {
    receive_hex: "00 ff",
  }),
  udp("twice", "answers twice", says("pong", "pong"), "L7OK"),
  udp("right-first", "answers, then something else", says("pong", "pang"), "L7OK"),
  udp("wrong-first", "answers something else, then as expected", says("pang", "pong"), "L7RSP"),
  udp(
    "loses-one",
    "answers every second datagram",
    ({ before, say }) => {
      if (before % 2 === 1) say(Buffer.from("pong"));
    },
    "L7OK",
  ),
  udp("silent", "is silent", silent, "L4TOUT"),
  udp(
    "late",
    "answers after 5 s",
    ({ say }) => void setTimeout(() => say(Buffer.from("pong")), 5_000),
    "L4TOUT",
  ),
  udp(
    "elsewhere",
    "answers from another port",
    ({ sayFromElsewhere }) => sayFromElsewhere(Buffer.from("pong")),
    "L4TOUT",
  ),
  udp(
    "lies-elsewhere",
    "answers, after something else from another port",
    ({ say, sayFromElsewhere }) => {
      sayFromElsewhere(Buffer.from("pang"));
      say(Buffer.from("pong"));
    },
    "L7OK",
  ),
  {
    ...udp("refuses", "has no such port (ICMP port unreachable)", silent, "L4CON"),
    start: () => closedPort(),
  },
  {
    ...udp("none-refuses", "has no such port; the check expects no answer", silent, "L4CON", NONE),
    start: () => closedPort(),
  },
  udp("none-silent", "is silent; the check expects no answer", silent, "L4OK", NONE),
  udp("none-answers", "answers; the check expects no answer", says("x"), "L7OK", NONE),
];
