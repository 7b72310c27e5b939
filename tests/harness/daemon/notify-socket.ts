/**
 * A service manager's end of NOTIFY_SOCKET, inside the test process: a Unix datagram socket with libc, which Bun does
 * not have. Called by the tests of systemd notifications.
 */
import { dlopen, FFIType } from "bun:ffi";
import { rmSync } from "node:fs";
import { until } from "../base/wait.ts";

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const MSG_DONTWAIT = 0x40;
const MAX_BYTES = 4_096;
const POLL_MS = 2;

const { symbols: libc } = dlopen("libc.so.6", {
  socket: { args: [FFIType.i32, FFIType.i32, FFIType.i32], returns: FFIType.i32 },
  bind: { args: [FFIType.i32, FFIType.ptr, FFIType.u32], returns: FFIType.i32 },
  recv: { args: [FFIType.i32, FFIType.ptr, FFIType.u64, FFIType.i32], returns: FFIType.i64 },
  close: { args: [FFIType.i32], returns: FFIType.i32 },
});

/** One datagram. */
export interface NotifyMessage {
  readonly text: string;
  readonly atMs: number;
}

/** The socket; disposing closes it. */
export interface NotifyListener extends Disposable {
  /** Value of NOTIFY_SOCKET. */
  readonly address: string;
  /** All datagrams so far, oldest first. */
  readonly messages: readonly NotifyMessage[];
  /** Returns the first datagram, from an index in {@link messages} on, that has the line. */
  waitFor(line: string | RegExp, timeoutMs: number, from?: number): Promise<NotifyMessage>;
  /** Returns the time at which each datagram with the line arrived. */
  times(line: string): number[];
  /** Leaves datagrams in the kernel's queue, which is short, until {@link read} is called. */
  pause(): void;
  read(): void;
}

let sockets = 0;

/** Binds an abstract address of its own: it has no file, so it needs no directory. */
export function listenAbstract(): NotifyListener {
  return listenForNotifications(`@healthcheck-test-${process.pid}-${sockets++}`);
}

/**
 * Binds it.
 * @param address - a path, or @ and a name
 */
export function listenForNotifications(address: string): NotifyListener {
  const fd = libc.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const name = address.startsWith("@") ? `\0${address.slice(1)}` : `${address}\0`;
  const bytes = new Uint8Array([AF_UNIX, 0, ...Buffer.from(name)]);
  if (fd < 0 || libc.bind(fd, bytes, bytes.length) !== 0)
    throw new Error(`bind a datagram socket to ${address}`);
  const messages: NotifyMessage[] = [];
  const buffer = new Uint8Array(MAX_BYTES);
  const read = () => {
    for (;;) {
      const length = Number(libc.recv(fd, buffer, MAX_BYTES, MSG_DONTWAIT));
      if (length < 0) return;
      messages.push({ text: Buffer.from(buffer.subarray(0, length)).toString(), atMs: performance.now() });
    }
  };
  let timer = setInterval(read, POLL_MS);
  const has = (line: string | RegExp) => (entry: NotifyMessage) =>
    entry.text.split("\n").some((one) => (typeof line === "string" ? one === line : line.test(one)));
  return {
    address,
    messages,
    waitFor: (line, timeoutMs, from = 0) =>
      until(
        () => messages.slice(from).find(has(line)),
        timeoutMs,
        () => `${line} among ${JSON.stringify(messages.map(({ text }) => text))}`,
      ),
    times: (line) => messages.filter(has(line)).map(({ atMs }) => atMs),
    pause: () => clearInterval(timer),
    read() {
      read();
      clearInterval(timer);
      timer = setInterval(read, POLL_MS);
    },
    [Symbol.dispose]() {
      clearInterval(timer);
      libc.close(fd);
      if (address.startsWith("/")) rmSync(address, { force: true });
    },
  };
}
