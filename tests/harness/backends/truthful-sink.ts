/**
 * Compiles, starts and queries the backend that records its true response times (truthful-sink.c). Called by
 * tests/daemon/response-times.test.ts.
 */
import { join } from "node:path";
import { startChild } from "../base/child.ts";
import { compileC } from "../base/compile.ts";
import { makeTempDir } from "../base/tempdir.ts";
import { UNDISTURBED } from "../base/undisturbed.ts";
import { until } from "../base/wait.ts";
import type { Target } from "../client/checks.ts";

const SOURCE = join(import.meta.dir, "truthful-sink.c");
const SOON_MS = 10_000;

/** One answer, by the sink's clocks. */
export interface TrueAnswer {
  /** Time at which the kernel received the request, milliseconds since the epoch. */
  readonly receivedMs: number;
  /** Milliseconds from there until right before send(2) of the answer; the first byte is sent after it. */
  readonly beforeMs: number;
  /** Milliseconds from there until right after send(2); the first byte is sent before it. */
  readonly afterMs: number;
}

/** A running sink; disposing ends it. */
export interface TruthfulSink extends AsyncDisposable {
  readonly targets: readonly Target[];
  /** The kernel's time for a handshake with the sink, milliseconds: the median of 501 blocking calls of connect(2). */
  readonly handshakeMs: number;
  /** Requests the newest answers of each target: at most 64, oldest first. */
  answers(): Promise<readonly (readonly TrueAnswer[])[]>;
}

/**
 * Starts a sink. It has a higher priority than other processes, where the system permits it.
 *
 * @param hostname - loopback, exclusively
 * @param delaysUs - target n answers after the delay n modulo their number, microseconds
 */
export async function startTruthfulSink(
  hostname: string,
  targets: number,
  delaysUs: readonly number[],
): Promise<TruthfulSink> {
  const dir = makeTempDir("truth");
  const program = compileC(SOURCE, dir.path);
  const command = [...UNDISTURBED, program, hostname, String(targets), delaysUs.join(",")];
  try {
    const child = await startChild(command, "the sink's ports");
    // The casts here and below name the format that truthful-sink.c writes.
    const open = JSON.parse(child.first) as { ports: number[]; handshake_us: number };
    return {
      targets: open.ports.map((port) => ({ hostname, port })),
      handshakeMs: open.handshake_us / 1_000,
      async answers() {
        const { length } = child.lines;
        await child.ask("");
        await until(() => child.lines.length >= length + targets, SOON_MS, "the sink's answers");
        return child.lines.slice(length, length + targets).map(answersOf);
      },
      async [Symbol.asyncDispose]() {
        await child[Symbol.asyncDispose]();
        dir.remove();
      },
    };
  } catch (error) {
    dir.remove();
    throw error;
  }
}

function answersOf(line: string): TrueAnswer[] {
  const { answers } = JSON.parse(line) as { answers: [number, number, number][] };
  return answers.map(([receivedUs, beforeNs, afterNs]) => ({
    receivedMs: receivedUs / 1_000,
    beforeMs: beforeNs / 1e6,
    afterMs: afterNs / 1e6,
  }));
}
