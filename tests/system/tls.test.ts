/** TLS client hello of checks. */
import { expect, test } from "bun:test";
import { TlsContexts } from "../../src/system/tls.ts";

/** Maximum payload at an MTU of 1500, with TCP options and IPv6; bytes. */
const SEGMENT_BYTES = 1_428;
const SUPPORTED_GROUPS = 10;
const [X25519, P256, P384, P521] = [0x001d, 0x0017, 0x0018, 0x0019];

/** The extensions of a ClientHello (RFC 8446, 4.1.2), by type. */
function extensionsOf(hello: Buffer): Map<number, Buffer> {
  const extensions = new Map<number, Buffer>();
  let at = 5 + 4 + 2 + 32;
  at += 1 + hello.readUInt8(at);
  at += 2 + hello.readUInt16BE(at);
  at += 1 + hello.readUInt8(at);
  for (at += 2; at < hello.length; ) {
    const length = hello.readUInt16BE(at + 2);
    extensions.set(hello.readUInt16BE(at), hello.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return extensions;
}

/** The first bytes that a server receives. */
async function clientHello(serverName: string, verify: boolean): Promise<Buffer> {
  const received = Promise.withResolvers<Buffer>();
  const listener = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      data: (socket, bytes) => {
        received.resolve(Buffer.from(bytes));
        socket.end();
      },
    },
  });
  const { runtime } = new TlsContexts(undefined, { nowMs: () => 0, wallMs: () => 0 }).options({
    serverName,
    verify,
  });
  // The types do not know a native `secureContext`.
  const tls = runtime as unknown as Bun.TLSOptions;
  const ignore = () => {};
  const socket = { open: ignore, data: ignore, handshake: ignore, error: ignore, close: ignore };
  await Bun.connect({ hostname: "127.0.0.1", port: listener.port, tls, socket });
  const hello = await received.promise;
  listener.stop(true);
  return hello;
}

test("tls: a ClientHello fits into one segment, whatever the name", async () => {
  for (const verify of [true, false]) {
    const longest = `${"a".repeat(63)}.${"b".repeat(63)}.${"c".repeat(63)}.${"d".repeat(61)}`;
    const hello = await clientHello(longest, verify);
    expect(hello.length).toBe(5 + hello.readUInt16BE(3));
    expect(hello.length).toBeLessThan(SEGMENT_BYTES);
  }
});

test("tls: the key exchange groups are the classic ones", async () => {
  const groups = extensionsOf(await clientHello("www.example.com", true)).get(SUPPORTED_GROUPS);
  const numbers = Array.from({ length: ((groups?.length ?? 0) - 2) / 2 }, (_, at) =>
    groups?.readUInt16BE(2 + at * 2),
  );
  expect(numbers).toEqual([X25519, P256, P384, P521]);
});
