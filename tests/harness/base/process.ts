/**
 * Child processes: stopping them and reading their output as lines. Called by the support files that start
 * one (nginx, knot, goclient, daemon).
 */

import { readFileSync } from "node:fs";

/** Members of a child that stopping uses; `Bun.Subprocess` fits. */
export interface Stoppable {
  readonly exited: Promise<number>;
  readonly exitCode: number | null;
  readonly signalCode: NodeJS.Signals | number | null;
  kill(signal: NodeJS.Signals): void;
}

/**
 * Ends a child with SIGTERM, and with SIGKILL when it is still there after the grace.
 * @param graceMs milliseconds between the two signals
 */
export async function stopProcess(child: Stoppable, graceMs = 5_000): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), graceMs);
  await child.exited;
  clearTimeout(timer);
}

/**
 * Hands over a stream line by line, without the newline; resolves at its end.
 * A last line without a newline counts as a line.
 */
export async function readLines(
  stream: ReadableStream<Uint8Array>,
  onLine: (line: string) => void,
): Promise<void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) onLine(line);
  }
  if (rest !== "") onLine(rest);
}

/** Output and exit status of a child that has ended. */
export interface Ended {
  readonly out: string;
  readonly err: string;
  readonly status: number;
}

/** Reads both outputs of a child to their ends, and waits for its own. */
export async function readToEnd(child: Bun.Subprocess<"ignore" | Buffer, "pipe", "pipe">): Promise<Ended> {
  const [out, err, status] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { out, err, status };
}

/** Reports whether a signal has a handler in the process: false while it is being started, and after its end. */
export function isCaught(pid: number, signal: number): boolean {
  try {
    const [, mask = "0"] = /^SigCgt:\s+([0-9a-f]+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
    return ((BigInt(`0x${mask}`) >> BigInt(signal - 1)) & 1n) === 1n;
  } catch {
    return false;
  }
}
