/** The sinks, seen from the benchmark: starting one, giving it commands, and what it costs. Called by the scenarios. */
import { join } from "node:path";
import { readLines, stopProcess } from "../../../tests/harness/base/process.ts";
import { until } from "../../../tests/harness/base/wait.ts";
import type { Target } from "../../../tests/harness/client/checks.ts";
import type {
  Command,
  SinkCount,
  SinkDone,
  SinkKind,
  SinkPlan,
  SinkPorts,
  SinkTimes,
} from "./sink/commands.ts";

const START_MS = 30_000;
const ANSWER_MS = 30_000;
const LOOPBACK_NETS = 200;

/** A running sink; disposing ends it. */
export interface Sink extends AsyncDisposable {
  readonly kind: SinkKind | "https";
  readonly pid: number;
  readonly targets: readonly Target[];
  /** Targets that drop every SYN. */
  readonly blackholes: readonly Target[];
  /** Checks that have come so far. */
  count(): Promise<number>;
  /** Notes the times of what arrives from now on. */
  record(): Promise<void>;
  /** Ends the recording. @returns for each target when its checks came, milliseconds since the epoch */
  take(): Promise<SinkTimes["timesMs"]>;
  /** Targets from one index to before another refuse from now on. @returns when it was done, milliseconds since the epoch */
  down(from: number, to: number): Promise<number>;
  /** Makes them accept again. @returns when it was done, milliseconds since the epoch */
  up(from: number, to: number): Promise<number>;
}

let started = 0;

/**
 * Starts a sink.
 *
 * @param blackholes - further ports, which drop every SYN
 * @throws Error when it does not start within 30 s
 */
export async function startSink(kind: SinkKind, ports: number, blackholes = 0): Promise<Sink> {
  const address = sinkAddress();
  const plan: SinkPlan = { kind, address, ports, blackholes };
  const program = join(import.meta.dir, "sink", "loop.ts");
  const child = Bun.spawn([process.execPath, program, JSON.stringify(plan)], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
  const answers: string[] = [];
  const reading = readLines(child.stdout, (line) => answers.push(line));
  const answer = (timeoutMs: number) =>
    until(
      () => answers.shift() ?? ended(child.exitCode),
      timeoutMs,
      () => `the ${kind} sink's answer`,
    );
  const command = async (given: Command): Promise<string> => {
    child.stdin.write(`${JSON.stringify(given)}\n`);
    child.stdin.flush();
    return await answer(ANSWER_MS);
  };
  const stop = async () => {
    await stopProcess(child);
    await reading;
  };
  try {
    // The casts here and below name what our own program writes.
    const open = JSON.parse(await answer(START_MS)) as SinkPorts;
    const target = (port: number): Target => ({ hostname: address, port });
    return {
      kind,
      pid: child.pid,
      targets: open.ports.map(target),
      blackholes: open.blackholes.map(target),
      count: async () => (JSON.parse(await command({ do: "count" })) as SinkCount).total,
      record: async () => void (await command({ do: "record" })),
      take: async () => (JSON.parse(await command({ do: "take" })) as SinkTimes).timesMs,
      down: async (from, to) => (JSON.parse(await command({ do: "down", from, to })) as SinkDone).atMs,
      up: async (from, to) => (JSON.parse(await command({ do: "up", from, to })) as SinkDone).atMs,
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** An address of its own on the loopback net: the ports of other programs are elsewhere. */
export function sinkAddress(): string {
  return `127.${1 + (process.pid % LOOPBACK_NETS)}.${++started}.1`;
}

function ended(exitCode: number | null): undefined {
  if (exitCode !== null) throw new Error(`the sink ended with ${exitCode}`);
  return undefined;
}
