/** Plain-text conversations over dialed connections, on loopback. */
import { expect, test } from "bun:test";
import type { PendingConnection } from "../../src/system/connection.ts";
import { Descriptors } from "../../src/system/descriptors.ts";
import { LibcDialer } from "../../src/system/dialer.ts";
import type { PlainStream } from "../../src/system/plain-stream.ts";
import { sockAddr } from "../../src/system/sockaddr.ts";
import { acceptAll, type Backend, type BackendSocket, httpServer } from "../harness/backends/backends.ts";
import { startChild } from "../harness/base/child.ts";
import { libc, tcpInfo } from "../harness/base/libc.ts";
import { peerPath, peerTest, rootTest } from "../harness/base/peers.ts";
import { until } from "../harness/base/wait.ts";

const SOL_SOCKET = 1;
/** Sets the buffer beyond the host's limit; for root. */
const SO_RCVBUFFORCE = 33;
const CLOSE_WAIT = 8;

/** A stream to a backend, and what its owner has received. Each look at it polls the dialer. */
async function open(backend: Pick<Backend, "hostname" | "port">) {
  const faults: unknown[] = [];
  const descriptors = new Descriptors(2);
  const dialer = new LibcDialer(descriptors, (error) => faults.push(error));
  const events: string[] = [];
  const fixture = {
    descriptors,
    events,
    text: "",
    fd: -1,
    stampsMs: [] as (number | undefined)[],
    onReceived: (_text: string) => {},
    until: (condition: () => boolean, what: string) =>
      until(() => dialer.poll() ?? condition(), 10_000, what),
  };
  const streamOwner = {
    received: (bytes: Uint8Array, atMs: number | undefined) => {
      const text = Buffer.from(bytes).toString("latin1");
      fixture.text += text;
      fixture.stampsMs.push(atMs);
      fixture.onReceived(text);
    },
    closed: (number: number | undefined) => void events.push(`closed: ${number}`),
    crashed: (error: Error) => void events.push(`crashed: ${error.message}`),
  };
  let stream: PlainStream | undefined;
  const dialOwner = {
    connected: (dial: PendingConnection) => {
      fixture.fd = dial.fd;
      stream = dialer.converse(dial, streamOwner);
    },
    failed: (number: number) => {
      throw new Error(String(number));
    },
  };
  dialer.dial(sockAddr({ ip: backend.hostname, port: backend.port }), dialOwner);
  await fixture.until(() => stream !== undefined, "the connection");
  if (stream === undefined) throw new Error("not connected");
  return Object.assign(fixture, { stream, faults });
}

/** Answers each request with a text, or does something else with its connection. */
function answering(answer: (socket: BackendSocket) => void): Backend {
  return httpServer((_request, socket) => answer(socket));
}

const REQUEST = Buffer.from("GET / HTTP/1.1\r\n\r\n");

test("stream: writes, reads, and gives its descriptor back when it is ended", async () => {
  await using backend = answering((socket) => void socket.write("hello"));
  const fixture = await open(backend);
  fixture.stream.write(REQUEST);
  await fixture.until(() => fixture.text === "hello", "the answer");
  expect(backend.received).toBe(REQUEST.toString());
  fixture.stream.end("reset");
  await fixture.until(() => fixture.descriptors.used === 0, "the descriptor");
  expect(fixture.events).toEqual([]);
  await fixture.until(() => backend.open === 0, "the end at the backend");
});

test("stream: ends by RST or by FIN, as its owner wants it", async () => {
  await using backend = acceptAll();
  const first = await open(backend);
  first.stream.end("graceful");
  await first.until(() => backend.ends === 1, "the FIN");
  const second = await open(backend);
  second.stream.end("reset");
  await second.until(() => backend.resets === 1, "the RST");
  expect(backend.ends).toBe(1);
  await first.until(() => first.descriptors.used === 0, "the first one's descriptor");
  expect(second.descriptors.used).toBe(0);
});

test("stream: the other side's orderly close is reported once", async () => {
  await using backend = answering((socket) => void socket.end("bye"));
  const fixture = await open(backend);
  fixture.stream.write(REQUEST);
  await fixture.until(() => fixture.descriptors.used === 0, "the descriptor");
  expect(fixture.text).toBe("bye");
  expect(fixture.events).toEqual(["closed: 0"]);
});

test("stream: the other side's RST is reported as its errno", async () => {
  await using backend = answering((socket) => socket.terminate());
  const fixture = await open(backend);
  fixture.stream.write(REQUEST);
  await fixture.until(() => fixture.descriptors.used === 0, "the descriptor");
  expect(fixture.events).toEqual(["closed: 104"]);
});

test("stream: bytes that the kernel does not accept immediately are sent later, completely", async () => {
  await using backend = acceptAll();
  const fixture = await open(backend);
  const bytes = Buffer.alloc(8 * 1_024 * 1_024, "x");
  fixture.stream.write(bytes);
  fixture.stream.write(Buffer.from("end"));
  await fixture.until(() => backend.received.length >= bytes.length + 3, "all bytes");
  expect(backend.received.length).toBe(bytes.length + 3);
  expect(backend.received.endsWith("xend")).toBe(true);
  fixture.stream.end("reset");
});

test("stream: an owner that throws learns of it, and the connection is gone", async () => {
  await using backend = answering((socket) => void socket.write("hello"));
  const fixture = await open(backend);
  fixture.onReceived = () => {
    throw new Error("broken");
  };
  fixture.stream.write(REQUEST);
  await fixture.until(() => fixture.descriptors.used === 0, "the descriptor");
  expect(fixture.events).toEqual(["crashed: broken"]);
});

test("stream: ended from within a callback, the owner receives nothing more", async () => {
  await using backend = answering((socket) => void socket.end("hello"));
  const fixture = await open(backend);
  fixture.onReceived = () => fixture.stream.end("reset");
  fixture.stream.write(REQUEST);
  await fixture.until(() => fixture.descriptors.used === 0, "the descriptor");
  expect(fixture.events).toEqual([]);
});

test("stream: an answer before a reset is read before the reset is reported", async () => {
  await using backend = answering((socket) => {
    socket.write("220 ready");
    socket.terminate();
  });
  const fixture = await open(backend);
  fixture.stream.write(REQUEST);
  // The reset lies in the kernel before the first look at the answer.
  await until(() => backend.connections === 1 && backend.open === 0, 5_000, "the reset");
  await fixture.until(() => fixture.events.length > 0, "the end");
  expect([fixture.text, fixture.events]).toEqual(["220 ready", ["closed: 104"]]);
  expect(fixture.descriptors.used).toBe(0);
});

test("stream: of a connection that was reset before it was noticed, the reset is reported", async () => {
  const text = "x".repeat(200_000);
  await using backend = httpServer(() => {}, { hostname: "127.0.0.2" });
  const fixture = await open(backend);
  backend.down();
  fixture.stream.write(Buffer.from(text));
  await fixture.until(() => fixture.events.length > 0, "the end");
  expect(fixture.events).toEqual(["closed: 104"]);
});

test("stream: the arrival time of the answer is the kernel's, however late it is read", async () => {
  await using backend = answering((socket) => void socket.write("hello"));
  const fixture = await open(backend);
  const sentMs = performance.now();
  fixture.stream.write(REQUEST);
  await until(() => backend.received !== "", 5_000, "the request");
  await Bun.sleep(300);
  const readMs = performance.now();
  await fixture.until(() => fixture.text === "hello", "the answer");
  const [stampMs = 0] = fixture.stampsMs;
  // The backend answers in its own turn of the same event loop; this process reads 300 ms later.
  expect(stampMs).toBeGreaterThanOrEqual(sentMs);
  expect(readMs - stampMs).toBeGreaterThan(250);
  fixture.stream.end("reset");
});

test("stream: drained, it reads what the backend still sends, and closes without a reset", async () => {
  let finish = () => {};
  await using backend = answering((socket) => {
    socket.write("head");
    finish = () => void socket.end("x".repeat(300_000));
  });
  const fixture = await open(backend);
  fixture.onReceived = () => fixture.stream.end("drain");
  fixture.stream.write(REQUEST);
  await fixture.until(() => fixture.text === "head", "the head");
  expect(fixture.descriptors.used).toBe(1);
  finish();
  await fixture.until(() => fixture.descriptors.used === 0, "the end");
  await until(() => backend.open === 0, 5_000, "the end at the backend");
  expect([backend.resets, fixture.text]).toEqual([0, "head"]);
});

test("stream: a backend that sends without end is cut off while it is drained", async () => {
  await using backend = answering((socket) => {
    socket.write("head");
    socket.data.timer = setInterval(() => socket.write("x".repeat(200_000)), 1);
  });
  const fixture = await open(backend);
  fixture.onReceived = () => fixture.stream.end("drain");
  fixture.stream.write(REQUEST);
  await fixture.until(() => fixture.descriptors.used === 0, "the end");
  // The backend itself never ends.
  await until(() => backend.open === 0, 5_000, "the end at the backend");
  expect(fixture.events).toEqual([]);
});

test.each([10, 100_000])(
  "stream: a graceful end with a banner of %d bytes unread is no reset",
  async (bytes) => {
    await using backend = answering((socket) => void socket.write("b".repeat(bytes)));
    const fixture = await open(backend);
    fixture.stream.write(REQUEST);
    await until(() => backend.received !== "", 5_000, "the request");
    fixture.stream.end("graceful");
    await fixture.until(() => fixture.descriptors.used === 0, "the end");
    await until(() => backend.open === 0, 5_000, "the end at the backend");
    expect([backend.ends, backend.resets]).toEqual([1, 0]);
  },
);

rootTest(
  "stream: an end that came together with more bytes than one round reads is reported",
  [],
  async () => {
    const text = "x".repeat(2_000_000);
    const sent = Promise.withResolvers<void>();
    await using backend = answering((socket) => void sendAll(socket, text).then(sent.resolve));
    const fixture = await open(backend);
    const buffer = new Int32Array([8 * text.length]);
    expect(libc.setsockopt(fixture.fd, SOL_SOCKET, SO_RCVBUFFORCE, buffer, 4)).toBe(0);
    fixture.stream.write(REQUEST);
    await sent.promise;
    await until(() => tcpInfo(fixture.fd).state === CLOSE_WAIT, 5_000, "the FIN");
    await fixture.until(() => fixture.events.length > 0, "the end");
    expect([fixture.text.length, fixture.events]).toEqual([text.length, ["closed: 0"]]);
  },
);

async function sendAll(socket: BackendSocket, text: string): Promise<void> {
  let left = Buffer.from(text);
  while (left.length > 0) {
    left = left.subarray(Math.max(0, socket.write(left)));
    await Bun.sleep(0);
  }
  socket.end();
}

peerTest(
  "stream: urgent data in the middle of an answer do not hide what follows them",
  ["python3"],
  async () => {
    for (const close of [false, true]) {
      await using backend = await urgentBackend(close);
      const fixture = await open(backend);
      fixture.stream.write(REQUEST);
      // All of it has come before the first look.
      await until(() => backend.answered(), 5_000, "the answer");
      await fixture.until(() => fixture.text === "beforeafter", "the bytes on both sides");
      if (close) await fixture.until(() => fixture.events.length > 0, "the end");
      expect(fixture.events).toEqual(close ? ["closed: 0"] : []);
      fixture.stream.end("reset");
    }
  },
);

/** A backend that answers one request with `before`, an urgent byte and `after`; then it closes, or waits. */
async function urgentBackend(close: boolean) {
  const program = [
    "import socket, sys",
    "s = socket.create_server(('127.0.0.1', 0))",
    "print(s.getsockname()[1], flush=True)",
    "c, _ = s.accept()",
    "c.recv(1000)",
    "c.send(b'before'); c.send(b'!', socket.MSG_OOB); c.send(b'after')",
    close ? "c.close()" : "",
    "print('answered', flush=True)",
    "sys.stdin.read()",
  ].join("\n");
  const child = await startChild([peerPath("python3"), "-c", program], "the port");
  return {
    hostname: "127.0.0.1",
    port: Number(child.first),
    answered: () => child.lines.length > 1,
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  };
}
