/** The benchmark's command line. Called by main.ts. */
import { parseOptions, UsageError, wholeNumber } from "../arguments.ts";
import type { Settings } from "./scenario.ts";

/** Options of the benchmark. */
export type Command =
  | { readonly do: "help" }
  | { readonly do: "list" }
  | {
      readonly do: "run";
      readonly settings: Settings;
      /** None: all that apply. */
      readonly only: readonly string[];
      readonly jsonFile: string | undefined;
      /** True writes the tables to docs/performance.md. */
      readonly write: boolean;
    };

const OPTIONS = {
  help: { type: "boolean" },
  list: { type: "boolean" },
  quick: { type: "boolean" },
  only: { type: "string", multiple: true },
  rounds: { type: "string" },
  seconds: { type: "string" },
  json: { type: "string" },
  write: { type: "boolean" },
} as const;
const DEFAULT_ROUNDS = 3;
const MAX_ROUNDS = 100;
const MAX_SECONDS = 3_600;

/** Output of `--help`. */
export const HELP = `Usage: scripts/bench [OPTION…]
Measures the compiled executable against sinks in other processes and prints a table for each group of scenarios.

  --only NAME[,NAME]  these scenarios only; --list names them
  --quick             the short run for CI: under two minutes; ends with 1 on a gross regression, measured by ratios only
  --rounds N          rounds of those that are compared in turn (${DEFAULT_ROUNDS}; with --quick 2)
  --seconds N         how long is measured each time (left out: as each scenario needs)
  --json FILE         writes all figures to a file
  --write             writes the tables to docs/performance.md; a table is kept unless all its scenarios run
  --list              names the scenarios
  --help              says this

HAProxy (Debian package haproxy) is compared with when it is installed.
`;

/**
 * Reads the arguments.
 *
 * @param names - of all scenarios
 * @throws UsageError when they make no sense
 */
export function readOptions(args: readonly string[], names: readonly string[]): Command {
  const values = parseOptions(args, OPTIONS);
  if (values.help === true) return { do: "help" };
  if (values.list === true) return { do: "list" };
  const only = (values.only ?? []).flatMap((list) => list.split(",")).filter((name) => name !== "");
  const unknown = only.find((name) => !names.includes(name));
  if (unknown !== undefined) throw new UsageError(`--only ${unknown}: no such scenario (see --list)`);
  if (values.only !== undefined && only.length === 0) throw new UsageError("--only: names no scenario");
  const quick = values.quick ?? false;
  const write = values.write ?? false;
  if (write && quick)
    throw new UsageError(
      "--write: cannot be combined with --quick, whose figures are too short for the documentation",
    );
  return {
    do: "run",
    only,
    jsonFile: values.json,
    write,
    settings: {
      quick,
      rounds: wholeNumber("--rounds", values.rounds, MAX_ROUNDS) ?? (quick ? 2 : DEFAULT_ROUNDS),
      seconds: wholeNumber("--seconds", values.seconds, MAX_SECONDS),
    },
  };
}
