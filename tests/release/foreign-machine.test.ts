/**
 * The harness around foreign programs, tested: nginx, OpenSSL, Knot DNS and the Go client. Run by `bun test`.
 */

import { expect } from "bun:test";
import { Resolver } from "node:dns/promises";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { decode, encode, type Packet, TRUNCATED_RESPONSE } from "dns-packet";
import { httpServer } from "../harness/backends/backends.ts";
import { makeCa } from "../harness/backends/certs.ts";
import { optRecord } from "../harness/backends/edns.ts";
import { startKnot } from "../harness/backends/knot.ts";
import { startNginx } from "../harness/backends/nginx.ts";
import { peerTest } from "../harness/base/peers.ts";
import { makeTempDir } from "../harness/base/tempdir.ts";
import { until } from "../harness/base/wait.ts";
import { startGoClient } from "../harness/client/goclient.ts";

const BIG_ID = "13758215386640154624";
const STATUS = `{"duration":1500,"failures":0,"successes":18446744073709551615,"state":"healthy","message":"ok"}`;
const BATCH = `{"type":"notification_batch","batch":{"notifications":[{"id":${BIG_ID},"status":${STATUS}}]}}`;

peerTest(
  "nginx and certs: HTTP and TLS, a good and an expired certificate",
  ["nginx", "openssl"],
  async () => {
    await using ca = await makeCa();
    const tls = ca.issue({ name: "good", sans: ["DNS:good.test", "IP:127.0.0.1"] });
    await using nginx = await startNginx({ tls });
    const base = `http://127.0.0.1:${nginx.httpPort}`;
    const get = (path: string, headers = {}) => fetch(base + path, { redirect: "manual", headers });
    expect(await (await get("/healthz")).text()).toBe("ok\n");
    expect((await get("/fail")).status).toBe(503);
    expect((await get("/redirect")).status).toBe(302);
    expect(await (await get("/host", { host: "www.example.test" })).text()).toBe("www.example.test\n");
    expect(await (await get("/headers", { "x-check": "7", "user-agent": "t" })).text()).toBe(
      "user-agent=t x-check=7\n",
    );
    const secure = await fetch(`https://127.0.0.1:${nginx.httpsPort}/healthz`, {
      tls: { ca: Bun.file(ca.caFile) },
    });
    expect(await secure.text()).toBe("ok\n");
    expect(await handshake(nginx.httpsPort ?? 0, ca.caFile, "good.test")).toBe("authorized");
    expect(await handshake(nginx.httpsPort ?? 0, ca.caFile, "other.test")).toBe(
      "ERR_TLS_CERT_ALTNAME_INVALID",
    );
    await until(() => nginx.accessLog().length >= 6, 1000, "the access log");
    expect(nginx.accessLog()[0]).toStartWith(
      'host=127.0.0.1 request="GET /healthz HTTP/1.1" status=200 agent="',
    );

    await using old = httpServer(() => {}, {
      tls: ca.issue({ name: "old", sans: ["DNS:old.test"], expired: true }),
    });
    expect(await handshake(old.port, ca.caFile, "old.test")).toBe("CERT_HAS_EXPIRED");
  },
);

function handshake(port: number, caFile: string, servername: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const options = { host: "127.0.0.1", port, servername };
  Bun.file(caFile)
    .text()
    .then((ca) => {
      const socket = connectTls({ ...options, ca }, () => {
        resolve("authorized");
        socket.destroy();
      });
      socket.on("error", (error: Error & { code?: string }) => resolve(error.code ?? error.message));
    }, resolve);
  return promise;
}

peerTest("knot: answers for its zone, truncates what is big over UDP only", ["knotd"], async () => {
  await using knot = await startKnot();
  const resolver = new Resolver({ timeout: 1000, tries: 2 });
  resolver.setServers([`127.0.0.1:${knot.port}`]);
  expect((await resolver.resolve4("alias.example.test")).sort()).toEqual([
    "192.0.2.1",
    "192.0.2.2",
    "192.0.2.3",
  ]);
  expect(await resolver.resolve6("v6only.example.test")).toEqual(["2001:db8::10"]);
  expect((await resolver.resolveMx("example.test")).length).toBe(2);
  expect(await udpAnswer(knot.port, "medium.example.test")).toEqual({ answers: 0, truncated: true });
  expect(await udpAnswer(knot.port, "big.example.test", 1232)).toEqual({ answers: 0, truncated: true });
  expect(await udpAnswer(knot.port, "medium.example.test", 1232)).toEqual({ answers: 40, truncated: false });
  expect((await resolver.resolve4("big.example.test")).length).toBe(120);
  expect((await resolver.resolveTxt("bigtxt.example.test")).length).toBe(20);
});

/** Asks once over UDP, with EDNS when a payload size is given. */
async function udpAnswer(port: number, name: string, udpPayloadSize?: number) {
  const { promise, resolve } = Promise.withResolvers<Packet>();
  const socket = await Bun.udpSocket({
    connect: { hostname: "127.0.0.1", port },
    socket: { data: (_, bytes) => resolve(decode(bytes)) },
  });
  const additionals = udpPayloadSize === undefined ? [] : [optRecord(udpPayloadSize)];
  socket.send(encode({ type: "query", id: 7, questions: [{ type: "A", name }], additionals }));
  const packet = await promise;
  socket.close();
  return {
    answers: packet.answers?.length ?? 0,
    truncated: ((packet.flags ?? 0) & TRUNCATED_RESPONSE) !== 0,
  };
}

peerTest(
  "go client: takes what Go takes, and nothing else",
  ["go"],
  async () => {
    await using dir = makeTempDir("go");
    const path = join(dir.path, "s");
    const peers: Bun.Socket[] = [];
    const received: string[] = [];
    const server = Bun.listen({
      unix: path,
      socket: {
        open: (socket) => {
          peers.push(socket);
        },
        data: (_, bytes) => {
          received.push(bytes.toString());
        },
      },
    });
    const verdict = async (line: string) => {
      await using go = await startGoClient(path);
      const socket = await until(() => peers.pop(), 2000, "the Go client to connect");
      go.send('{"type":"request_status"}');
      await until(() => received.join("") === '{"type":"request_status"}\n', 2000, "its line");
      received.length = 0;
      socket.write(`${line}\n`);
      await until(() => go.messages.length > 0, 2000, "its verdict");
      socket.end();
      return { first: go.messages[0], exit: await go.exited, last: go.messages.at(-1)?.type };
    };
    expect(await verdict(BATCH)).toMatchObject({
      first: {
        line_bytes: BATCH.length + 1,
        statuses: [{ id: BIG_ID, last_check: null, successes: `${2n ** 64n - 1n}` }],
      },
      exit: 0,
      last: "eof",
    });
    expect(await verdict(BATCH.replace(BIG_ID, `"${BIG_ID}"`))).toMatchObject({
      exit: 3,
      last: "client_error",
    });
    expect(await verdict(BATCH.replace("1500", "1.5"))).toMatchObject({ exit: 3 });
    const long = `{"type":"error","message":"${"x".repeat(65_536)}"}`;
    expect((await verdict(long)).first?.message).toContain("token too long");
    server.stop(true);
  },
  120_000,
);
