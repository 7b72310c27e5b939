/** Judges a configuration file that was read: amends odd values, names unknown keys, collects every fault with its place. */
import * as v from "valibot";
import { didYouMean } from "../model/nearest.ts";
import { showKind } from "../redaction/values.ts";
import { type Diagnostic, MAX_TOLD, moreFaults } from "./diagnostic.ts";
import { decimalHint, modeWords, othersMayConnect } from "./file-mode.ts";
import {
  type Config,
  ConfigSchema,
  DEFAULT_CONFIG,
  type Leaf,
  leaves,
  SECTIONS,
  withDefaultEndpoint,
} from "./schema.ts";
import type { Path, ReadYaml, YamlFile } from "./yaml.ts";

/** A file judged. */
export interface ValidationResult {
  /** The configuration, when nothing is wrong. */
  readonly config: Config | undefined;
  readonly faults: readonly Diagnostic[];
  /** Unknown keys, values that are used otherwise than they stand in the file, keys without effect. */
  readonly warnings: readonly Diagnostic[];
}

/** The keys that each file names: elsewhere the environment may replace the default. */
const namedIn = new WeakMap<Config, ReadonlySet<string>>();

/** Whether a configuration's file names a key itself; what it does not is a default. @param key - `telemetry.otlp_endpoint` */
export function isNamed(config: Config, key: string): boolean {
  return namedIn.get(config)?.has(key) ?? false;
}

/** Judges a file: everything that is wrong with it, at once. */
export function judgeRead(read: ReadYaml): ValidationResult {
  if ("faults" in read) return { config: undefined, faults: read.faults, warnings: [] };
  const { file } = read;
  // A file with nothing in it is a file that changes nothing.
  if (file.value === null || file.value === undefined)
    return { config: DEFAULT_CONFIG, faults: [], warnings: [] };
  if (!isRecord(file.value)) {
    const message = `${showKind(file.value)} is not allowed: give sections (${Object.keys(SECTIONS).join(", ")})`;
    return { config: undefined, faults: [{ ...file.locate([]), key: "", message }], warnings: [] };
  }
  return new Judge(file, file.value).judge();
}

type Sections = Readonly<Record<string, unknown>>;

/** One file while it is judged. */
class Judge {
  readonly #file: YamlFile;
  readonly #written: Sections;
  readonly #faults: Diagnostic[] = [];
  readonly #warnings: Diagnostic[] = [];

  constructor(file: YamlFile, written: Sections) {
    this.#file = file;
    this.#written = written;
  }

  judge(): ValidationResult {
    this.#unknownKeys();
    this.#misshapenSections();
    const amended = this.#amended();
    const ignored = this.#withoutWrongIdleKeys(amended);
    // What is no whole number need not be told to be out of range as well.
    const parsed = v.safeParse(ConfigSchema, ignored, { abortPipeEarly: true });
    for (const issue of parsed.issues ?? []) {
      const path = pathOf(issue);
      if (path.length > 1) this.#fault(path, issue.message);
    }
    if (parsed.success) this.#openSocket(parsed.output);
    const warnings = this.#warnings.toSorted(byPlace);
    if (!parsed.success || this.#faults.length > 0)
      return { config: undefined, faults: this.#faults.toSorted(byPlace), warnings };
    const named = namedKeys(this.#written);
    const config = withDefaultEndpoint(parsed.output, named);
    namedIn.set(config, named);
    return { config, faults: [], warnings };
  }

  #fault(path: Path, message: string): void {
    this.#faults.push({ ...this.#file.locate(path), key: path.join("."), message });
  }

  #warn(path: Path, message: string): void {
    this.#warnings.push({ ...this.#file.locate(path), key: path.join("."), message });
  }

  /** Sections that hold no keys but a value or a list. */
  #misshapenSections(): void {
    for (const name of Object.keys(SECTIONS)) {
      const value = Object.hasOwn(this.#written, name) ? this.#written[name] : null;
      if (value === null || isRecord(value)) continue;
      this.#fault([name], `${showKind(value)} is not allowed: give the keys of this section, or nothing`);
    }
  }

  /** The file with usable values in place of odd ones. */
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

  /** A key that has no effect does not cost the file, whatever its value is. */
  #withoutWrongIdleKeys(given: Sections): Sections {
    let sections = given;
    for (const leaf of leaves()) {
      const { section, name } = leaf;
      const why = idleReason(leaf, sections);
      const value = keyOf(sections, section, name);
      if (why === undefined || value === undefined) continue;
      const schema: v.GenericSchema = SECTIONS[section].entries[name as never];
      const [issue] = v.safeParse(schema, value, { abortPipeEarly: true }).issues ?? [];
      if (issue === undefined) continue;
      this.#warn([section, name], `${issue.message}; the key ${why} and is ignored`);
      sections = withKey(sections, section, name, undefined);
    }
    return sections;
  }

  /** A socket that every user of the host may connect to needs a word of its own. */
  #openSocket({ server }: Config): void {
    if (!othersMayConnect(server.socket_mode) || server.socket_mode_allow_others) return;
    const path = ["server", "socket_mode"];
    const digits = this.#file.source(path) ?? server.socket_mode.toString(8);
    const rule = "give a file mode without w for others, such as 0660, or set socket_mode_allow_others";
    this.#fault(path, `${modeWords(digits)} is not allowed: ${rule}${decimalHint(digits)}`);
  }

  #unknownKeys(): void {
    const sections = Object.keys(SECTIONS);
    const unknown: (readonly [path: string[], known: readonly string[]])[] = Object.keys(this.#written)
      .filter((name) => !sections.includes(name) && !isExtension(name))
      .map((name) => [[name], sections]);
    for (const [name, { entries }] of Object.entries(SECTIONS)) {
      const given = Object.hasOwn(this.#written, name) ? this.#written[name] : undefined;
      if (!isRecord(given)) continue;
      const known = Object.keys(entries);
      for (const key of Object.keys(given)) if (!known.includes(key)) unknown.push([[name, key], known]);
    }
    for (const [path, known] of unknown.slice(0, MAX_TOLD)) {
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

/** `x-common`: a place for anchors, in either file. */
export function isExtension(name: string): boolean {
  return name.startsWith("x-");
}

/** Why a key has no effect in this file; undefined when it has one. */
function idleReason({ section, name, about }: Leaf, sections: Sections): string | undefined {
  if (about.withoutEffect !== undefined) return about.withoutEffect;
  const isSwitchedOff = name !== "enabled" && keyOf(sections, section, "enabled") === false;
  return isSwitchedOff ? `has no effect while ${section}.enabled is false` : undefined;
}

/** The keys that have a value in the file, as `section.key`. */
function namedKeys(sections: Sections): ReadonlySet<string> {
  const given = leaves().filter(({ section, name }) => keyOf(sections, section, name) !== undefined);
  return new Set(given.map(({ section, name }) => `${section}.${name}`));
}

/** A key's value; undefined when it has none. */
function keyOf(sections: Sections, section: string, name: string): unknown {
  const keys = Object.hasOwn(sections, section) ? sections[section] : undefined;
  if (!isRecord(keys) || !Object.hasOwn(keys, name)) return undefined;
  return keys[name] ?? undefined;
}

function withKey(sections: Sections, section: string, name: string, value: unknown): Sections {
  const keys = sections[section];
  return { ...sections, [section]: { ...(isRecord(keys) ? keys : {}), [name]: value } };
}

function pathOf(issue: v.BaseIssue<unknown>): (string | number)[] {
  return (issue.path ?? []).map(({ key }) => (typeof key === "number" ? key : String(key)));
}

function byPlace(a: Diagnostic, b: Diagnostic): number {
  // A number of further faults has no place, and comes last.
  const [lineA, lineB] = [a.line ?? Number.MAX_SAFE_INTEGER, b.line ?? Number.MAX_SAFE_INTEGER];
  return lineA - lineB || (a.column ?? 0) - (b.column ?? 0);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
