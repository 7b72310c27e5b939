/** Finds, reads and judges the configuration file. */
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { isRoot } from "../system/file-trust.ts";
import { MAX_YAML_BYTES, readTextFile } from "../system/text-file.ts";
import { unreadable } from "./diagnostic.ts";
import { type Config, leaves } from "./schema.ts";
import { judgeRead, type ValidationResult } from "./validate.ts";
import { readYaml, readYamlInSlices } from "./yaml.ts";

/**
 * The file to read: the one named, or the first that exists.
 *
 * @param named - by `--config`; taken even when it does not exist
 * @returns undefined when there is none
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
 * Where a file is looked for when none is named, in this order. Root gets no file from the home and the working directory: with `sudo`
 * either may be another user's.
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

/** Undefined for a user whom the system does not know, as in containers. */
function ownHome(): string | undefined {
  try {
    return homedir();
  } catch {
    return undefined;
  }
}

/** Whether there is no such file. */
export interface Missing {
  readonly missing: boolean;
}

/** Reads and judges a file; a file that cannot be read is a fault like any other. */
export function loadConfigFile(path: string): ValidationResult & Missing {
  const text = textOf(path);
  return typeof text === "string" ? { ...validateConfig(text), missing: false } : text;
}

/** {@link loadConfigFile} in slices, for a server that runs checks meanwhile. */
export async function reloadConfigFile(path: string): Promise<ValidationResult & Missing> {
  const text = textOf(path);
  if (typeof text !== "string") return text;
  return { ...judgeRead(await readYamlInSlices(text, "configuration")), missing: false };
}

function textOf(path: string): string | (ValidationResult & Missing) {
  try {
    return readTextFile(path, MAX_YAML_BYTES);
  } catch (error) {
    return { config: undefined, faults: [unreadable(error)], warnings: [], missing: !existsSync(path) };
  }
}

/** Judges the text of a configuration file: everything that is wrong with it, at once. */
export function validateConfig(text: string): ValidationResult {
  return judgeRead(readYaml(text, "configuration"));
}

/**
 * What is in effect after a file was loaded again at run time: the new values of the keys that can change, the running
 * ones of those that need a restart.
 */
export function reloaded(running: Config, loaded: Config): Config {
  const merged: Config = structuredClone(loaded);
  for (const { section, name, about } of leaves()) {
    if (!about.reload) Reflect.set(merged[section], name, Reflect.get(running[section], name));
  }
  return merged;
}

/** A key that has changed between two configurations. */
export interface ChangedKey {
  /** `server.proxy_socket` */
  readonly key: string;
  /** Whether the change takes effect at run time. */
  readonly reload: boolean;
}

/** What a new configuration changes. */
export function changedKeys(before: Config, after: Config): ChangedKey[] {
  return leaves().flatMap(({ section, name, about }) => {
    const same = Bun.deepEquals(Reflect.get(before[section], name), Reflect.get(after[section], name));
    return same ? [] : [{ key: `${section}.${name}`, reload: about.reload }];
  });
}
