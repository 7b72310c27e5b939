/**
 * The Go client of tests/goclient: the reference for the server's output, since the deployed proxy is written in
 * Go. Called by the tests of the protocol and of the daemon.
 */

import { buildGoProgram } from "../base/go-program.ts";
import { readLines, stopProcess } from "../base/process.ts";
import { until } from "../base/wait.ts";

/** One id and its status, 64-bit numbers as decimal text. */
export interface GoStatus {
  readonly id: string;
  readonly state: string;
  readonly message: string;
  readonly duration_ns: string;
  readonly last_check: string | null;
  readonly failures: string;
  readonly successes: string;
}

/** The Go client's view of one line of the server, or `client_error`, or `eof`. */
export interface GoMessage {
  readonly type: string;
  /** Bytes of the line, its newline included. */
  readonly line_bytes?: number;
  readonly statuses?: readonly GoStatus[];
  readonly message?: string;
}

/** A running Go client; disposing ends it. */
export interface GoClient extends AsyncDisposable {
  /** All messages so far, oldest first. */
  readonly messages: readonly GoMessage[];
  /** Exit status: 0 after the server's EOF, 3 after a line that Go cannot take. */
  readonly exited: Promise<number>;
  /** Sends one line as it is; the newline is added. */
  send(line: string): void;
  /** The first message, also of those already there, that the predicate takes. */
  waitFor(predicate: (message: GoMessage) => boolean, timeoutMs: number): Promise<GoMessage>;
  /** Ends it at once with SIGKILL, as a crash does. */
  kill(): void;
}

/**
 * Starts the Go client on a Unix socket; builds it first where needed (some 20 s with a cold Go cache).
 */
export async function startGoClient(socketPath: string): Promise<GoClient> {
  const child = Bun.spawn([await buildGoProgram("goclient"), socketPath], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
  const messages: GoMessage[] = [];
  // The cast names the type of what our own Go program writes.
  const reading = readLines(child.stdout, (line) => messages.push(JSON.parse(line) as GoMessage));
  return {
    messages,
    exited: child.exited.then(async (status) => {
      await reading;
      return status;
    }),
    send(line) {
      child.stdin.write(`${line}\n`);
      child.stdin.flush();
    },
    waitFor: (predicate, timeoutMs) =>
      until(
        () => messages.find(predicate),
        timeoutMs,
        () =>
          `a message; the last of ${messages.length} is ${JSON.stringify(messages.at(-1))?.slice(0, 500)}`,
      ),
    kill: () => child.kill("SIGKILL"),
    async [Symbol.asyncDispose]() {
      await stopProcess(child);
      await reading;
    },
  };
}
