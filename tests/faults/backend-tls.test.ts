/** Backends that break TLS: stalls, resets and nonsense in the handshake, bad certificates, the wrong port. Run by `bun test`. */

import { expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { type BackendFault, FAULT_FIELDS, meetFaults } from "../harness/backends/backend-faults.ts";
import { type Cert, makeCa } from "../harness/backends/certs.ts";
import { hostile, type Talk } from "../harness/backends/hostile.ts";
import { type Renegotiator, startRenegotiator } from "../harness/backends/renegotiator.ts";
import { tlsInjector } from "../harness/backends/tls-injector.ts";
import { peerTest } from "../harness/base/peers.ts";
import { httpCheck, type Target, tcpCheck } from "../harness/client/checks.ts";

setDefaultTimeout(60_000);

const AT = "TLS handshake with @";
const BROKEN = `unhealthy L6RSP ${AT}: closed by peer during the handshake`;
const STALLED = `unhealthy L6TOUT ${AT}: not finished within 400ms`;
/** Refused with the words of the TLS library. */
const refused = (words: string) => `unhealthy L6RSP ${AT}: ${words}`;
const NOT_TLS = refused("wrong version number");

const tls = (id: number, target: Target) => tcpCheck(id, target, { ...FAULT_FIELDS, secure: true });
const https = (fields: object = {}) => {
  return (id: number, target: Target) =>
    httpCheck(id, target, { ...FAULT_FIELDS, secure: true, expected_codes: [200], ...fields });
};

/** A row whose backend answers a hello with something else than TLS. */
function hello(found: string | RegExp, behave: (talk: Talk) => void): BackendFault {
  return { backend: () => hostile({ asked: behave }), check: tls, found };
}

function record(type: number, length: number, body = ""): string {
  return String.fromCharCode(type, 3, 3, length >> 8, length & 0xff) + body;
}

const HANDSHAKE = 22;
const ALERT = 21;
const DATA = 23;
/** A record that promises a ServerHello of 118 bytes. */
const HALF_HELLO = record(HANDSHAKE, 122, "\x02\0\0\x76\x03\x03");

test("backend: tls: silence, resets and nonsense in the handshake", async () => {
  await meetFaults({
    plainPort: hello(NOT_TLS, (talk) => talk.say("HTTP/1.1 400 Bad Request\r\n\r\n")),
    sshPort: hello(NOT_TLS, (talk) => talk.say("SSH-2.0-OpenSSH_9.2p1\r\n")),
    silent: hello(STALLED, () => {}),
    resetsOnAccept: {
      backend: () => hostile({ accepted: (talk) => talk.reset() }),
      check: tls,
      found: "unhealthy L6RSP TLS handshake with @: closed by peer during the handshake",
    },
    resetsOnHello: hello(BROKEN, (talk) => talk.reset()),
    closesOnHello: hello(BROKEN, (talk) => talk.end()),
    alert: hello(refused("TLS alert from the peer: handshake failure"), (talk) =>
      talk.say(record(ALERT, 2, "\x02\x28")),
    ),
    warnings: hello(refused("too many warning alerts"), (talk) => talk.flood(record(ALERT, 2, "\x01\x64"))),
    stallsInHello: hello(STALLED, (talk) => talk.say(HALF_HELLO)),
    resetsInHello: hello(BROKEN, (talk) => {
      talk.say(HALF_HELLO);
      talk.every(50, () => talk.reset());
    }),
    dripsHello: hello(STALLED, (talk) => {
      talk.say(HALF_HELLO);
      talk.every(20, () => talk.say("\0"));
    }),
    emptyRecords: hello(refused("too many empty fragments"), (talk) => talk.flood(record(HANDSHAKE, 0))),
    hugeMessage: hello(refused("excessive message size"), (talk) => {
      talk.say(record(HANDSHAKE, 16_384, "\x02\xff\xff\xff"));
      talk.flood("\0".repeat(16_384));
    }),
    garbage: hello(NOT_TLS, (talk) => talk.flood("all work and no play ")),
  });
});

peerTest(
  "backend: tls: certificates, the wrong port, and faults behind the handshake",
  ["openssl"],
  async () => {
    await using ca = await makeCa();
    await using foreign = await makeCa();
    let again: Renegotiator | undefined;
    const sans = ["IP:127.0.0.1"];
    const good = pem(ca.issue({ name: "good", sans }));
    const behind = (
      found: string | RegExp,
      behave: (talk: Talk) => void,
      fields: object = {},
    ): BackendFault => ({
      backend: () => hostile({ asked: behave }, good),
      check: https(fields),
      found,
    });
    const shows = (cert: Cert, found: RegExp): BackendFault => ({
      backend: () => hostile({}, pem(cert)),
      check: tls,
      found,
    });
    const spoilt = (words: string, spoil: string, check = https()): BackendFault => ({
      backend: () => tlsInjector(good, spoil),
      check,
      found: `unhealthy L6RSP TLS with @: ${words}`,
    });
    const talks = (id: number, target: Target) =>
      tcpCheck(id, target, { ...FAULT_FIELDS, secure: true, send: "PING", receive: "PONG" });
    const HTTPS = "HTTP GET https://@/";
    await meetFaults(
      {
        good: { backend: () => hostile({}, good), check: tls, found: `healthy L6OK ${AT}: connected` },
        expired: shows(ca.issue({ name: "expired", sans, expired: true }), /^unhealthy L6RSP .*@: .*expired/),
        otherName: shows(
          ca.issue({ name: "other", sans: ["DNS:other.test"] }),
          /^unhealthy L6RSP .*@: certificate is for no IP address, not 127\.0\.0\.1$/,
        ),
        untrusted: shows(
          foreign.issue({ name: "untrusted", sans }),
          /^unhealthy L6RSP .*@: .*(issuer|self.signed|verify)/,
        ),
        plainToTls: {
          backend: () => hostile({}, good),
          check: https({ secure: false }),
          found:
            /^unhealthy L7RSP HTTP GET http:\/\/@\/: (closed by peer without an answer|connection reset by peer|not a valid HTTP answer: .+)$/,
        },
        silent: behind(`unhealthy L7TOUT ${HTTPS}: no answer within 400ms`, () => {}),
        resets: behind(`unhealthy L7RSP ${HTTPS}: connection reset by peer`, (talk) => talk.reset()),
        closes: behind(`unhealthy L7RSP ${HTTPS}: closed by peer without an answer`, (talk) => talk.end()),
        endless: behind(
          /^unhealthy L7STS HTTP GET https:\/\/@\/: body starts with "all work and /,
          (talk) => {
            talk.say("HTTP/1.1 200 OK\r\n\r\n");
            talk.flood("all work and no play ");
          },
          { response: "one" },
        ),
        wantsCertificate: {
          backend: () =>
            hostile(
              {},
              { ...good, ca: readFileSync(ca.caFile, "utf8"), requestCert: true, rejectUnauthorized: true },
            ),
          check: https(),
          found: "unhealthy L6RSP TLS with @: TLS alert from the peer: certificate required",
        },
        plainBehind: spoilt("wrong version number", "HTTP/1.1 400 Bad Request\r\n\r\n"),
        recordBehind: spoilt(
          "decryption failed or bad record mac",
          record(DATA, 32, "all work and no play makes Jack."),
        ),
        talkBehind: spoilt(
          "decryption failed or bad record mac",
          record(DATA, 32, "all work and no play makes Jack."),
          talks,
        ),
        renegotiates: {
          backend: async () => {
            again = await startRenegotiator(ca.issue({ name: "again", sans }));
            return again;
          },
          check: https(),
          // It serves one connection at a time, so the next one may have to wait in its handshake.
          found:
            /^unhealthy L[67]TOUT (HTTP GET https:\/\/@\/: no answer|TLS handshake with @: not finished) within 400ms$/,
        },
      },
      {
        env: { SSL_CERT_FILE: ca.caFile },
        meanwhile: () => expect(again?.renegotiations).toBeGreaterThan(0),
      },
    );
  },
  60_000,
);

function pem({ certFile, keyFile }: Cert): Bun.TLSOptions {
  return { cert: readFileSync(certFile, "utf8"), key: readFileSync(keyFile, "utf8") };
}
