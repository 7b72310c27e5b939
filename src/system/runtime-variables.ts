/**
 * Environment variables by which the runtime inside the executable would run other code, open a port, write files or trust other
 * certificates. Called by the commands at their start; the build reads which of them to seal.
 */

/**
 * Variables that the build takes from the runtime (`scripts/tools/build/seal.ts`): the first three open a debugger or run code before the
 * first line of this program, or in its place, so nothing in the program could prevent it.
 */
export const SEALED_VARIABLES = [
  "BUN_BE_BUN",
  "BUN_OPTIONS",
  "BUN_INSPECT",
  "BUN_INSPECT_CONNECT_TO",
  "BUN_INSPECT_PRELOAD",
  "BUN_BYTECODE_DIGEST_OUT",
  "BUN_BYTECODE_ORDER_NAMES_OUT",
  "BUN_BYTECODE_ORDER_OUT",
  "BUN_CRASH_REPORT_URL",
  "NODE_EXTRA_CA_CERTS",
] as const;

/** Read by the parts of the runtime that are written in JavaScript, whenever they run: removed at the start. */
const REMOVED_VARIABLES = ["NODE_TLS_REJECT_UNAUTHORIZED", "BUN_INSPECT_NOTIFY"] as const;

/** Obeyed by other runtimes of its kind, and set by people who expect it here. */
const UNKNOWN_VARIABLES = ["NODE_OPTIONS"] as const;

/** Every variable that has no effect here, and that the systemd unit removes. */
export const WITHOUT_EFFECT: readonly string[] = [
  ...SEALED_VARIABLES,
  ...REMOVED_VARIABLES,
  ...UNKNOWN_VARIABLES,
];
/** Prefixes of all that the runtime reads for tuning and debugging itself; which names there are differs from version to version. */
const RUNTIME_PREFIX = /^(?:BUN|JSC)_/;

/** An environment variable that is meant for the runtime. */
export interface RuntimeVariable {
  readonly name: string;
  /** True when the runtime may obey the variable: it can slow this process down or end it, but run no code. */
  readonly obeyed: boolean;
}

/** The variables of an environment that are meant for the runtime, by name; an empty value counts, as the runtime has it. */
export function runtimeVariables(env: Readonly<Record<string, string | undefined>>): RuntimeVariable[] {
  return Object.keys(env)
    .filter((name) => WITHOUT_EFFECT.includes(name) || RUNTIME_PREFIX.test(name))
    .sort()
    .map((name) => ({ name, obeyed: !WITHOUT_EFFECT.includes(name) }));
}

/** Removes what parts of the runtime would read later. */
export function removeRuntimeVariables(env: Record<string, string | undefined>): void {
  for (const name of REMOVED_VARIABLES) delete env[name];
}
