/** The UDP service of tests/goudp: a peer that another language's runtime serves. Called by the tests of UDP checks. */
import { buildGoProgram } from "../base/go-program.ts";
import { readLines, stopProcess } from "../base/process.ts";
import { until } from "../base/wait.ts";

/** A running service; disposing ends it. */
export interface GoUdp extends AsyncDisposable {
  /** Its port on 127.0.0.1. */
  readonly v4: number;
  /** Its port on ::1; 0 where this host has no such address. */
  readonly v6: number;
}

/** Starts the service; builds it first where needed. @throws Error when it does not start within 10 s */
export async function startGoUdp(): Promise<GoUdp> {
  const child = Bun.spawn([await buildGoProgram("goudp")], { stdin: "pipe", stdout: "pipe" });
  const lines: string[] = [];
  const reading = readLines(child.stdout, (line) => lines.push(line));
  const stop = async () => {
    await stopProcess(child);
    await reading;
  };
  try {
    const line = await until(() => lines[0], 10_000, "the ports of the Go program");
    // The cast names what our own program writes.
    const ports = JSON.parse(line) as { v4: number; v6: number };
    return { ...ports, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
