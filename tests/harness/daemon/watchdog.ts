/**
 * The executable started as Seesaw's watchdog starts Google's health checker: under its name, with an empty environment, in a process group
 * of its own. Called by the tests of the engine's health checker.
 */
import { readLines, stopProcess } from "../base/process.ts";
import { until } from "../base/wait.ts";
import { daemonPath } from "./executable.ts";

/** Differences from the watchdog's defaults. */
export interface WatchdogStart {
  /** Arguments of watchdog.cfg. */
  readonly args: readonly string[];
  /** `argv[0]`; the watchdog's by default. */
  readonly argv0?: string;
  readonly umask?: string;
  readonly cwd?: string;
  /** The only variable of the environment, `NAME=VALUE`; none by default. */
  readonly variable?: string;
  /** Directory that the process finds at /run/seesaw/engine, in a mount namespace; needs root. */
  readonly engineDirectory?: string;
  /** Path in place of the executable of this tree. */
  readonly executable?: string;
}

/** A process of the watchdog; disposing ends it. */
export interface Watched extends AsyncDisposable {
  readonly pid: number;
  /** Lines of standard error so far. */
  readonly log: readonly string[];
  /** Lines of standard output so far. */
  readonly out: readonly string[];
  /** Exit status; resolves when all its output is there. */
  readonly exited: Promise<number>;
  signal(signal: NodeJS.Signals): void;
  /** Waits for a line on standard error. */
  waitForLog(pattern: RegExp, timeoutMs: number): Promise<string>;
}

/** Becomes the executable: bash alone sets `argv[0]` and clears the environment. */
const START = `
set -e
if [ -n "$1" ]; then
  mount -t tmpfs none /run
  mkdir -p /run/seesaw/engine
  mount --bind "$1" /run/seesaw/engine
fi
umask "$2"
ulimit -n 8192
cd "$3"
argv0=$4 assignment=$5
shift 5
if [ -z "$assignment" ]; then exec -c -a "$argv0" "$@"; fi
for name in $(compgen -e); do unset "$name"; done
export "$assignment"
exec -a "$argv0" "$@"`;

/** Starts the executable, and returns immediately. */
export function startByWatchdog(options: WatchdogStart): Watched {
  const { argv0 = "seesaw_healthcheck", umask = "022", cwd = "/", variable = "" } = options;
  const { args, executable = daemonPath(), engineDirectory = "" } = options;
  const namespace = engineDirectory === "" ? [] : ["unshare", "-m"];
  const start = ["bash", "-c", START, "bash", engineDirectory, umask, cwd, argv0, variable];
  const child = Bun.spawn([...namespace, ...start, executable, ...args], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    detached: true,
  });
  const log: string[] = [];
  const out: string[] = [];
  const reading = Promise.all([
    readLines(child.stderr, (line) => log.push(line)),
    readLines(child.stdout, (line) => out.push(line)),
  ]);
  return {
    pid: child.pid,
    log,
    out,
    exited: Promise.all([child.exited, reading]).then(([status]) => status),
    signal: (signal) => child.kill(signal),
    waitForLog: (pattern, timeoutMs) =>
      until(
        () => log.find((line) => pattern.test(line)),
        timeoutMs,
        () => `${pattern} in the log:\n${log.join("\n")}`,
      ),
    async [Symbol.asyncDispose]() {
      await stopProcess(child);
      await reading;
    },
  };
}
