/** Conversations over dialled connections, on loopback. */
import { expect, test } from "bun:test";
import { type Dial, LibcDialer } from "../../src/system/dialer.ts";
import { Descriptors } from "../../src/system/limits.ts";
import { sockAddr } from "../../src/system/sockaddr.ts";
import { Stream } from "../../src/system/stream.ts";
import { acceptAll, type Backend, type BackendSocket, httpServer } from "../support/backends.ts";
import { until } from "../support/wait.ts";

/** A stream to a backend, and what its owner has heard. */
async function open(backend: Backend) {
  const faults: unknown[] = [];
  const descriptors = new Descriptors(2);
  const dialer = new LibcDialer(descriptors, (error) => faults.push(error));
  const heard: string[] = [];
  const bench = { descriptors, heard, text: "", onReceived: (_text: string) => {} };
  const streamOwner = {
    opened: () => void heard.push("opened"),
    received: (bytes: Uint8Array) => {
      const text = Buffer.from(bytes).toString("latin1");
      bench.text += text;
      bench.onReceived(text);
    },
    closed: (error: Error | undefined) => void heard.push(error === undefined ? "closed" : "closed by error"),
    refused: () => void heard.push("refused"),
    crashed: (error: Error) => void heard.push(`crashed: ${error.message}`),
  };
  const connected = Promise.withResolvers<Dial>();
  const dialOwner = {
    connected: connected.resolve,
    failed: (number: number) => connected.reject(new Error(String(number))),
  };
  dialer.dial(sockAddr({ ip: backend.hostname, port: backend.port }), dialOwner);
  await until(() => dialer.poll() ?? dialer.pending === 0, 2_000, "the connection");
  const stream = new Stream(dialer, await connected.promise, undefined, streamOwner);
  await until(() => heard.includes("opened"), 2_000, "the stream");
  return Object.assign(bench, { stream, faults });
}

/** Answers each request with a text, or does something else with its connection. */
function answering(answer: (socket: BackendSocket) => void): Backend {
  return httpServer((_request, socket) => answer(socket));
}

const REQUEST = Buffer.from("GET / HTTP/1.1\r\n\r\n");

test("stream: writes, reads, and gives its descriptor back when it is ended", async () => {
  await using backend = answering((socket) => void socket.write("hello"));
  const bench = await open(backend);
  bench.stream.write(REQUEST);
  await until(() => bench.text === "hello", 2_000, "the answer");
  expect(backend.received).toBe(REQUEST.toString());
  bench.stream.destroy("reset");
  await until(() => bench.descriptors.used === 0, 2_000, "the descriptor");
  expect(bench.heard).toEqual(["opened"]);
  await until(() => backend.open === 0, 2_000, "the end at the backend");
});

test("stream: ends by RST or by FIN, as it is told", async () => {
  await using backend = acceptAll();
  const first = await open(backend);
  first.stream.destroy("graceful");
  await until(() => backend.ends === 1, 2_000, "the FIN");
  const second = await open(backend);
  second.stream.destroy("reset");
  await until(() => backend.resets === 1, 2_000, "the RST");
  expect(backend.ends).toBe(1);
  await until(() => first.descriptors.used + second.descriptors.used === 0, 2_000, "the descriptors");
});

test("stream: the other side's orderly close is told once", async () => {
  await using backend = answering((socket) => void socket.end("bye"));
  const bench = await open(backend);
  bench.stream.write(REQUEST);
  await until(() => bench.descriptors.used === 0, 2_000, "the descriptor");
  expect(bench.text).toBe("bye");
  expect(bench.heard).toEqual(["opened", "closed"]);
});

test("stream: the other side's RST is told as an error", async () => {
  await using backend = answering((socket) => socket.terminate());
  const bench = await open(backend);
  bench.stream.write(REQUEST);
  await until(() => bench.descriptors.used === 0, 2_000, "the descriptor");
  expect(bench.heard).toEqual(["opened", "closed by error"]);
});

test("stream: what the kernel does not take at once is sent later, whole", async () => {
  await using backend = acceptAll();
  const bench = await open(backend);
  const bytes = Buffer.alloc(8 * 1_024 * 1_024, "x");
  bench.stream.write(bytes);
  bench.stream.write(Buffer.from("end"));
  await until(() => backend.received.length >= bytes.length + 3, 10_000, "all bytes");
  expect(backend.received.length).toBe(bytes.length + 3);
  expect(backend.received.endsWith("xend")).toBe(true);
  bench.stream.destroy("reset");
});

test("stream: an owner that throws is told, and the connection is gone", async () => {
  await using backend = answering((socket) => void socket.write("hello"));
  const bench = await open(backend);
  bench.onReceived = () => {
    throw new Error("broken");
  };
  bench.stream.write(REQUEST);
  await until(() => bench.descriptors.used === 0, 2_000, "the descriptor");
  expect(bench.heard).toEqual(["opened", "crashed: broken"]);
});

test("stream: destroyed from within a callback, the owner hears nothing more", async () => {
  await using backend = answering((socket) => void socket.end("hello"));
  const bench = await open(backend);
  bench.onReceived = () => bench.stream.destroy("reset");
  bench.stream.write(REQUEST);
  await until(() => bench.descriptors.used === 0, 2_000, "the descriptor");
  expect(bench.heard).toEqual(["opened"]);
});
