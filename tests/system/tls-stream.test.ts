/** Ends of conversations with TLS, beside OpenSSL's server on loopback. */
import { expect } from "bun:test";
import type { PendingConnection } from "../../src/system/connection.ts";
import { Descriptors } from "../../src/system/descriptors.ts";
import { LibcDialer } from "../../src/system/dialer.ts";
import { sockAddr } from "../../src/system/sockaddr.ts";
import type { TlsEnding } from "../../src/system/stream-owner.ts";
import { TlsContexts } from "../../src/system/tls.ts";
import { TlsStream } from "../../src/system/tls-stream.ts";
import { makeCa } from "../harness/backends/certs.ts";
import { hostile } from "../harness/backends/hostile.ts";
import { startTlsServer } from "../harness/backends/tls-server.ts";
import { peerTest } from "../harness/base/peers.ts";
import { until } from "../harness/base/wait.ts";
import type { Target } from "../harness/client/checks.ts";

/** A stream whose handshake is done. */
async function open({ hostname, port }: Target) {
  const descriptors = new Descriptors(2);
  const dialer = new LibcDialer(descriptors, (error) => {
    throw error;
  });
  const tls = new TlsContexts(undefined, { nowMs: () => 0, wallMs: () => 0 });
  const opened = Promise.withResolvers<void>();
  const streamOwner = {
    opened: () => opened.resolve(),
    received: () => {},
    closed: () => opened.reject(new Error("closed")),
    tlsFailed: opened.reject,
    crashed: opened.reject,
  };
  let stream: TlsStream | undefined;
  dialer.dial(sockAddr({ ip: hostname, port }), {
    connected: (dial: PendingConnection) => {
      const options = tls.options({ verify: false, serverName: "www.example.test" });
      stream = new TlsStream(dialer, dial, options, streamOwner);
    },
    failed: (number) => opened.reject(new Error(String(number))),
  });
  await until(() => dialer.poll() ?? stream !== undefined, 10_000, "the connection");
  await opened.promise;
  if (stream === undefined) throw new Error("not connected");
  return { dialer, descriptors, stream };
}

const ENDINGS: readonly TlsEnding[] = ["notify", "graceful", "drain"];

peerTest(
  "tls stream: a peer that never answers close_notify holds its descriptor up to a bound",
  ["openssl"],
  async () => {
    await using ca = await makeCa();
    const cert = ca.issue({ name: "mute", sans: ["DNS:www.example.test"] });
    for (const how of ENDINGS) {
      await using server = await startTlsServer(cert);
      const { dialer, descriptors, stream } = await open(server);
      server.freeze();
      stream.end(how);
      expect([how, descriptors.used]).toEqual([how, 1]);
      expect(dialer.reclaim()).toBe(true);
      await until(() => descriptors.used === 0, 10_000, `the descriptor after ${how}`);
      expect(dialer.reclaim()).toBe(false);
    }
  },
);

peerTest("tls stream: a peer that floods after the end is cut off", ["openssl"], async () => {
  await using ca = await makeCa();
  const { certFile, keyFile } = ca.issue({ name: "flood", sans: ["DNS:www.example.test"] });
  const tls = { cert: await Bun.file(certFile).text(), key: await Bun.file(keyFile).text() };
  for (const how of ENDINGS) {
    await using server = hostile({ asked: (talk) => talk.flood("all work and no play ") }, tls);
    const { descriptors, stream } = await open(server);
    stream.write(Buffer.from("continue"));
    stream.end(how);
    await until(() => descriptors.used === 0, 10_000, `the descriptor after ${how}`);
  }
});
