/**
 * HTTP as bytes on a connection, for what no well-behaved client does: half requests, pipelining, not reading. Called by the tests
 * of the HTTP listener, inside the test process and from outside.
 */
import { until } from "../base/wait.ts";

const ANSWER_MS = 5_000;

/** A connection; disposing closes it. */
export interface RawHttp extends AsyncDisposable {
  /** Everything received so far, as Latin-1. */
  readonly text: string;
  /** Bytes received so far. */
  readonly bytes: number;
  /** True when the peer has closed it, or no process listens. */
  readonly closed: boolean;
  write(text: string): void;
  /** Stops reading: the buffers of the system fill up. */
  pause(): void;
  resume(): void;
  /** Waits until what was received matches. @returns everything received so far */
  waitFor(pattern: RegExp, timeoutMs?: number): Promise<string>;
  /** Waits until the other side closes. @returns everything received */
  waitForClose(timeoutMs?: number): Promise<string>;
}

/** Connects. @param keepText false counts what is received, and forgets it */
export async function connectHttp(port: number, keepText = true): Promise<RawHttp> {
  let text = "";
  let bytes = 0;
  let closed = false;
  let unwritten = Buffer.alloc(0);
  const flush = (own: { write(bytes: Uint8Array): number }) => {
    unwritten = unwritten.subarray(Math.max(0, own.write(unwritten)));
  };
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port,
    socket: {
      data: (_, chunk) => {
        bytes += chunk.length;
        if (keepText) text += chunk.toString("latin1");
      },
      drain: (own) => flush(own),
      close: () => {
        closed = true;
      },
      error() {},
    },
  });
  const tail = () => JSON.stringify(text.slice(-300));
  return {
    get text() {
      return text;
    },
    get bytes() {
      return bytes;
    },
    get closed() {
      return closed;
    },
    write(more) {
      unwritten = Buffer.concat([unwritten, Buffer.from(more)]);
      if (!closed) flush(socket);
    },
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    async waitFor(pattern, timeoutMs = ANSWER_MS) {
      await until(
        () => pattern.test(text),
        timeoutMs,
        () => `${pattern} in ${tail()}`,
      );
      return text;
    },
    async waitForClose(timeoutMs = ANSWER_MS) {
      await until(
        () => closed,
        timeoutMs,
        () => `the connection to be closed after ${tail()}`,
      );
      return text;
    },
    async [Symbol.asyncDispose]() {
      socket.terminate();
    },
  };
}

/** A GET request. @param headers - lines without their ends */
export function get(path: string, ...headers: readonly string[]): string {
  return `${[`GET ${path} HTTP/1.1`, "Host: localhost", ...headers].join("\r\n")}\r\n\r\n`;
}

/** An answer taken apart. */
export interface RawAnswer {
  readonly status: number;
  /** By lower-case name. */
  readonly headers: ReadonlyMap<string, string>;
  /** Returns the bytes after the head, as they were sent. */
  readonly body: string;
}

/** Takes the first answer of a text apart; its body runs to the end of the text. */
export function readAnswer(text: string): RawAnswer {
  const end = text.indexOf("\r\n\r\n");
  const [statusLine = "", ...lines] = text.slice(0, Math.max(0, end)).split("\r\n");
  const headers = lines.map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
  });
  return {
    status: Number(statusLine.split(" ")[1]),
    headers: new Map(headers),
    body: end < 0 ? "" : text.slice(end + 4),
  };
}
