/**
 * The command line of Google's health checker, for an executable that is copied over it: its name, its flags with Go's syntax, its exit
 * statuses. The engine is the control plane, and flags take precedence over a configuration file.
 */
import { versionText } from "../build-info.ts";
import type { Overrides } from "../config/load.ts";
import { formatDuration } from "../model/duration.ts";
import type { SignalQueue } from "../system/signals.ts";
import type { Output } from "./check-config.ts";
import { EXIT } from "./exit.ts";
import { type GoArguments, GoUsageError, goUsage, parseGoFlags } from "./go-flags.ts";
import { goDuration } from "./go-values.ts";
import { type RunOptions, run, type StartNote } from "./run.ts";
import { SEESAW_FLAGS, type SeesawFlag, type SeesawFlagName } from "./seesaw-flags.ts";
import type { Environment } from "./settings.ts";

/**
 * Runs the server with a command line of Google's health checker.
 *
 * @param argv0 - name or path by which the program was started, for the usage
 * @returns the exit status, 2 for wrong usage
 */
export async function runSeesawHealthcheck(
  argv0: string,
  args: readonly string[],
  env: Environment,
  output: Output,
  signals: SignalQueue,
): Promise<number> {
  let parsed: GoArguments;
  try {
    parsed = parseGoFlags(SEESAW_FLAGS, args);
  } catch (error) {
    if (!(error instanceof GoUsageError)) throw error;
    signals.release();
    if (!error.isHelp) output.err(`${error.message}\n`);
    output.err(`${goUsage(argv0, SEESAW_FLAGS)}\n${USAGE_END}`);
    return error.isHelp ? EXIT.ok : EXIT.usage;
  }
  return await run(seesawOptions(parsed), env, signals);
}

const USAGE_END = `This is ${versionText()}, with the flags of Google's health checker.\n`;

/** Returns the options of the server for a command line of Google's health checker. */
export function seesawOptions({ values, rest }: GoArguments): RunOptions {
  const notes: StartNote[] = [];
  const given = SEESAW_FLAGS.filter(({ name }) => values.has(name));
  const numbers = new Map(given.map((flag) => [flag.name, boundedValue(flag, values, notes)] as const));
  for (const flag of given) if ("withoutEffect" in flag) notes.push(withoutEffect(flag));
  if (rest.length > 0) notes.push(warning("Ignoring arguments", { arguments: rest.join(" ") }));
  const dryRun = values.get("dry_run") === true;
  if (dryRun)
    notes.push(
      warning("Dry run: no check is made, and every healthcheck is reported as healthy", {
        flag: "-dry_run",
      }),
    );
  const level = Number(values.get("v") ?? 0);
  const engine = values.get("engine");
  const number = (name: SeesawFlagName) => numbers.get(name);
  const overrides: Overrides = {
    server: { control: "engine", ...(typeof engine === "string" ? { engine_socket: engine } : {}) },
    batching: present({ delay: number("batch_delay"), max_size: number("batch_size") }),
    advanced: present({
      fetch_interval: number("fetch_interval"),
      notify_interval: number("notify_interval"),
      retry_delay: number("retry_delay"),
    }),
  };
  const logLevel = level >= 2 ? "trace" : "debug";
  return { overrides, dryRun, logFd: 2, notes, ...(level >= 1 ? { logLevel } : {}) };
}

/** Returns the value of a flag within the range of its setting; undefined for a flag without a range. */
function boundedValue(
  { name, kind, bounds }: SeesawFlag,
  values: GoArguments["values"],
  notes: StartNote[],
): number | undefined {
  const value = values.get(name);
  if (bounds === undefined || typeof value !== "number") return undefined;
  const nearest = Math.min(Math.max(value, bounds.min), bounds.max);
  if (nearest !== value)
    notes.push(
      warning("Flag is out of range, using the nearest value", {
        flag: `-${name}`,
        value: written(value, kind),
        used: written(nearest, kind),
      }),
    );
  return nearest;
}

function written(value: number, kind: SeesawFlag["kind"]): string {
  if (kind !== goDuration) return String(value);
  return `${value < 0 ? "-" : ""}${formatDuration(Math.abs(value))}`;
}

function withoutEffect({ name, withoutEffect: reason }: SeesawFlag): StartNote {
  return { level: "info", message: "Flag has no effect", fields: { flag: `-${name}`, reason } };
}

function warning(message: string, fields: Readonly<Record<string, unknown>>): StartNote {
  return { level: "warn", message, fields };
}

/** Removes absent settings. */
function present<Settings extends Readonly<Record<string, number | undefined>>>(settings: Settings) {
  // The cast is true: every remaining key has a number.
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)) as {
    [Key in keyof Settings]?: number;
  };
}
