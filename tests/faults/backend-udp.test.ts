/** UDP services that are silent, late, wrong, short, or answered for by another host. Run by `bun test`. */
import { setDefaultTimeout, test } from "bun:test";
import { type BackendFault, FAULT_FIELDS, meetFaults } from "../harness/backends/backend-faults.ts";
import { startLiar, type Turn } from "../harness/backends/rogue-dns-server.ts";
import { times, udpCheck } from "../harness/client/checks.ts";

setDefaultTimeout(60_000);

const AT = "UDP send to @";
const GOOD = `healthy L7OK ${AT}: answered as expected`;
const ANSWERED = `healthy L7OK ${AT}: answered`;
const SILENT = `unhealthy L4TOUT ${AT}: no answer within 400ms`;
const NO_ERROR = `healthy L4OK ${AT}: no ICMP error within 400ms`;
const LATE_MS = 600;
const MAX_DATAGRAM = 65_507;
const PING = { send: "ping", receive: "pong" };

/** A service that does something with each datagram. */
function service(
  found: string | RegExp,
  answer: (turn: Turn) => void,
  fields: Readonly<Record<string, unknown>> = PING,
): BackendFault {
  return {
    backend: () => startLiar(answer),
    check: (id, target) => udpCheck(id, target, { ...FAULT_FIELDS, ...fields }),
    found,
  };
}

const wrong = (shown: string, expected = '"pong"') =>
  `unhealthy L7RSP ${AT}: answer starts with ${shown}, expected ${expected}`;
const says =
  (...texts: string[]) =>
  ({ say }: Turn) => {
    for (const text of texts) say(Buffer.from(text, "latin1"));
  };
const silent = () => {};

test("backend: udp: silence, wrong bytes, late, twice, short, long, from elsewhere", async () => {
  await meetFaults({
    good: service(GOOD, says("pong")),
    anyAnswer: service(ANSWERED, says("whatever"), { send: "ping" }),
    silent: service(SILENT, silent),
    silentToAnEmptyDatagram: service(SILENT, silent, {}),
    late: service(SILENT, ({ say }) => void setTimeout(() => say(Buffer.from("pong")), LATE_MS)),
    losesTheFirst: service(GOOD, ({ before, say }) => before % 2 === 1 && say(Buffer.from("pong"))),
    twice: service(GOOD, says("pong", "pong")),
    rightThenWrong: service(GOOD, says("pong", "pang")),
    wrongThenRight: service(wrong('"pang"'), says("pang", "pong")),
    wrongBytes: service(wrong('"NO"'), says("NO")),
    wrongFirstByte: service(wrong('" pong"'), says(" pong")),
    wrongLastByte: service(wrong('"pon\\u0000"'), says("pon\0")),
    otherCase: service(wrong('"PONG"'), says("PONG")),
    short: service(`unhealthy L7RSP ${AT}: answer ends after 2 of 4 expected bytes`, says("po")),
    empty: service(`unhealthy L7RSP ${AT}: answer is an empty datagram, expected "pong"`, says("")),
    emptyWillDo: service(ANSWERED, says(""), { send: "ping" }),
    emptyThenRight: service(
      `unhealthy L7RSP ${AT}: answer is an empty datagram, expected "pong"`,
      says("", "pong"),
    ),
    long: service(GOOD, says(`pong${"x".repeat(10_000)}`)),
    longest: service(GOOD, says(`pong${"x".repeat(MAX_DATAGRAM - 4)}`)),
    longAndWrong: service(wrong(`"${"x".repeat(60)}…"`), says("x".repeat(MAX_DATAGRAM))),
    flood: service(GOOD, says(...times(1_000, () => "pong"))),
    floodOfLies: service(wrong('"pang"'), says(...times(1_000, () => "pang"))),
    fromElsewhere: service(SILENT, ({ sayFromElsewhere }) => sayFromElsewhere(Buffer.from("pong"))),
    liesFromElsewhere: service(GOOD, ({ say, sayFromElsewhere }) => {
      for (const lie of times(50, () => "pang")) sayFromElsewhere(Buffer.from(lie));
      say(Buffer.from("pong"));
    }),
    answersOnlyTheEmpty: service(ANSWERED, ({ query, say }) => query.length === 0 && say(query), {}),
    nuls: service(
      GOOD,
      ({ query, say }) => query.equals(Buffer.from([0, 1, 0])) && say(Buffer.from([0, 0, 7])),
      {
        send_hex: "00 01 00",
        receive_hex: "00 00",
      },
    ),
    wrongNuls: service(wrong('"\\u0000\\u0000"', '"\\u0000\\u0001"'), says("\0\0"), {
      send: "ping",
      receive_hex: "00 01",
    }),
    controls: service(wrong('"\\u001b[2J\\r\\n\\xff"'), says("\x1b[2J\r\n\xff")),
    repeatsTheSecret: service(
      wrong('"unknown command AUTH …"'),
      ({ query, say }) => say(Buffer.concat([Buffer.from("unknown command "), query])),
      { send: "AUTH hunter2", receive: "pong" },
    ),
    largestQuestion: service(GOOD, ({ query, say }) => query.length === 8_192 && say(Buffer.from("pong")), {
      send: "x".repeat(8_192),
      receive: "pong",
    }),
    silentAsExpected: service(NO_ERROR, silent, { send: "ping", expect: "none" }),
    answersAnyway: service(ANSWERED, says("anything"), { send: "ping", expect: "none" }),
    otherAnswersForIt: service(NO_ERROR, ({ sayFromElsewhere }) => sayFromElsewhere(Buffer.from("pong")), {
      send: "ping",
      expect: "none",
    }),
  });
});
