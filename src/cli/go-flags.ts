/** Go's `flag` package: the syntax of a command line, its errors and its usage. Pure. */
import { type GoKind, type GoValue, GoValueError, goBoolean } from "./go-values.ts";

/** A flag. */
export interface GoFlag {
  /** Without dashes. */
  readonly name: string;
  readonly kind: GoKind;
  /** Description in the usage. */
  readonly about: string;
  /** Default in the usage, as Go prints it; undefined for a zero value, which Go leaves out. */
  readonly fallback?: string;
}

/** A command line that follows the syntax. */
export interface GoArguments {
  /** The values of the flags that are given, by name; the last one of each counts. */
  readonly values: ReadonlyMap<string, GoValue>;
  /** The arguments from the first one that is not a flag, or after `--`. */
  readonly rest: readonly string[];
}

/** A command line that asks for help, or is wrong. */
export class GoUsageError extends Error {
  override readonly name = "GoUsageError";

  /**
   * @param message - Go's words; empty for a request for help
   * @param isHelp - true for `-h` and `-help`
   */
  constructor(
    message: string,
    readonly isHelp = false,
  ) {
    super(message);
  }
}

/**
 * Parses a command line.
 *
 * @throws GoUsageError
 */
export function parseGoFlags(flags: readonly GoFlag[], args: readonly string[]): GoArguments {
  const values = new Map<string, GoValue>();
  let at = 0;
  while (at < args.length) {
    const written = args[at] ?? "";
    if (written.length < 2 || !written.startsWith("-")) break;
    at++;
    if (written === "--") break;
    const { name, value } = splitFlag(written);
    const flag = flags.find((known) => known.name === name);
    if (flag === undefined) {
      if (name === "h" || name === "help") throw new GoUsageError("", true);
      throw new GoUsageError(`flag provided but not defined: -${name}`);
    }
    const text = value ?? (flag.kind === goBoolean ? "true" : args[at++]);
    if (text === undefined) throw new GoUsageError(`flag needs an argument: -${name}`);
    values.set(name, readFlag(flag, text));
  }
  return { values, rest: args.slice(at) };
}

/** Splits `-name=value` and `--name=value`. @throws GoUsageError */
function splitFlag(written: string): { name: string; value: string | undefined } {
  const body = written.replace(/^--?/, "");
  if (body === "" || body.startsWith("-") || body.startsWith("="))
    throw new GoUsageError(`bad flag syntax: ${written}`);
  const equals = body.indexOf("=");
  if (equals < 0) return { name: body, value: undefined };
  return { name: body.slice(0, equals), value: body.slice(equals + 1) };
}

function readFlag({ name, kind }: GoFlag, text: string): GoValue {
  try {
    return kind.read(text);
  } catch (error) {
    if (!(error instanceof GoValueError)) throw error;
    const what = kind === goBoolean ? "boolean value" : "value";
    const where = kind === goBoolean ? "" : "flag ";
    throw new GoUsageError(`invalid ${what} ${JSON.stringify(text)} for ${where}-${name}: ${error.message}`);
  }
}

/**
 * Returns the name of the flag that an argument gives; undefined for an argument that is not a flag.
 *
 * @param dashes - 1 for `-name`, 2 for `--name`
 */
export function flagName(argument: string, dashes: 1 | 2): string | undefined {
  const pattern = dashes === 1 ? /^-([^-=][^=]*)/ : /^--([^-=][^=]*)/;
  return pattern.exec(argument)?.[1];
}

/** Formats the usage as Go prints it: the flags by name, their defaults unless zero. */
export function goUsage(program: string, flags: readonly GoFlag[]): string {
  const lines = [...flags]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, kind, about, fallback }) => {
      const word = kind.word === "" ? "" : ` ${kind.word}`;
      return `  -${name}${word}\n    \t${about}${fallback === undefined ? "" : ` (default ${fallback})`}\n`;
    });
  return `Usage of ${program}:\n${lines.join("")}`;
}
