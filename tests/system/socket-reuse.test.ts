/** Sockets that serve one conversation after the other, on loopback. */
import { expect, test } from "bun:test";
import type { PendingConnection } from "../../src/system/connection.ts";
import { Descriptors } from "../../src/system/descriptors.ts";
import { LibcDialer } from "../../src/system/dialer.ts";
import type { PlainStream } from "../../src/system/plain-stream.ts";
import { sockAddr } from "../../src/system/sockaddr.ts";
import { SocketReuse } from "../../src/system/socket-reuse.ts";
import { acceptAll, type Backend, type BackendSocket, httpServer } from "../harness/backends/backends.ts";
import { tcpInfo } from "../harness/base/libc.ts";
import { until } from "../harness/base/wait.ts";

/** A limit whose share for the pool is two sockets. */
const POOLING = 64;
const REQUEST = Buffer.from("GET / HTTP/1.1\r\n\r\n");
const CLOSED = 7;

/** A dialer that converses with backends, one after the other. */
function fixture() {
  const descriptors = new Descriptors(POOLING);
  const dialer = new LibcDialer(descriptors, (error) => {
    throw error;
  });
  /** Opens a connection. */
  const connect = async ({ hostname, port }: Pick<Backend, "hostname" | "port">) => {
    const opened: PendingConnection[] = [];
    const owner = {
      connected: (dial: PendingConnection) => void opened.push(dial),
      failed: (number: number) => {
        throw new Error(`errno ${number}`);
      },
    };
    dialer.dial(sockAddr({ ip: hostname, port }), owner);
    return await until(() => dialer.poll() ?? opened[0], 5_000, "the connection");
  };
  /** Sends a request. @param isOver - of the answer's text and errno; then the stream is ended by RST, unless the peer has ended it */
  const converse = async (backend: Backend, isOver: (text: string, errno?: number) => boolean) => {
    const dial = await connect(backend);
    let text = "";
    let over = false;
    let stampMs: number | undefined;
    let stream: PlainStream | undefined;
    const settle = (errno?: number) => {
      over = isOver(text, errno);
      if (over) stream?.end("reset");
    };
    stream = dialer.converse(dial, {
      received: (bytes, atMs) => {
        text += Buffer.from(bytes).toString("latin1");
        stampMs = atMs;
        settle();
      },
      closed: settle,
      crashed: (error) => {
        throw error;
      },
    });
    stream.write(REQUEST);
    await until(() => dialer.poll() ?? over, 5_000, "the end of the conversation");
    return { fd: dial.fd, text, stampMs };
  };
  return { descriptors, dialer, connect, converse };
}

/** Answers each request, or does something else with its connection. */
function answering(answer: (socket: BackendSocket) => void): Backend {
  return httpServer((_request, socket) => answer(socket));
}

const atTheEnd = (_text: string, errno?: number) => errno !== undefined;

test("socket reuse: after the peer's close the socket serves the next conversation, and closes by FIN", async () => {
  await using backend = answering((socket) => void socket.end("bye"));
  const { converse, descriptors } = fixture();
  const first = await converse(backend, atTheEnd);
  await until(() => tcpInfo(first.fd).state === CLOSED, 5_000, "the last acknowledgment");
  const second = await converse(backend, atTheEnd);
  expect([second.fd, second.text, descriptors.used]).toEqual([first.fd, "bye", 1]);
  // An option of the socket stays with it.
  expect(second.stampMs).toBeNumber();
  await until(() => backend.open === 0, 5_000, "both ends");
  expect([backend.connections, backend.resets]).toEqual([2, 0]);
});

test("socket reuse: a conversation that is reset leaves its socket, without its unread bytes, to the next one", async () => {
  await using backend = answering((socket) => void socket.write("hello, and more"));
  const { converse, descriptors } = fixture();
  const first = await converse(backend, (text) => text.length > 0);
  await until(() => backend.resets === 1, 5_000, "the RST");
  const second = await converse(backend, (text) => text.length > 0);
  expect([second.fd, second.text, descriptors.used]).toEqual([first.fd, "hello, and more", 1]);
  await until(() => backend.resets === 2, 5_000, "the second RST");
});

test("socket reuse: bare checks and conversations share the sockets of a host", async () => {
  await using web = answering((socket) => void socket.end("bye"));
  await using silent = acceptAll();
  const { connect, converse, dialer, descriptors } = fixture();
  const bare = await connect(silent);
  dialer.close(bare, "reset");
  const { fd } = await converse(web, atTheEnd);
  await until(() => tcpInfo(fd).state === CLOSED, 5_000, "the last acknowledgment");
  const again = await connect(silent);
  expect([fd, again.fd, descriptors.used]).toEqual([bare.fd, bare.fd, 1]);
  dialer.close(again, "reset");
});

test("socket reuse: the socket of a conversation that the peer has reset is closed", async () => {
  await using backend = answering((socket) => socket.terminate());
  const { converse, descriptors } = fixture();
  await converse(backend, atTheEnd);
  expect(descriptors.used).toBe(0);
});

test("socket reuse: a socket whose peer has not acknowledged the end is closed, and not used", async () => {
  await using backend = acceptAll();
  const { connect } = fixture();
  const closed: number[] = [];
  const reuse = new SocketReuse(
    { unwatch: () => {}, closeDescriptor: (fd) => void closed.push(fd) },
    POOLING,
  );
  const connection = await connect(backend);
  // The backend, in this very thread, has not had its turn to close its side.
  expect(reuse.finish(connection)).toBe(true);
  expect(reuse.take(connection.address)).toBeUndefined();
  expect(closed).toEqual([connection.fd]);
  expect(reuse.take(connection.address)).toBeUndefined();
  await until(() => backend.ends === 1, 5_000, "the FIN");
});
