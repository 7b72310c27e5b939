/**
 * A stand-in for the proxy, inside the test process. Called by the tests of the daemon and of the proxy
 * socket where Go's own verdict (goclient.ts) is not the point.
 */

import { until } from "../base/wait.ts";
import { parseLine, type ReceivedLine, type Status } from "./messages.ts";

/** A connection to the server; disposing closes it. */
export interface Client extends AsyncDisposable {
  /** All lines so far, oldest first. */
  readonly lines: readonly ReceivedLine[];
  /** The newest status of each id, from batches and status responses alike. */
  readonly latest: ReadonlyMap<string, Status>;
  /** Resolves when the connection is closed, by whichever side. */
  readonly closed: Promise<void>;
  /** Sends a line: text as it is, anything else as JSON; the newline is added. */
  send(line: string | object): void;
  /** Sends bytes as they are, for lines cut at any place. */
  sendBytes(bytes: Uint8Array): void;
  /** Sends `update_configs`; text is taken as JSON, see {@link config}. None: `configs` is left out, as Go does. */
  update(configs: readonly (string | object)[]): void;
  /** The first line, also of those already there, that the predicate takes. */
  waitFor(predicate: (line: ReceivedLine) => boolean, timeoutMs: number): Promise<ReceivedLine>;
  /** Stops reading: the socket's buffers fill up and the server's writes stall. */
  pause(): void;
  /** Reads on. */
  resume(): void;
  close(): void;
}

/** The fields of a CONFIG; an id beyond 2^53 − 1 must be text or a bigint. */
export type ConfigFields = { readonly id: string | bigint | number } & Readonly<Record<string, unknown>>;

/**
 * Renders a CONFIG as JSON text, the id as a bare number with all its digits.
 * @throws RangeError when the id is a number that has lost digits already
 * @example client.update([config({ id: "13758215386640154624", checker_type: "tcp", ip: "127.0.0.1", port })]);
 */
export function config(fields: ConfigFields): string {
  const { id, ...others } = fields;
  if (typeof id === "number" && !Number.isSafeInteger(id)) throw new RangeError(`id ${id} is not exact`);
  const rest = JSON.stringify(others);
  return rest === "{}" ? `{"id":${id}}` : `{"id":${id},${rest.slice(1)}`;
}

/**
 * Connects to the server's Unix socket.
 * @throws Error without a listener
 */
export async function connectClient(socketPath: string): Promise<Client> {
  const closed = Promise.withResolvers<void>();
  const inbox = new Inbox();
  const outbox: Uint8Array[] = [];
  const socket = await Bun.connect({
    unix: socketPath,
    socket: {
      data: (_, bytes) => inbox.push(bytes),
      drain: (own) => flush(own, outbox),
      close: () => closed.resolve(),
      error() {},
    },
  });
  const sendBytes = (bytes: Uint8Array) => {
    outbox.push(bytes);
    flush(socket, outbox);
  };
  const send = (line: string | object) =>
    sendBytes(Buffer.from(`${typeof line === "string" ? line : JSON.stringify(line)}\n`));
  const close = () => {
    socket.end();
  };
  return {
    lines: inbox.lines,
    latest: inbox.latest,
    closed: closed.promise,
    send,
    sendBytes,
    update: (configs) => send(updateLine(configs)),
    waitFor: (predicate, timeoutMs) => inbox.waitFor(predicate, timeoutMs),
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    close,
    async [Symbol.asyncDispose]() {
      socket.terminate();
      await closed.promise;
    },
  };
}

class Inbox {
  readonly lines: ReceivedLine[] = [];
  readonly latest = new Map<string, Status>();
  #rest: Buffer = Buffer.alloc(0);

  push(bytes: Buffer): void {
    const receivedAtMs = performance.now();
    let data = this.#rest.length === 0 ? Buffer.from(bytes) : Buffer.concat([this.#rest, bytes]);
    for (let end = data.indexOf(10); end >= 0; end = data.indexOf(10)) {
      const line = parseLine(data.toString("utf8", 0, end), end + 1, receivedAtMs);
      this.lines.push(line);
      for (const { id, status } of line.statuses) this.latest.set(id, status);
      data = data.subarray(end + 1);
    }
    this.#rest = data;
  }

  waitFor(predicate: (line: ReceivedLine) => boolean, timeoutMs: number): Promise<ReceivedLine> {
    let seen = 0;
    const look = () => {
      for (; seen < this.lines.length; seen++) {
        const line = this.lines[seen];
        if (line !== undefined && predicate(line)) return line;
      }
      return undefined;
    };
    const what = () => `a line; the last of ${seen} is ${this.lines.at(-1)?.raw.slice(0, 500)}`;
    return until(look, timeoutMs, what);
  }
}

/** Writes what fits; the rest stays for the next drain. */
function flush(socket: { write(bytes: Uint8Array): number }, outbox: Uint8Array[]): void {
  for (let next = outbox[0]; next !== undefined; next = outbox[0]) {
    const written = Math.max(0, socket.write(next));
    if (written < next.byteLength) {
      outbox[0] = next.subarray(written);
      return;
    }
    outbox.shift();
  }
}

function updateLine(configs: readonly (string | object)[]): string {
  if (configs.length === 0) return '{"type":"update_configs"}';
  const texts = configs.map((entry) => (typeof entry === "string" ? entry : JSON.stringify(entry)));
  return `{"type":"update_configs","configs":[${texts.join(",")}]}`;
}
