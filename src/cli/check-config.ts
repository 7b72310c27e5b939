/** `check-config`: validates a configuration or checks file as the server would, and prints every error. */
import { stringify } from "yaml";
import { type Diagnostic, formatDiagnostic, unreadable } from "../config/diagnostic.ts";
import { configExposure } from "../config/exposure.ts";
import { validateConfig } from "../config/load.ts";
import { findConfigFile } from "../config/places.ts";
import { DEFAULT_CONFIG, SECTIONS, toFile } from "../config/schema.ts";
import { isExtension } from "../config/validate.ts";
import { type FileKind, type ReadYaml, readYaml } from "../config/yaml.ts";
import { checksExposure } from "../control/checks-exposure.ts";
import { ChecksFileError, validateChecks } from "../control/checks-file.ts";
import { nearest } from "../model/nearest.ts";
import { formatCount } from "../model/printable.ts";
import { MAX_YAML_BYTES, readTextFileOrPipe } from "../system/text-file.ts";
import { EXIT } from "./exit.ts";
import type { Environment } from "./settings.ts";
import { UsageError } from "./usage.ts";

/** Options of the command. */
export interface CheckConfigOptions {
  /** A file to validate as a checks file. */
  readonly checks?: string;
  /** Print the effective configuration, defaults filled in. */
  readonly print?: boolean;
  /** Treat unknown keys and fields as errors; other warnings are not errors. */
  readonly strictConfig?: boolean;
}

/** Output of a command. */
export interface Output {
  out(text: string): void;
  err(text: string): void;
}

/**
 * Validates a file. With `--checks` it is a checks file; otherwise its keys decide.
 *
 * @param named - file to validate (default: the configuration file that the server would use)
 * @returns the exit status
 * @throws UsageError
 */
export function checkConfig(
  named: string | undefined,
  options: CheckConfigOptions,
  env: Environment,
  output: Output,
): number {
  if (named !== undefined && options.checks !== undefined)
    throw new UsageError("file: not allowed with --checks, which names a file too; must be absent");
  const path = options.checks ?? findConfigFile(named, env);
  if (path === undefined) {
    output.err("No configuration file found; the server would use the defaults\n");
    if (options.print === true) output.out(stringify(toFile(DEFAULT_CONFIG)));
    return EXIT.ok;
  }
  // With --print standard output is a configuration file, so messages go to standard error.
  const report = (words: string) => (options.print === true ? output.err(words) : output.out(words));
  let text: string;
  try {
    text = readTextFileOrPipe(path, MAX_YAML_BYTES);
  } catch (error) {
    printDiagnostics(path, [unreadable(error)], [], report);
    return EXIT.failure;
  }
  // As a checks file, which has the wider bounds.
  const read = readYaml(text, "checks");
  const kind = options.checks === undefined ? kindOf(read) : "checks";
  if (kind === undefined) {
    printDiagnostics(path, [NEITHER], [], report);
    return EXIT.failure;
  }
  if (kind === "checks") return reportChecks(path, read, options, report);
  const validated = validateConfig(text);
  const { config, faults, warnings } = validated;
  printDiagnostics(path, faults, warnings, report);
  if (config === undefined) return EXIT.failure;
  reportExposure(path, configExposure(path, validated), report);
  if (options.print === true) output.out(stringify(toFile(config)));
  else report(`${path}: valid configuration file${warned(warnings)}\n`);
  return verdict(options, warnings);
}

const NEITHER: Diagnostic = {
  key: "",
  message:
    `neither a configuration file nor a checks file; must have sections (${Object.keys(SECTIONS).join(", ")}), ` +
    "or the key healthchecks",
};

/** Returns the kind of file by its keys; undefined when it has keys of neither kind. */
function kindOf(read: ReadYaml): FileKind | undefined {
  const value = "file" in read ? read.file.value : undefined;
  // An empty file, or one that is not a map, is validated as a configuration file, as the server would.
  if (typeof value !== "object" || value === null || Array.isArray(value)) return "configuration";
  const names = Object.keys(value).filter((name) => !isExtension(name));
  const isOfSection = names.some((name) => Object.hasOwn(SECTIONS, name));
  if (names.includes("healthchecks") && !isOfSection) return "checks";
  const sections = Object.keys(SECTIONS);
  const isNear = names.some((name) => nearest(name, sections) !== undefined);
  return isOfSection || isNear || names.length === 0 ? "configuration" : undefined;
}

function reportChecks(
  path: string,
  read: ReadYaml,
  options: CheckConfigOptions,
  report: (words: string) => void,
): number {
  try {
    const { set, faults, warnings } = validateChecks(path, read);
    printDiagnostics(path, faults, warnings, report);
    reportExposure(path, checksExposure(path, set.specs), report);
    if (faults.length > 0) return EXIT.failure;
    if (options.print === true)
      throw new UsageError(
        `--print: not allowed for ${path}, a checks file without defaults; must be absent`,
      );
    report(`${path}: valid checks file, ${counted(set.specs.length, "healthcheck")}${warned(warnings)}\n`);
    return verdict(options, warnings);
  } catch (error) {
    if (!(error instanceof ChecksFileError)) throw error;
    report(`Configuration error: ${error.message}\n`);
    return EXIT.failure;
  }
}

function printDiagnostics(
  path: string,
  faults: readonly Diagnostic[],
  warnings: readonly Diagnostic[],
  report: (text: string) => void,
): void {
  for (const fault of faults) report(`Configuration error: ${formatDiagnostic(path, fault)}\n`);
  for (const warning of warnings) report(`Configuration warning: ${formatDiagnostic(path, warning)}\n`);
}

/** Reports a mode that exposes the file. It is not among the warnings that are counted: it is not in the text of the file. */
function reportExposure(path: string, exposed: Diagnostic | undefined, report: (text: string) => void): void {
  if (exposed !== undefined) printDiagnostics(path, [], [exposed], report);
}

function warned(warnings: readonly Diagnostic[]): string {
  return warnings.length > 0 ? `, ${counted(warnings.length, "warning")}` : "";
}

/** Formats a number of things: `1 warning`, `2 warnings`. */
function counted(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? "" : "s"}`;
}

function verdict({ strictConfig }: CheckConfigOptions, warnings: readonly Diagnostic[]): number {
  const isStrict = strictConfig === true && warnings.some(({ unknown }) => unknown === true);
  return isStrict ? EXIT.failure : EXIT.ok;
}
