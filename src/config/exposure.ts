/** Warnings about files that hold secrets and that every user of the host may read. */
import { statSync } from "node:fs";
import { hasSecrets } from "../redaction/urls.ts";
import type { Diagnostic } from "./diagnostic.ts";
import type { ValidationResult } from "./validate.ts";

const OTHERS_READ = 0o004;
const PERMISSIONS = 0o777;

/**
 * Checks that a configuration file with a login is not readable by every user.
 *
 * @returns the warning; undefined when there is nothing to warn about
 */
export function configExposure(
  path: string,
  { config, named }: Pick<ValidationResult, "config" | "named">,
): Diagnostic | undefined {
  const endpoint = named.has("telemetry.otlp_endpoint") ? config?.telemetry.otlp_endpoint : undefined;
  if (endpoint === undefined || !hasSecrets(endpoint)) return undefined;
  return exposure(path, "the credentials of telemetry.otlp_endpoint");
}

/**
 * Checks that a file is not readable by every user. Its directories are not checked.
 *
 * @param secrets - a noun phrase for its secrets
 * @returns the warning; undefined when it is not readable by every user, is no regular file, or is gone
 */
export function exposure(path: string, secrets: string): Diagnostic | undefined {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined || !stat.isFile() || (stat.mode & OTHERS_READ) === 0) return undefined;
  const mode = (stat.mode & PERMISSIONS).toString(8).padStart(4, "0");
  return {
    key: "",
    message: `this file is readable by every user (mode ${mode}) and contains ${secrets}; run chmod o-r on it`,
  };
}
