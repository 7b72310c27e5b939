/** Finds, reads and judges the configuration file. */
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { closest } from "fastest-levenshtein";
import * as v from "valibot";
import { showKind } from "../model/show.ts";
import { isRoot } from "../system/file-trust.ts";
import { readTextFile } from "../system/text-file.ts";
import { type FileFault, unreadable } from "./fault.ts";
import {
  type Config,
  ConfigSchema,
  DEFAULT_CONFIG,
  leaves,
  SECTIONS,
  withDefaultEndpoint,
} from "./schema.ts";
import { readYaml, type YamlFile } from "./yaml.ts";

/** What the files said themselves: a default gives way to the environment where that has a say, and a value of the file does not. */
const namedIn = new WeakMap<Config, ReadonlySet<string>>();

/** Whether a configuration's file names a key itself; what it does not is a default. @param key - `telemetry.otlp_endpoint` */
export function isNamed(config: Config, key: string): boolean {
  return namedIn.get(config)?.has(key) ?? false;
}

/** A file judged. */
export interface Judgement {
  /** The configuration, when nothing is wrong. */
  readonly config: Config | undefined;
  readonly faults: readonly FileFault[];
  /** Keys that nobody knows. */
  readonly warnings: readonly FileFault[];
  /** Whether there is no such file. */
  readonly missing: boolean;
}

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

/** Reads and judges a file; a file that cannot be read is a fault like any other. */
export function loadConfigFile(path: string): Judgement {
  let text: string;
  try {
    text = readTextFile(path);
  } catch (error) {
    const missing = !existsSync(path);
    return { config: undefined, faults: [unreadable(error)], warnings: [], missing };
  }
  return { ...judgeConfig(text), missing: false };
}

/** Judges the text of a configuration file: everything that is wrong with it, at once. */
export function judgeConfig(text: string): Omit<Judgement, "missing"> {
  const read = readYaml(text, { bigIntegers: false });
  if ("faults" in read) return { config: undefined, faults: read.faults, warnings: [] };
  const { file } = read;
  // A file with nothing in it is a file that changes nothing.
  if (file.value === null || file.value === undefined)
    return { config: DEFAULT_CONFIG, faults: [], warnings: [] };
  if (!isRecord(file.value)) {
    const message = `${showKind(file.value)} is not allowed: give sections (${Object.keys(SECTIONS).join(", ")})`;
    return { config: undefined, faults: [{ ...file.locate([]), key: "", message }], warnings: [] };
  }
  const warnings = unknownKeys(file, file.value);
  const misshapen = misshapenSections(file, file.value);
  // What is no whole number need not be told to be out of range as well.
  const parsed = v.safeParse(ConfigSchema, withFileMode(file, file.value), { abortPipeEarly: true });
  if (parsed.success && misshapen.length === 0) {
    const named = namedKeys(file.value);
    const config = withDefaultEndpoint(parsed.output, named);
    namedIn.set(config, named);
    return { config, faults: [], warnings };
  }
  const faults = (parsed.issues ?? [])
    .filter(({ path }) => (path ?? []).length > 1)
    .map((issue) => faultOf(file, issue));
  return { config: undefined, faults: [...misshapen, ...faults].sort(byPlace), warnings };
}

/** The keys that have a value in the file, as `section.key`. */
function namedKeys(value: Record<string, unknown>): ReadonlySet<string> {
  const given = leaves().filter(({ section, name }) => {
    const keys = Object.hasOwn(value, section) ? value[section] : undefined;
    return isRecord(keys) && Object.hasOwn(keys, name) && keys[name] !== null;
  });
  return new Set(given.map(({ section, name }) => `${section}.${name}`));
}

/** YAML reads 0660 as the number 660; what counts is what was written. */
function withFileMode(file: YamlFile, value: Record<string, unknown>): Record<string, unknown> {
  const { server } = value as { readonly server?: unknown };
  const source = file.source(["server", "socket_mode"]);
  if (!isRecord(server) || source === undefined || typeof Reflect.get(server, "socket_mode") !== "number")
    return value;
  return { ...value, server: { ...server, socket_mode: source } };
}

/** Sections that hold no keys but a value or a list. */
function misshapenSections(file: YamlFile, value: Record<string, unknown>): FileFault[] {
  return Object.keys(SECTIONS)
    .filter((name) => Object.hasOwn(value, name) && value[name] !== null && !isRecord(value[name]))
    .map((name) => {
      const message = `${showKind(value[name])} is not allowed: give the keys of this section, or nothing`;
      return { ...file.locate([name]), key: name, message };
    });
}

function faultOf(file: YamlFile, issue: v.BaseIssue<unknown>): FileFault {
  const path = (issue.path ?? []).map(({ key }) => (typeof key === "number" ? key : String(key)));
  return { ...file.locate(path), key: path.join("."), message: issue.message };
}

function byPlace(a: FileFault, b: FileFault): number {
  return (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0);
}

function unknownKeys(file: YamlFile, value: Record<string, unknown>): FileFault[] {
  const warn = (path: readonly string[], known: readonly string[]): FileFault => ({
    ...file.locate(path, "key"),
    key: path.join("."),
    message: `unknown key, ignored; did you mean ${[...path.slice(0, -1), closest(path.at(-1) ?? "", [...known])].join(".")}?`,
  });
  const sections = Object.keys(SECTIONS);
  const warnings = Object.keys(value)
    .filter((name) => !sections.includes(name))
    .map((name) => warn([name], sections));
  for (const [name, section] of Object.entries(SECTIONS)) {
    const given = Object.hasOwn(value, name) ? value[name] : undefined;
    if (!isRecord(given)) continue;
    const known = Object.keys(section.entries);
    const unknown = Object.keys(given).filter((key) => !known.includes(key));
    warnings.push(...unknown.map((key) => warn([name, key], known)));
  }
  return warnings;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
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
