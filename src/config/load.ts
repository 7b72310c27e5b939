/** Reads and validates the configuration file. */
import { existsSync } from "node:fs";
import { MAX_YAML_BYTES, readTextFile } from "../system/text-file.ts";
import { unreadable } from "./diagnostic.ts";
import { type Config, leaves } from "./schema.ts";
import { type ValidationResult, validateRead } from "./validate.ts";
import { readYaml, readYamlInSlices } from "./yaml.ts";

/** True when the file is missing, in contrast to an invalid file. */
export interface Missing {
  readonly missing: boolean;
}

/** Reads and validates a file. A file that cannot be read is reported like any other error. */
export function loadConfigFile(path: string): ValidationResult & Missing {
  const text = textOf(path);
  return typeof text === "string" ? { ...validateConfig(text), missing: false } : text;
}

/** Reads and validates a file in time slices, so that a running server keeps checking; see {@link loadConfigFile}. */
export async function reloadConfigFile(path: string): Promise<ValidationResult & Missing> {
  const text = textOf(path);
  if (typeof text !== "string") return text;
  return { ...validateRead(await readYamlInSlices(text, "configuration")), missing: false };
}

function textOf(path: string): string | (ValidationResult & Missing) {
  try {
    return readTextFile(path, MAX_YAML_BYTES);
  } catch (error) {
    return {
      config: undefined,
      named: new Set(),
      faults: [unreadable(error)],
      warnings: [],
      missing: !existsSync(path),
    };
  }
}

/** Validates the text of a configuration file, and reports every error in it. */
export function validateConfig(text: string): ValidationResult {
  return validateRead(readYaml(text, "configuration"));
}

/** Merges a configuration that was loaded at run time into the running one, which keeps the values of keys that need a restart. */
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
  /** True when the change takes effect at run time. */
  readonly reload: boolean;
}

/** Lists the keys that differ between two configurations. */
export function changedKeys(before: Config, after: Config): ChangedKey[] {
  return leaves().flatMap(({ section, name, about }) => {
    const same = Bun.deepEquals(Reflect.get(before[section], name), Reflect.get(after[section], name));
    return same ? [] : [{ key: `${section}.${name}`, reload: about.reload }];
  });
}

/** Settings of the command line, which apply in place of those of the file, by section and key. */
export type Overrides = { readonly [Section in keyof Config]?: Partial<Config[Section]> };

/** Replaces settings of a configuration. */
export function overridden(config: Config, overrides: Overrides): Config {
  const result: Config = structuredClone(config);
  for (const { section } of leaves()) Object.assign(result[section], overrides[section]);
  return result;
}
