/** Warns about files that hold secrets and that every user of the host may read. */
import { statSync } from "node:fs";
import { hasSecrets } from "../redaction/urls.ts";
import type { Diagnostic } from "./diagnostic.ts";
import type { Config } from "./schema.ts";
import { isNamed } from "./validate.ts";

const OTHERS_READ = 0o004;
const PERMISSIONS = 0o777;

/**
 * Looks whether a configuration file that holds a login is readable by every user.
 *
 * @returns the warning; undefined when there is nothing to warn about
 */
export function configExposure(path: string, config: Config): Diagnostic | undefined {
  const { otlp_endpoint } = config.telemetry;
  if (!isNamed(config, "telemetry.otlp_endpoint") || !hasSecrets(otlp_endpoint)) return undefined;
  return exposure(path, "the credentials of telemetry.otlp_endpoint");
}

/**
 * Looks whether a file is readable by every user. The directories above it may still keep them out.
 *
 * @param secrets - what it holds, in words
 * @returns the warning; undefined when it is not readable by every user, is no regular file, or is gone
 */
export function exposure(path: string, secrets: string): Diagnostic | undefined {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined || !stat.isFile() || (stat.mode & OTHERS_READ) === 0) return undefined;
  const mode = (stat.mode & PERMISSIONS).toString(8).padStart(4, "0");
  return {
    key: "",
    message: `every user may read this file (mode ${mode}), and it holds ${secrets}: chmod o-r it`,
  };
}
