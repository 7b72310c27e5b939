/**
 * The Go engine of tests/goengine: the reference for the engine's wire, since the deployed engine is written in Go. Called by the tests of
 * src/rpc and of the engine as control plane.
 */
import { buildGoProgram } from "../base/go-program.ts";
import { readLines, stopProcess } from "../base/process.ts";
import { until } from "../base/wait.ts";

/** A status that Go has decoded, 64-bit numbers as decimal digits. */
export interface EngineStatus {
  readonly id: string;
  /** 0 unknown, 1 unhealthy, 2 healthy. */
  readonly state: number;
  readonly message: string;
  readonly duration_ns: string;
  readonly failures: string;
  readonly successes: string;
  readonly last_check: string;
  readonly zero_time: boolean;
}

/** An event of the engine: a call, or the answer to a command. */
export interface EngineEvent {
  readonly event: "listening" | "obeyed" | "fetch" | "report" | "state";
  readonly auth?: number;
  readonly component?: number;
  readonly identity?: string;
  /** Calls that run at the same time, this one included. */
  readonly in_flight?: number;
  readonly notifications?: readonly EngineStatus[];
}

/** A healthcheck of the engine; the checker has Go's field names. */
export interface EngineCheck {
  readonly id: string;
  readonly interval_ns: number;
  readonly timeout_ns: number;
  readonly retries?: number;
  readonly type: string;
  readonly checker?: object;
}

/** A command to the engine; each part stays in effect until it is changed. */
export interface EngineCommand {
  readonly checks?: readonly EngineCheck[];
  readonly generate?: {
    readonly count: number;
    readonly first_id: string;
    readonly ip: string;
    readonly port: number;
    /** Checks of all six types, each different, in place of TCP and HTTP ones. */
    readonly six?: boolean;
    /** 10 s if absent. */
    readonly interval_ns?: number;
  };
  readonly error?: string;
  readonly delay_ms?: number;
}

/** A running engine; disposing ends it. */
export interface GoEngine extends AsyncDisposable {
  /** All events so far, oldest first. */
  readonly events: readonly EngineEvent[];
  /** Changes the engine; resolves when it is done. */
  command(command: EngineCommand): Promise<void>;
  /** Ends it with SIGKILL, as a crash does. */
  kill(): Promise<void>;
}

/**
 * Starts the Go engine on a Unix socket and waits until it listens; builds it first where needed (some 20 s with a cold Go cache).
 *
 * @param old - with the types of before June 2020
 * @param first - the command that it obeys before it listens
 */
export async function startGoEngine(
  socketPath: string,
  old = false,
  first: EngineCommand = {},
): Promise<GoEngine> {
  const args = [...(old ? ["-old"] : []), "-command", JSON.stringify(first), socketPath];
  const child = Bun.spawn([await buildGoProgram("goengine"), ...args], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
  const events: EngineEvent[] = [];
  // The cast names the type of what our own Go program writes.
  const reading = readLines(child.stdout, (line) => events.push(JSON.parse(line) as EngineEvent));
  const count = (event: EngineEvent["event"]) => events.filter((one) => one.event === event).length;
  const engine: GoEngine = {
    events,
    async command(command) {
      const before = count("obeyed");
      child.stdin.write(`${JSON.stringify(command)}\n`);
      child.stdin.flush();
      await until(() => count("obeyed") > before, 20_000, "the engine to obey");
    },
    async kill() {
      child.kill("SIGKILL");
      await child.exited;
    },
    async [Symbol.asyncDispose]() {
      await stopProcess(child);
      await reading;
    },
  };
  await until(() => count("listening") > 0, 20_000, "the engine to listen");
  return engine;
}
