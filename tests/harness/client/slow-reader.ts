/**
 * A client that takes a byte at a time from its socket, which the runtime's own sockets do not: the buffer of the system is as small as it
 * can be, and each read asks for one byte. Called by tests/faults.
 */
import { dlopen, FFIType } from "bun:ffi";

const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOCK_NONBLOCK = 0o4000;
const SOL_SOCKET = 1;
const SO_RCVBUF = 8;

const { symbols: libc } = dlopen("libc.so.6", {
  socket: { args: [FFIType.i32, FFIType.i32, FFIType.i32], returns: FFIType.i32 },
  connect: { args: [FFIType.i32, FFIType.ptr, FFIType.u32], returns: FFIType.i32 },
  setsockopt: {
    args: [FFIType.i32, FFIType.i32, FFIType.i32, FFIType.ptr, FFIType.u32],
    returns: FFIType.i32,
  },
  read: { args: [FFIType.i32, FFIType.ptr, FFIType.u64], returns: FFIType.i64 },
  write: { args: [FFIType.i32, FFIType.ptr, FFIType.u64], returns: FFIType.i64 },
  close: { args: [FFIType.i32], returns: FFIType.i32 },
});

/** A connection; disposing closes it. */
export interface SlowReader extends Disposable {
  /** Writes a line, whole. @throws Error when it does not fit */
  send(line: string): void;
  /** Reads one byte; returns undefined when none is available. */
  readByte(): number | undefined;
}

/** Connects. @throws Error without a listener */
export function connectSlowReader(path: string): SlowReader {
  const fd = libc.socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
  const small = new Int32Array([1]);
  libc.setsockopt(fd, SOL_SOCKET, SO_RCVBUF, small, small.byteLength);
  const address = Buffer.from(`\x01\0${path}\0`);
  if (libc.connect(fd, address, address.length) !== 0) throw new Error(`connect to ${path} failed`);
  const byte = new Uint8Array(1);
  return {
    send: (line) => {
      const bytes = Buffer.from(`${line}\n`);
      if (Number(libc.write(fd, bytes, bytes.length)) !== bytes.length)
        throw new Error("the line does not fit");
    },
    readByte: () => (Number(libc.read(fd, byte, 1)) === 1 ? byte[0] : undefined),
    [Symbol.dispose]: () => void libc.close(fd),
  };
}
