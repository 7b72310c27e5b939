/**
 * A long-lived process that gets events on its standard input, one JSON object a line. It is started again when it ends, with a pause that
 * grows. Nothing waits for it: while it does not read, one chunk is under way and the queue fills up.
 */
import type { Logger } from "../logging/logger.ts";
import { systemReason } from "../system/system-reason.ts";
import { relayOutput } from "./process-output.ts";
import { Pause, pauseMs, type Sink, type SinkQueue } from "./sink.ts";

/** Limits of one chunk. */
const MAX_EVENTS = 100;
const MAX_CHARS = 32_768;
/** A process that ran this long has not failed at its start: the pause is short again, and its end is logged as a new one. */
const STEADY_MS = 60_000;
/** Time after the end of its input in which the process can end, before SIGTERM. */
const END_OF_INPUT_MS = 200;
/** Variables that the process inherits; those of systemd and of this server stay here. */
const INHERITED = ["PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR"] as const;

type Child = Bun.Subprocess<"pipe", "pipe", "pipe">;

/** Writes events to a process. */
export class ExecSink implements Sink {
  readonly #command: readonly string[];
  readonly #queue: SinkQueue;
  readonly #log: Logger;
  readonly #pause = new Pause();
  readonly #ended: Promise<void>;
  #child: Child | undefined;
  #abandonWrite: (() => void) | undefined;
  /** The chunk under way; written again to the next process when this one ends meanwhile. */
  #chunk: readonly string[] = [];
  #failures = 0;
  #stopping = false;

  /** Starts the process. @param command - program and arguments */
  constructor(command: readonly string[], queue: SinkQueue, log: Logger) {
    this.#command = command;
    this.#queue = queue;
    this.#log = log;
    this.#ended = this.#run();
  }

  get depth(): number {
    return this.#queue.length + this.#chunk.length;
  }

  offer(event: string): void {
    if (!this.#stopping) this.#queue.push(event);
  }

  async stop(signal: AbortSignal): Promise<void> {
    this.#stopping = true;
    this.#queue.wake();
    this.#pause.end();
    const kill = () => this.#kill("SIGKILL");
    signal.addEventListener("abort", kill);
    if (signal.aborted) kill();
    await this.#ended;
    signal.removeEventListener("abort", kill);
  }

  async #run(): Promise<void> {
    while (!this.#stopping) {
      const startedMs = performance.now();
      const reason = await this.#runOnce();
      if (this.#stopping) break;
      if (performance.now() - startedMs >= STEADY_MS) this.#failures = 0;
      this.#failures++;
      this.#queue.counts.failed++;
      const inMs = pauseMs(this.#failures, Math.random());
      // One line until it has been steady again, not one for each attempt.
      if (this.#failures === 1)
        this.#log.warn("Event process ended, starting it again", {
          program: this.#command[0],
          reason,
          in_ms: Math.round(inMs),
        });
      await this.#pause.wait(inMs);
    }
  }

  /** Runs the process until it ends. @returns how it ended */
  async #runOnce(): Promise<string> {
    let child: Child;
    try {
      child = this.#spawn();
    } catch (error) {
      return systemReason(error);
    }
    this.#child = child;
    const outputs = [
      relayOutput(child.stdout, "stdout", this.#log),
      relayOutput(child.stderr, "stderr", this.#log),
    ];
    let isOver = false;
    const exited = child.exited.then(() => {
      isOver = true;
      this.#abandonWrite?.();
      this.#queue.wake();
    });
    await this.#feed(child, () => isOver);
    await this.#finish(child, exited);
    // Children that it has left behind would keep the pipes open.
    this.#kill("SIGKILL");
    for (const output of outputs) output.close();
    this.#child = undefined;
    return child.signalCode === null ? `exit status ${child.exitCode}` : `signal ${child.signalCode}`;
  }

  #spawn(): Child {
    const env: Record<string, string> = {};
    for (const name of INHERITED) {
      const value = process.env[name];
      if (value !== undefined) env[name] = value;
    }
    // A process group of its own: it can be killed with its children, and a terminal's Ctrl-C does not reach it.
    return Bun.spawn([...this.#command], {
      env,
      cwd: "/",
      stdin: "pipe",
      stdout: "pipe",
      stderr: "pipe",
      detached: true,
    });
  }

  /** Writes events until the process ends, or until a stop has nothing left to write. */
  async #feed(child: Child, isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      if (this.#chunk.length === 0) this.#chunk = this.#queue.take(MAX_EVENTS, MAX_CHARS);
      if (this.#chunk.length === 0) {
        if (this.#stopping) return;
        await this.#queue.next();
        continue;
      }
      const isWritten = await this.#write(child, `${this.#chunk.join("\n")}\n`);
      if (!isWritten || isOver()) return;
      this.#queue.counts.sent += this.#chunk.length;
      this.#chunk = [];
    }
  }

  /** Writes a chunk. @returns false if the process does not read any more */
  async #write({ stdin }: Child, text: string): Promise<boolean> {
    return await new Promise((resolve) => {
      this.#abandonWrite = () => resolve(false);
      writeAll(stdin, text).then(
        () => resolve(true),
        () => resolve(false),
      );
    });
  }

  /** Ends a process whose input is over: by the end of its input, else by SIGTERM. {@link stop} sends SIGKILL. */
  async #finish(child: Child, exited: Promise<void>): Promise<void> {
    try {
      // An error of the last write is known already.
      Promise.resolve(child.stdin.end()).catch(() => {});
    } catch {
      // The pipe is closed.
    }
    const timer = setTimeout(() => this.#kill("SIGTERM"), END_OF_INPUT_MS);
    // Without a stop, nothing else ends a process that has closed its input.
    const last = setTimeout(() => this.#kill("SIGKILL"), 10 * END_OF_INPUT_MS);
    await exited;
    clearTimeout(timer);
    clearTimeout(last);
  }

  #kill(signal: NodeJS.Signals): void {
    this.#abandonWrite?.();
    if (this.#child === undefined) return;
    try {
      process.kill(-this.#child.pid, signal);
    } catch {
      // The group has ended.
    }
  }
}

/** Both calls fail, now or later, when the process has closed its input: `write` for more than it keeps back, else `flush`. */
async function writeAll(stdin: Bun.FileSink, text: string): Promise<void> {
  await stdin.write(text);
  await stdin.flush();
}
