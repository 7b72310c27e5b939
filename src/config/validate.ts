/** Validates a configuration file that was read: makes odd values usable, reports unknown keys and every error with its line and column. */
import { didYouMean } from "../model/nearest.ts";
import { readerOf } from "../schema/object.ts";
import { secretProblem } from "../schema/problem.ts";
import { type Diagnostic, MAX_REPORTED, moreFaults } from "./diagnostic.ts";
import { openModeProblem, othersMayConnect } from "./file-mode.ts";
import {
  type Config,
  DEFAULT_CONFIG,
  type Leaf,
  leaves,
  readSections,
  SECTIONS,
  withDefaultEndpoint,
} from "./schema.ts";
import type { Path, ReadYaml, YamlFile } from "./yaml.ts";

/** The result of the validation of a file. */
export interface ValidationResult {
  /** The configuration; undefined when the file has errors. */
  readonly config: Config | undefined;
  /**
   * The keys that have a value in the file, as `telemetry.otlp_endpoint`. The environment may replace the default of any other key. Empty
   * when the file has errors.
   */
  readonly named: ReadonlySet<string>;
  readonly faults: readonly Diagnostic[];
  /** Unknown keys, replaced values, keys without effect. */
  readonly warnings: readonly Diagnostic[];
}

/** The keys of a file without keys. */
const NO_KEYS: ReadonlySet<string> = new Set();

/** Validates a file that was read, and reports every error in it. */
export function validateRead(read: ReadYaml): ValidationResult {
  if ("faults" in read) return { config: undefined, named: NO_KEYS, faults: read.faults, warnings: [] };
  const { file } = read;
  // An empty file changes nothing.
  if (file.value === null || file.value === undefined)
    return { config: DEFAULT_CONFIG, named: NO_KEYS, faults: [], warnings: [] };
  if (!isRecord(file.value)) {
    const message = secretProblem(file.value, `a map of sections (${Object.keys(SECTIONS).join(", ")})`);
    return {
      config: undefined,
      named: NO_KEYS,
      faults: [{ ...file.locate([]), key: "", message }],
      warnings: [],
    };
  }
  return new Validation(file, file.value).run();
}

type Sections = Readonly<Record<string, unknown>>;

/** The validation of one file. */
class Validation {
  readonly #file: YamlFile;
  readonly #written: Sections;
  readonly #faults: Diagnostic[] = [];
  readonly #warnings: Diagnostic[] = [];

  constructor(file: YamlFile, written: Sections) {
    this.#file = file;
    this.#written = written;
  }

  run(): ValidationResult {
    this.#unknownKeys();
    this.#misshapenSections();
    const amended = this.#amended();
    const ignored = this.#withoutWrongIdleKeys(amended);
    const parsed = readSections(ignored);
    if (parsed.ok) this.#openSocket(parsed.value);
    // A section that is not a map is reported above.
    else for (const { path, message } of parsed.problems) if (path.length > 1) this.#fault(path, message);
    const warnings = this.#warnings.toSorted(byPlace);
    if (!parsed.ok || this.#faults.length > 0)
      return { config: undefined, named: NO_KEYS, faults: this.#faults.toSorted(byPlace), warnings };
    const named = namedKeys(this.#written);
    return { config: withDefaultEndpoint(parsed.value, named), named, faults: [], warnings };
  }

  #fault(path: Path, message: string): void {
    this.#faults.push({ ...this.#file.locate(path), key: path.join("."), message });
  }

  #warn(path: Path, message: string): void {
    this.#warnings.push({ ...this.#file.locate(path), key: path.join("."), message });
  }

  /** Reports sections that are a value or a list instead of a map. */
  #misshapenSections(): void {
    for (const name of Object.keys(SECTIONS)) {
      const value = Object.hasOwn(this.#written, name) ? this.#written[name] : null;
      if (value === null || isRecord(value)) continue;
      this.#fault([name], secretProblem(value, "a map of the section's keys, or empty"));
    }
  }

  /** Replaces odd values by usable ones. */
  #amended(): Sections {
    let sections = this.#written;
    for (const { section, name, about } of leaves()) {
      const value = keyOf(sections, section, name);
      if (value === undefined || about.amend === undefined) continue;
      const path = [section, name];
      const amended = about.amend(value, this.#file.source(path));
      if (amended === undefined) continue;
      for (const warning of amended.warnings) this.#warn(path, warning);
      sections = withKey(sections, section, name, amended.value);
    }
    return sections;
  }

  /** Removes the invalid values of keys without effect: they must not make the file invalid. */
  #withoutWrongIdleKeys(given: Sections): Sections {
    let sections = given;
    for (const leaf of leaves()) {
      const { section, name } = leaf;
      const why = idleReason(leaf, sections);
      const value = keyOf(sections, section, name);
      if (why === undefined || value === undefined) continue;
      const read = readerOf(SECTIONS[section][name as never])(value);
      const [issue] = read.ok ? [] : read.problems;
      if (issue === undefined) continue;
      this.#warn([section, name], `${issue.message}; the key ${why} and is ignored`);
      sections = withKey(sections, section, name, undefined);
    }
    return sections;
  }

  /** Rejects a socket mode with which every user of the host can connect, unless a key of its own allows it. */
  #openSocket({ server }: Config): void {
    if (!othersMayConnect(server.socket_mode) || server.socket_mode_allow_others) return;
    const path = ["server", "socket_mode"];
    const digits = this.#file.source(path) ?? server.socket_mode.toString(8);
    this.#fault(path, openModeProblem(digits));
  }

  #unknownKeys(): void {
    const sections = Object.keys(SECTIONS);
    const unknown: (readonly [path: string[], known: readonly string[]])[] = Object.keys(this.#written)
      .filter((name) => !sections.includes(name) && !isExtension(name))
      .map((name) => [[name], sections]);
    for (const [name, fields] of Object.entries(SECTIONS)) {
      const given = Object.hasOwn(this.#written, name) ? this.#written[name] : undefined;
      if (!isRecord(given)) continue;
      const known = Object.keys(fields);
      for (const key of Object.keys(given)) if (!known.includes(key)) unknown.push([[name, key], known]);
    }
    for (const [path, known] of unknown.slice(0, MAX_REPORTED)) {
      const prefix = path.slice(0, -1).map((section) => `${section}.`);
      this.#warnings.push({
        ...this.#file.locate(path, "key"),
        key: path.join("."),
        message: `unknown key, ignored${didYouMean(path.at(-1) ?? "", known, prefix.join(""))}`,
        unknown: true,
      });
    }
    this.#warnings.push(...moreFaults(unknown.length, "more unknown keys", { unknown: true }));
  }
}

/** Reports whether a top-level key is an extension, `x-common`: a place for anchors, in either file. */
export function isExtension(name: string): boolean {
  return name.startsWith("x-");
}

/** Returns the reason why a key has no effect in this file; undefined when it has one. */
function idleReason({ section, name, about }: Leaf, sections: Sections): string | undefined {
  const isUsed =
    about.effectiveWith !== undefined && keyOf(sections, "server", "control") === about.effectiveWith;
  if (about.withoutEffect !== undefined && !isUsed) return about.withoutEffect;
  const isSwitchedOff = name !== "enabled" && keyOf(sections, section, "enabled") === false;
  return isSwitchedOff ? `has no effect while ${section}.enabled is false` : undefined;
}

/** Collects the keys that have a value in the file, as `section.key`. */
function namedKeys(sections: Sections): ReadonlySet<string> {
  const given = leaves().filter(({ section, name }) => keyOf(sections, section, name) !== undefined);
  return new Set(given.map(({ section, name }) => `${section}.${name}`));
}

/** Returns the value of a key; undefined when it has no value. */
function keyOf(sections: Sections, section: string, name: string): unknown {
  const keys = Object.hasOwn(sections, section) ? sections[section] : undefined;
  if (!isRecord(keys) || !Object.hasOwn(keys, name)) return undefined;
  return keys[name] ?? undefined;
}

function withKey(sections: Sections, section: string, name: string, value: unknown): Sections {
  const keys = sections[section];
  return { ...sections, [section]: { ...(isRecord(keys) ? keys : {}), [name]: value } };
}

function byPlace(a: Diagnostic, b: Diagnostic): number {
  // The count of further errors has no line, and comes last.
  const [lineA, lineB] = [a.line ?? Number.MAX_SAFE_INTEGER, b.line ?? Number.MAX_SAFE_INTEGER];
  return lineA - lineB || (a.column ?? 0) - (b.column ?? 0);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
