/** Nameservers that lie, answer late or twice, truncate, loop and send garbage. Run by `bun test`. */

import { setDefaultTimeout, test } from "bun:test";
import { type Answer, AUTHORITATIVE_ANSWER, TRUNCATED_RESPONSE } from "dns-packet";
import { type BackendFault, FAULT_FIELDS, meetFaults } from "../harness/backends/backend-faults.ts";
import type { Behavior, Talk } from "../harness/backends/hostile.ts";
import {
  ADDRESS,
  ASKED,
  framed,
  rawReply,
  reply,
  startLiar,
  type Turn,
} from "../harness/backends/rogue-dns-server.ts";
import { dnsCheck, type Target, times } from "../harness/client/checks.ts";

setDefaultTimeout(60_000);

const AT = `DNS A ${ASKED} @@`;
const LATE_MS = 600;
const SERVFAIL = 2;
/** Behind the header stands the question: 12 bytes, the name, its type and class. */
const FIRST_RECORD = 12 + ASKED.length + 2 + 4;

const POINTER = [0xc0, 12];
const TTL = [0, 0, 0, 60];
const NOTIFY = 4 << 11;
const QUESTION = { type: "A" as const, name: ASKED };

const check = (id: number, { hostname: ip, port }: Target) =>
  dnsCheck(id, ASKED, { ...FAULT_FIELDS, ip, port });

function answers(found: string | RegExp, udp: (turn: Turn) => void, tcp?: Behavior): BackendFault {
  return { backend: () => startLiar(udp, tcp), check, found };
}

/** A row in which only strays arrive. */
function onlyStrays(why: string, message: (query: Buffer) => Uint8Array): BackendFault {
  const found = `unhealthy L7RSP ${AT}: no valid answer within 400ms, only ${why}`;
  return answers(found, ({ query, say }) => say(message(query)));
}

const otherId = (query: Buffer) => reply(query, { id: query.readUInt16BE(0) ^ 1 });
const cname = (name: string, data: string): Answer => ({ type: "CNAME", name, ttl: 60, data });
const malformed =
  /^unhealthy L7RSP DNS A www\.example\.test @@: no valid answer within 400ms, only a malformed message \(.+\)$/;
const raw = (records: readonly number[], promised?: number) =>
  answers(malformed, ({ query, say }) => say(rawReply(query, records, promised)));
const GOOD = `healthy L7OK ${AT}: answered 192.0.2.1`;
const NOTHING = `unhealthy L7STS ${AT}: answered without any A record`;

test("backend: dns: lies about id and question, late, twice, from elsewhere, loops", async () => {
  const chain = times(100, (hop) => cname(hop === 0 ? ASKED : `hop${hop}.test`, `hop${hop + 1}.test`));
  await meetFaults({
    good: answers(GOOD, ({ query, say }) => say(reply(query))),
    otherId: onlyStrays("an answer with another id", otherId),
    otherName: onlyStrays("an answer to another question", (query) =>
      reply(query, { questions: [{ type: "A", name: "www.example.org" }] }),
    ),
    otherType: onlyStrays("an answer to another question", (query) =>
      reply(query, { questions: [{ type: "AAAA", name: ASKED }] }),
    ),
    noQuestion: onlyStrays("an answer to another question", (query) => reply(query, { questions: [] })),
    twoQuestions: onlyStrays("a malformed message (it has 2 questions)", (query) =>
      reply(query, { questions: [QUESTION, QUESTION] }),
    ),
    otherOpcode: onlyStrays("an answer with opcode NOTIFY", (query) => reply(query, { flags: NOTIFY })),
    echo: onlyStrays("a message that is not an answer", (query) => query),
    liesBeforeTheTruth: answers(GOOD, ({ query, say }) => {
      for (let lie = 0; lie < 50; lie++) say(otherId(query));
      say(reply(query));
    }),
    strayFlood: answers(
      `unhealthy L7RSP ${AT}: no valid answer among 64 datagrams, the last one an answer with another id`,
      ({ query, say }) => times(1_000, () => say(otherId(query))),
    ),
    silent: answers(`unhealthy L7TOUT ${AT}: no answer within 400ms`, () => {}),
    late: answers(`unhealthy L7TOUT ${AT}: no answer within 400ms`, ({ query, say }) => {
      const message = reply(query);
      setTimeout(() => say(message), LATE_MS);
    }),
    losesTheFirst: answers(GOOD, ({ query, before, say }) => before % 2 === 1 && say(reply(query))),
    twice: answers(GOOD, ({ query, say }) => times(2, () => say(reply(query)))),
    fromElsewhere: answers(`unhealthy L7TOUT ${AT}: no answer within 400ms`, ({ query, sayFromElsewhere }) =>
      sayFromElsewhere(reply(query)),
    ),
    serverFailure: answers(`unhealthy L7STS ${AT}: answered SERVFAIL`, ({ query, say }) =>
      say(reply(query, { flags: SERVFAIL, answers: [] })),
    ),
    aliasLoop: answers(`${NOTHING}, only aliases in a loop`, ({ query, say }) =>
      say(reply(query, { answers: [cname(ASKED, "other.test"), cname("other.test", ASKED)] })),
    ),
    aliasOfItself: answers(`${NOTHING}, only aliases in a loop`, ({ query, say }) =>
      say(reply(query, { answers: [cname(ASKED, ASKED)] })),
    ),
    aliasChain: answers(GOOD, ({ query, say }) =>
      say(reply(query, { answers: [...chain, { ...ADDRESS, name: `hop${chain.length}.test` }] })),
    ),
    nameOfItself: raw([0xc0, FIRST_RECORD, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1]),
    namesOfEachOther: raw([
      0xc0,
      FIRST_RECORD + 2,
      0xc0,
      FIRST_RECORD,
      0,
      1,
      0,
      1,
      0,
      0,
      0,
      60,
      0,
      4,
      192,
      0,
      2,
      1,
    ]),
    nameBeyondTheEnd: raw([0xff, 0xff, 0, 1, 0, 1]),
    otherClass: answers(NOTHING, ({ query, say }) =>
      say(rawReply(query, [...POINTER, 0, 1, 0, 3, ...TTL, 0, 4, 192, 0, 2, 1])),
    ),
    longAddress: onlyStrays("a malformed message (a record of type A has 5 bytes of data)", (query) =>
      rawReply(query, [...POINTER, 0, 1, 0, 1, ...TTL, 0, 5, 192, 0, 2, 1, 0]),
    ),
    lengthBeyondTheEnd: onlyStrays(
      "a malformed message (a record extends past the end of the message)",
      (query) => rawReply(query, [...POINTER, 0, 1, 0, 1, ...TTL, 1, 144, 192, 0, 2, 1]),
    ),
    oddExtras: answers(GOOD, ({ query, say }) => {
      const [signature, address] = [
        [0, 46, 0, 1],
        [0, 1, 0, 1],
      ];
      const odd = [...POINTER, ...signature, ...TTL, 0, 3, 0xff, 0xff, 0xff];
      say(rawReply(query, [...odd, ...POINTER, ...address, ...TTL, 0, 4, 192, 0, 2, 1], 2));
    }),
    cutShort: raw([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 200, 192, 0, 2]),
    promisesMuch: raw([], 65_535),
    empty: answers(malformed, ({ say }) => say(new Uint8Array())),
    garbage: onlyStrays("an answer with another id", ({ [0]: high = 0 }) => Buffer.alloc(1_000, high ^ 1)),
    garbageWithItsId: onlyStrays("an answer with opcode 15", (query) =>
      Buffer.concat([query.subarray(0, 2), Buffer.alloc(1_000, 0xff)]),
    ),
    large: onlyStrays("a datagram of 4097 bytes", (query) => Buffer.concat([reply(query)], 4_097)),
    largest: answers(GOOD, ({ query, say }) => say(Buffer.concat([reply(query)], 4_096))),
  });
});

test("backend: dns: truncated, and over TCP silent, reset, cut short, wrong or endless", async () => {
  const truncated = ({ query, say }: Turn) => say(reply(query, { flags: TRUNCATED_RESPONSE, answers: [] }));
  const over = (found: string | RegExp, asked: (talk: Talk, query: Buffer) => void) =>
    answers(found, truncated, { asked: (talk, request) => asked(talk, request.subarray(2)) });
  const TCP = `${AT} over TCP`;
  await meetFaults({
    fits: over(GOOD.replace(AT, TCP), (talk, query) =>
      talk.say(framed(reply(query, { flags: AUTHORITATIVE_ANSWER }))),
    ),
    refusedTcp: answers(
      `unhealthy L4CON ${TCP}: connection refused after a truncated answer over UDP`,
      truncated,
    ),
    silent: over(`unhealthy L7TOUT ${TCP}: no answer within 400ms`, () => {}),
    resets: over(`unhealthy L7RSP ${TCP}: connection reset by peer`, (talk) => talk.reset()),
    closes: over(`unhealthy L7RSP ${TCP}: closed by peer after 0 bytes of the answer`, (talk) => talk.end()),
    cutShort: over(`unhealthy L7RSP ${TCP}: closed by peer after 20 bytes of the answer`, (talk, query) => {
      talk.say(framed(reply(query)).subarray(0, 20));
      talk.end();
    }),
    stops: over(`unhealthy L7TOUT ${TCP}: answer not complete (20 of 65537 bytes) within 400ms`, (talk) =>
      talk.say(`\xff\xff${"x".repeat(18)}`),
    ),
    truncatedAgain: over(`unhealthy L7RSP ${TCP}: answered with a truncated message`, (talk, query) =>
      talk.say(framed(reply(query, { flags: TRUNCATED_RESPONSE }))),
    ),
    otherId: over(`unhealthy L7RSP ${TCP}: answered with an answer with another id`, (talk, query) =>
      talk.say(framed(otherId(query))),
    ),
    nothing: answersMalformed((talk) => talk.say("\0\0")),
    endless: over(`unhealthy L7RSP ${TCP}: answered with an answer with another id`, (talk, query) =>
      talk.flood(Buffer.alloc(1_000, (query[0] ?? 0) ^ 1)),
    ),
  });

  function answersMalformed(asked: (talk: Talk) => void): BackendFault {
    const found = /^unhealthy L7RSP .* over TCP: answered with a malformed message \(.+\)$/;
    return answers(found, truncated, { asked });
  }
});
