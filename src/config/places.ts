/** Finds the configuration file. */
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { isRoot } from "../system/file-trust.ts";

/**
 * Selects the file to read: the named file, or the first one that exists.
 *
 * @param named - by `--config`; taken even when it does not exist
 * @returns undefined when no file exists
 */
export function findConfigFile(
  named: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
  home: string | undefined = ownHome(),
  asRoot: boolean = isRoot(),
): string | undefined {
  if (named !== undefined) return named;
  return configPlaces(env, home, asRoot).find((place) => existsSync(place));
}

/**
 * Lists the paths at which a configuration file is searched when none is named, in order. Root uses no file from its home and the working
 * directory: with `sudo` either may be another user's.
 */
export function configPlaces(
  env: Readonly<Record<string, string | undefined>>,
  home: string | undefined,
  asRoot = false,
): string[] {
  const fromEnvironment = env["HEALTHCHECK_CONFIG"];
  return [
    ...(fromEnvironment === undefined || fromEnvironment === "" ? [] : [fromEnvironment]),
    "/etc/seesaw/healthcheck-server.yaml",
    ...(home === undefined || asRoot ? [] : [join(home, ".config/seesaw/healthcheck-server.yaml")]),
    ...(asRoot ? [] : ["./healthcheck-server.yaml"]),
  ];
}

/** Returns the home directory; undefined for a user without an entry in passwd(5), as in containers. */
function ownHome(): string | undefined {
  try {
    return homedir();
  } catch {
    return undefined;
  }
}
