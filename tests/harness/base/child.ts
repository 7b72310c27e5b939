/**
 * A child process that reports by lines on standard output, the first of them when it is ready, and takes commands on standard input.
 * Called by the files that start backends in a process of their own.
 */
import { readLines, stopProcess } from "./process.ts";
import { until } from "./wait.ts";

/** A running child; disposing ends it. */
export interface Child extends AsyncDisposable {
  readonly pid: number;
  /** All lines so far, oldest first. */
  readonly lines: readonly string[];
  /** The line by which the child was ready. */
  readonly first: string;
  /** Writes a command line. @returns the next line of the child @throws Error when none comes within 10 s */
  ask(command: string): Promise<string>;
}

const ANSWER_MS = 10_000;

/**
 * Starts a child and waits for its first line.
 *
 * @param command - program and arguments, behind a prefix that runs it in another network for example
 * @param what - the awaited line, for the error
 * @throws Error when the line does not come in time; the child has ended then
 */
export async function startChild(
  command: readonly string[],
  what: string,
  timeoutMs = 10_000,
): Promise<Child> {
  const child = Bun.spawn([...command], { stdin: "pipe", stdout: "pipe", stderr: "inherit" });
  const lines: string[] = [];
  const reading = readLines(child.stdout, (line) => lines.push(line));
  const stop = async () => {
    await stopProcess(child);
    await reading;
  };
  try {
    const first = await until(() => lines[0], timeoutMs, what);
    return {
      pid: child.pid,
      lines,
      first,
      async ask(text) {
        const { length } = lines;
        child.stdin.write(`${text}\n`);
        await child.stdin.flush();
        return until(() => lines[length], ANSWER_MS, `an answer to ${text}`);
      },
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
