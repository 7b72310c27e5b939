/** `check-config`: judges a configuration file as the server would, and prints every fault at once. */
import { stringify } from "yaml";
import { formatFault } from "../config/fault.ts";
import { findConfigFile, loadConfigFile } from "../config/load.ts";
import { DEFAULT_CONFIG, toFile } from "../config/schema.ts";
import { EXIT } from "./exit.ts";
import type { Environment } from "./settings.ts";

/** Options of the command. */
export interface CheckConfigOptions {
  /** Print the effective configuration, defaults filled in. */
  readonly print?: boolean;
  /** An unknown key is a fault too. */
  readonly strictConfig?: boolean;
}

/** Where a command writes. */
export interface Output {
  out(text: string): void;
  err(text: string): void;
}

/**
 * Judges a file.
 *
 * @param named - the file; otherwise the one that the server would take
 * @returns the exit status
 */
export function checkConfig(
  named: string | undefined,
  options: CheckConfigOptions,
  env: Environment,
  output: Output,
): number {
  const path = findConfigFile(named, env);
  if (path === undefined) {
    output.err("No configuration file found, the server would use the defaults\n");
    if (options.print === true) output.out(stringify(toFile(DEFAULT_CONFIG)));
    return EXIT.ok;
  }
  const { config, faults, warnings } = loadConfigFile(path);
  // What --print writes is a configuration file, so what is said about it goes elsewhere.
  const report = (text: string) => (options.print === true ? output.err(text) : output.out(text));
  for (const fault of faults) report(`Configuration error: ${formatFault(path, fault)}\n`);
  for (const warning of warnings) report(`Configuration warning: ${formatFault(path, warning)}\n`);
  if (config === undefined) return EXIT.fault;
  if (options.print === true) output.out(stringify(toFile(config)));
  else report(`${path}: valid${warnings.length > 0 ? `, ${warnings.length} warnings` : ""}\n`);
  return options.strictConfig === true && warnings.length > 0 ? EXIT.fault : EXIT.ok;
}
