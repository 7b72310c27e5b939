/**
 * The compiled executable under test, driven from outside. Called by the tests in tests/daemon.
 */

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runtimeVariables } from "../../../src/system/runtime-variables.ts";
import { readLines, stopProcess } from "../base/process.ts";
import { makeTempDir } from "../base/tempdir.ts";
import { until } from "../base/wait.ts";
import { daemonPath } from "./executable.ts";

const START_TIMEOUT_MS = 10_000;
/** For tests that count notifications: without the ones that repeat what is known every 15 s. */
export const NO_REFRESH = "advanced: { notify_interval: 1h }\n";
const STARTED = /All tasks spawned, server running/;
/** `sysconf(_SC_CLK_TCK)` is 100 on every Linux that Bun runs on. */
const MS_PER_TICK = 10;
/** Variables of the developer's shell that must not reach a test. */
const NOT_INHERITED = ["HEALTHCHECK_CONFIG", "HEALTHCHECK_LOG", "RUST_LOG", "NOTIFY_SOCKET", "WATCHDOG_USEC"];

/** Options of a daemon. */
export interface DaemonOptions {
  /** YAML; `server.proxy_socket` is put in front unless there is a `server:` section. */
  readonly config?: string;
  /** Arguments after `--config FILE`. */
  readonly args?: readonly string[];
  /** Environment added to (or with `cleanEnv`, in place of) that of the test process. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cleanEnv?: boolean;
  /** Path of its socket; `proxy.sock` in its directory if absent. */
  readonly socketPath?: string;
  /** Command in place of the executable of this tree. */
  readonly executable?: readonly string[];
  /** A command that runs the daemon as its arguments, in the same process: `["unshare", "-m"]`. */
  readonly prefix?: readonly string[];
  /** Further files in its directory, by name. */
  readonly files?: Readonly<Record<string, string>>;
  /** False returns right after the spawn, for those who want to see it fail or start slowly. */
  readonly waitForSocket?: boolean;
}

/** A running daemon; disposing ends it (SIGTERM, SIGKILL after 5 s) and removes its directory. */
export interface Daemon extends AsyncDisposable {
  readonly pid: number;
  readonly socketPath: string;
  /** Its working directory, with its `config.yaml`. */
  readonly dir: string;
  /** stdout and stderr so far, line by line. */
  readonly log: readonly string[];
  /** Exit status; 128 + n after signal n. Resolves when all its output is in `log`. */
  readonly exited: Promise<number>;
  signal(signal: NodeJS.Signals): void;
  /** The first line, also of those already there, that matches. */
  waitForLog(pattern: RegExp, timeoutMs: number): Promise<string>;
  /** User and system time so far, in milliseconds, at a grain of 10. */
  cpuMs(): number;
  /** Resident memory in bytes. */
  rssBytes(): number;
  /** Open descriptors. */
  fdCount(): number;
}

/**
 * Starts the daemon in a temporary directory and waits until it says that it runs.
 * @throws Error with its log when it ends before, or says nothing within 10 s
 */
export async function startDaemon(options: DaemonOptions = {}): Promise<Daemon> {
  const dir = makeTempDir("daemon");
  const socketPath = options.socketPath ?? join(dir.path, "proxy.sock");
  const configFile = join(dir.path, "config.yaml");
  writeFileSync(configFile, withSocket(options.config ?? "", socketPath));
  for (const [name, text] of Object.entries(options.files ?? {})) writeFileSync(join(dir.path, name), text);
  const { prefix = [], executable = [daemonPath()], args = [] } = options;
  const command = [...prefix, ...executable, "--config", configFile, ...args];
  const child = Bun.spawn(command, {
    cwd: dir.path,
    env: environment(options),
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const log: string[] = [];
  const reading = Promise.all(
    [child.stdout, child.stderr].map((stream) => readLines(stream, (line) => log.push(line))),
  );
  const exited = Promise.all([child.exited, reading]).then(([status]) => status);
  let exitStatus: number | null = null;
  exited.then((status) => {
    exitStatus = status;
  });
  const daemon: Daemon = {
    pid: child.pid,
    socketPath,
    dir: dir.path,
    log,
    exited,
    signal: (signal) => child.kill(signal),
    waitForLog: (pattern, timeoutMs) => waitForLine(log, pattern, timeoutMs, () => exitStatus),
    ...processFigures(child.pid),
    async [Symbol.asyncDispose]() {
      await stopProcess(child);
      await reading;
      dir.remove();
    },
  };
  if (options.waitForSocket ?? true) await started(daemon);
  return daemon;
}

async function started(daemon: Daemon): Promise<void> {
  try {
    await daemon.waitForLog(STARTED, START_TIMEOUT_MS);
  } catch (error) {
    await daemon[Symbol.asyncDispose]();
    throw error;
  }
}

function waitForLine(
  log: readonly string[],
  pattern: RegExp,
  timeoutMs: number,
  exitStatus: () => number | null,
): Promise<string> {
  const tail = () => log.slice(-20).join("\n");
  const look = () => {
    const status = exitStatus();
    const line = log.find((entry) => pattern.test(entry));
    if (line === undefined && status !== null) {
      throw new Error(`the daemon ended with ${status} before ${pattern}; its log:\n${tail()}`);
    }
    return line;
  };
  return until(look, timeoutMs, () => `${pattern} in the daemon's log:\n${tail()}`);
}

function withSocket(config: string, socketPath: string): string {
  if (/^server:/m.test(config)) return config;
  return `server:\n  proxy_socket: ${JSON.stringify(socketPath)}\n${config}`;
}

function environment(options: DaemonOptions): Record<string, string | undefined> {
  if (options.cleanEnv ?? false) return { ...options.env };
  const unwanted = [...NOT_INHERITED, ...runtimeVariables(process.env).map(({ name }) => name)];
  const inherited = Object.entries(process.env).filter(([name]) => !unwanted.includes(name));
  return { ...Object.fromEntries(inherited), ...options.env };
}

function processFigures(pid: number): Pick<Daemon, "cpuMs" | "rssBytes" | "fdCount"> {
  return {
    cpuMs() {
      // The name, second of the fields, may hold blanks: count from behind its parenthesis.
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      return (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK;
    },
    rssBytes() {
      const [, kilobytes] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
      return Number(kilobytes) * 1024;
    },
    fdCount: () => readdirSync(`/proc/${pid}/fd`).length,
  };
}
