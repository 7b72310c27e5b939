/** `check-config`: judges a configuration or checks file as the server would, and prints every fault at once. */
import { readFileSync } from "node:fs";
import { stringify } from "yaml";
import { type FileFault, formatFault } from "../config/fault.ts";
import { findConfigFile, loadConfigFile } from "../config/load.ts";
import { DEFAULT_CONFIG, toFile } from "../config/schema.ts";
import { ChecksFileError, isChecksFile, readChecksFile } from "../upstream/checks-file.ts";
import { EXIT } from "./exit.ts";
import type { Environment } from "./settings.ts";
import { UsageError } from "./usage.ts";

/** Options of the command. */
export interface CheckConfigOptions {
  /** Print the effective configuration, defaults filled in. */
  readonly print?: boolean;
  /** An unknown key or field is a fault too. */
  readonly strictConfig?: boolean;
}

/** Where a command writes. */
export interface Output {
  out(text: string): void;
  err(text: string): void;
}

/**
 * Judges a file. One that holds `healthchecks` and nothing else is a checks file.
 *
 * @param named - the file; otherwise the one that the server would take
 * @returns the exit status
 * @throws UsageError
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
  if (holdsChecks(path)) return judgeChecks(path, options, output);
  const { config, faults, warnings } = loadConfigFile(path);
  // What --print writes is a configuration file, so what is said about it goes elsewhere.
  const report = (text: string) => (options.print === true ? output.err(text) : output.out(text));
  tell(path, faults, warnings, report);
  if (config === undefined) return EXIT.fault;
  if (options.print === true) output.out(stringify(toFile(config)));
  else report(`${path}: valid${warned(warnings)}\n`);
  return verdict(options, warnings);
}

/** A file that cannot be read holds nothing; whoever judges it says why. */
function holdsChecks(path: string): boolean {
  try {
    return isChecksFile(readFileSync(path, "utf8"));
  } catch {
    return false;
  }
}

function judgeChecks(path: string, options: CheckConfigOptions, output: Output): number {
  const report = (text: string) => (options.print === true ? output.err(text) : output.out(text));
  try {
    const { set, faults, warnings } = readChecksFile(path);
    tell(path, faults, warnings, report);
    if (faults.length > 0) return EXIT.fault;
    if (options.print === true) throw new UsageError(`--print: ${path} is a checks file, it has no defaults`);
    report(`${path}: valid, ${set.specs.length} healthchecks${warned(warnings)}\n`);
    return verdict(options, warnings);
  } catch (error) {
    if (!(error instanceof ChecksFileError)) throw error;
    report(`Configuration error: ${error.message}\n`);
    return EXIT.fault;
  }
}

function tell(
  path: string,
  faults: readonly FileFault[],
  warnings: readonly FileFault[],
  report: (text: string) => void,
): void {
  for (const fault of faults) report(`Configuration error: ${formatFault(path, fault)}\n`);
  for (const warning of warnings) report(`Configuration warning: ${formatFault(path, warning)}\n`);
}

function warned(warnings: readonly FileFault[]): string {
  return warnings.length > 0 ? `, ${warnings.length} warnings` : "";
}

function verdict({ strictConfig }: CheckConfigOptions, warnings: readonly FileFault[]): number {
  return strictConfig === true && warnings.length > 0 ? EXIT.fault : EXIT.ok;
}
