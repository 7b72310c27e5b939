/** `check-config`: judges a configuration or checks file as the server would, and prints every fault at once. */
import { stringify } from "yaml";
import { configExposure } from "../config/exposure.ts";
import { type FileFault, formatFault, unreadable } from "../config/fault.ts";
import { findConfigFile, judgeConfig } from "../config/load.ts";
import { DEFAULT_CONFIG, toFile } from "../config/schema.ts";
import { readTextFileOrPipe } from "../system/text-file.ts";
import { checksExposure } from "../upstream/checks-exposure.ts";
import { ChecksFileError, isChecksFile, judgeChecks } from "../upstream/checks-file.ts";
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
  // What --print writes is a configuration file, so what is said about it goes elsewhere.
  const report = (words: string) => (options.print === true ? output.err(words) : output.out(words));
  let text: string;
  try {
    text = readTextFileOrPipe(path);
  } catch (error) {
    tell(path, [unreadable(error)], [], report);
    return EXIT.fault;
  }
  if (isChecksFile(text)) return tellChecks(path, text, options, report);
  const { config, faults, warnings } = judgeConfig(text);
  tell(path, faults, warnings, report);
  if (config === undefined) return EXIT.fault;
  tellExposure(path, configExposure(path, config), report);
  if (options.print === true) output.out(stringify(toFile(config)));
  else report(`${path}: valid${warned(warnings)}\n`);
  return verdict(options, warnings);
}

function tellChecks(
  path: string,
  text: string,
  options: CheckConfigOptions,
  report: (words: string) => void,
): number {
  try {
    const { set, faults, warnings } = judgeChecks(path, text);
    tell(path, faults, warnings, report);
    tellExposure(path, checksExposure(path, set.specs), report);
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

/** The file's mode is not the file: it is warned about, and does not count among its warnings. */
function tellExposure(path: string, exposed: FileFault | undefined, report: (text: string) => void): void {
  if (exposed !== undefined) tell(path, [], [exposed], report);
}

function warned(warnings: readonly FileFault[]): string {
  return warnings.length > 0 ? `, ${warnings.length} warnings` : "";
}

function verdict({ strictConfig }: CheckConfigOptions, warnings: readonly FileFault[]): number {
  return strictConfig === true && warnings.length > 0 ? EXIT.fault : EXIT.ok;
}
