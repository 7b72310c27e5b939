/** Backends that refuse, drop, hang, reset and drip, seen by tcp checks. Run by `bun test`. */

import { setDefaultTimeout, test } from "bun:test";
import { FAULT_FIELDS, meetFaults } from "../harness/backends/backend-faults.ts";
import { closedPort, drip } from "../harness/backends/backends.ts";
import { startBlackhole } from "../harness/backends/blackhole.ts";
import { hostile } from "../harness/backends/hostile.ts";
import { closeFd, listenTcp } from "../harness/base/libc.ts";
import { freePort } from "../harness/base/ports.ts";
import { type Target, tcpCheck } from "../harness/client/checks.ts";

setDefaultTimeout(60_000);

const check = (fields: object = {}) => {
  return (id: number, target: Target) => tcpCheck(id, target, { ...FAULT_FIELDS, ...fields });
};
const banner = check({ receive: "220 ready" });
const conversationFactory = check({ send: "PING\r\n", receive: "PONG" });

test("backend: tcp: refused, dropped, hung, reset, dripped: each has its code and sentence, in time", async () => {
  await meetFaults({
    refuses: {
      backend: closedPort,
      check: check(),
      found: "unhealthy L4CON TCP connect to @: connection refused",
    },
    dropsSyns: {
      backend: startBlackhole,
      check: check(),
      found: "unhealthy L4TOUT TCP connect to @: no answer within 400ms",
    },
    neverAccepts: {
      backend: neverAccepts,
      check: banner,
      found: "unhealthy L7TOUT TCP read from @: no answer within 400ms",
    },
    // The kernel accepts for it: a bare connect cannot know.
    neverAcceptsBare: {
      backend: neverAccepts,
      check: check(),
      found: "healthy L4OK TCP connect to @: connected",
    },
    hangs: {
      backend: () => hostile({}),
      check: conversationFactory,
      found: "unhealthy L7TOUT TCP send to @: no answer within 400ms",
    },
    resetsAfterAccept: {
      backend: () => hostile({ accepted: (talk) => talk.reset() }),
      check: banner,
      // Whether the reset comes before we look or after: the handshake has succeeded, and there is no banner.
      found: "unhealthy L7RSP TCP read from @: connection reset by peer",
    },
    resetsWhenAsked: {
      backend: () => hostile({ asked: (talk) => talk.reset() }),
      check: conversationFactory,
      found: "unhealthy L7RSP TCP send to @: connection reset by peer",
    },
    resetsInTheMiddle: {
      backend: () =>
        hostile({
          accepted: (talk) => {
            talk.say("220 r");
            talk.every(50, () => talk.reset());
          },
        }),
      check: banner,
      found:
        "unhealthy L7RSP TCP read from @: connection reset by peer, answer not complete (5 of 9 expected bytes)",
    },
    closesAfterAccept: {
      backend: () => hostile({ accepted: (talk) => talk.end() }),
      check: banner,
      found: "unhealthy L7RSP TCP read from @: closed by peer after 0 of 9 expected bytes",
    },
    closesInTheMiddle: {
      backend: () =>
        hostile({
          accepted: (talk) => {
            talk.say("220 r");
            talk.end();
          },
        }),
      check: banner,
      found: "unhealthy L7RSP TCP read from @: closed by peer after 5 of 9 expected bytes",
    },
    drips: {
      backend: () => drip({ everyMs: 150, text: "220 ready" }),
      check: banner,
      found:
        /^unhealthy L7TOUT TCP read from @: answer not complete \([12] of 9 expected bytes\) within 400ms$/,
    },
    floods: {
      backend: () => hostile({ accepted: (talk) => talk.flood("all work and no play ") }),
      check: banner,
      found:
        'unhealthy L7RSP TCP read from @: answer starts with "all work and no play all work and no play all work and no pl…", expected "220 ready"',
    },
    floodsBare: {
      backend: () => hostile({ accepted: (talk) => talk.flood("all work and no play ") }),
      check: check(),
      found: "healthy L4OK TCP connect to @: connected",
    },
  });
});

/** A process that listens and is stuck: the kernel's queue takes what comes. */
function neverAccepts(): Target & AsyncDisposable {
  const target = { hostname: "127.0.0.1", port: freePort() };
  const fd = listenTcp(target.hostname, target.port, 1_000);
  return { ...target, [Symbol.asyncDispose]: async () => closeFd(fd) };
}
