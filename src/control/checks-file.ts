/** The standalone checks file: a YAML list `healthchecks:` whose entries have the fields of CONFIG (protocol.md). */

import { type Diagnostic, FaultList, formatDiagnostic, unreadable } from "../config/diagnostic.ts";
import { isExtension } from "../config/validate.ts";
import { type Path, type ReadYaml, readYamlInSlices, type YamlFile } from "../config/yaml.ts";
import type { DesiredSet } from "../manager/diff.ts";
import { CHECK_DEFAULTS, type CheckDefaults } from "../model/check-defaults.ts";
import type { HealthcheckId } from "../model/id.ts";
import { didYouMean } from "../model/nearest.ts";
import type { HealthcheckSpec } from "../model/spec.ts";
import { readConfig } from "../protocol/healthcheck.ts";
import { commonFields, fieldsOfType } from "../protocol/healthcheck-schema.ts";
import { NOT_SHOWN } from "../redaction/marks.ts";
import { mayShowFieldName } from "../redaction/values.ts";
import type { Amend } from "../schema/amend.ts";
import type { NamedFacts } from "../schema/field.ts";
import { secretProblem } from "../schema/problem.ts";
import { MAX_YAML_BYTES, readTextFile } from "../system/text-file.ts";
import { forEachSliced } from "../system/time-slicing.ts";

/** Error of a checks file that is rejected as a whole. */
export class ChecksFileError extends Error {
  override readonly name = "ChecksFileError";

  constructor(path: string, faults: readonly Diagnostic[], options?: ErrorOptions) {
    super(faults.map((fault) => formatDiagnostic(path, fault)).join("\n"), options);
  }
}

/** Contents of a checks file. */
export interface ChecksFile {
  readonly set: DesiredSet;
  /** Errors of rejected entries; the other entries are used. */
  readonly faults: readonly Diagnostic[];
  /** Unknown fields, and values that were adjusted; the entries are used. */
  readonly warnings: readonly Diagnostic[];
}

/**
 * Reads a checks file, in time slices.
 *
 * @param defaults - for fields that entries leave out
 * @throws ChecksFileError if the file cannot be read or has no list
 */
export async function readChecksFile(path: string, defaults = CHECK_DEFAULTS): Promise<ChecksFile> {
  let text: string;
  try {
    text = readTextFile(path, MAX_YAML_BYTES);
  } catch (error) {
    throw new ChecksFileError(path, [unreadable(error)], { cause: error });
  }
  const validator = new ChecksValidator(path, await readYamlInSlices(text, "checks"), defaults);
  await forEachSliced(validator.entries, (entry, index) => validator.entry(entry, index));
  return validator.result();
}

/**
 * Validates a checks file that was read.
 *
 * @param path - for messages
 * @param defaults - for fields that entries leave out
 * @throws ChecksFileError if the file has no list
 */
export function validateChecks(path: string, read: ReadYaml, defaults = CHECK_DEFAULTS): ChecksFile {
  const validator = new ChecksValidator(path, read, defaults);
  for (const [index, entry] of validator.entries.entries()) validator.entry(entry, index);
  return validator.result();
}

/** The fields that an entry of one check type may have. */
interface TypeFields {
  readonly names: readonly string[];
  /** By the names of their fields: how odd values are made usable before they are validated. */
  readonly amends: ReadonlyMap<string, Amend>;
}

/** The fields of an entry whose check type is unknown: any field may be its type's. */
const NO_FIELDS: TypeFields = { names: [], amends: amendsOf(commonFields()) };

/** Validates the entries of one file. */
class ChecksValidator {
  readonly entries: readonly unknown[];
  readonly #file: YamlFile;
  readonly #defaults: CheckDefaults;
  readonly #specs: HealthcheckSpec[] = [];
  readonly #rejected = new Set<HealthcheckId | undefined>();
  readonly #faults = new FaultList("more errors");
  readonly #warnings = new FaultList("more warnings");
  readonly #unknown = new FaultList("more unknown fields", { unknown: true });
  readonly #seen = new Set<HealthcheckId>();
  readonly #types = new Map<string, TypeFields>();

  /** @throws ChecksFileError */
  constructor(path: string, read: ReadYaml, defaults: CheckDefaults) {
    this.#defaults = defaults;
    if ("faults" in read) throw new ChecksFileError(path, read.faults);
    this.#file = read.file;
    const given = healthchecksOf(this.#file);
    // An empty `healthchecks:` is an empty list.
    const entries = given === null ? [] : given;
    if (!Array.isArray(entries)) {
      const place = this.#file.locate(given === undefined ? [] : ["healthchecks"]);
      const message = secretProblem(given, "a list of healthchecks");
      throw new ChecksFileError(path, [{ ...place, key: "healthchecks", message }]);
    }
    this.entries = entries;
    this.#unknownKeys();
  }

  entry(entry: unknown, index: number): void {
    const read = readConfig(this.#asWritten(entry, index), "file", this.#defaults);
    this.#unknownFields(entry, index);
    const id = read.ok ? read.spec.id : read.id;
    if (id !== undefined && this.#seen.has(id))
      this.#faults.add(() =>
        this.#at(index, ["id"], `${id} is given more than once; must be unique (the last entry is used)`),
      );
    if (id !== undefined) this.#seen.add(id);
    if (read.ok) {
      this.#specs.push(read.spec);
      for (const { path, message } of read.warnings) this.#warnings.add(() => this.#at(index, path, message));
      return;
    }
    this.#rejected.add(read.id);
    for (const { path, message } of read.faults) this.#faults.add(() => this.#at(index, path, message));
  }

  result(): ChecksFile {
    const rejections = this.entries.length - this.#specs.length;
    return {
      set: { specs: this.#specs, rejected: this.#rejected, rejections },
      faults: this.#faults.all(),
      warnings: [...this.#unknown.all(), ...this.#warnings.all()],
    };
  }

  #at(index: number, path: Path, message: string): Diagnostic {
    const place = this.#file.locate(["healthchecks", index, ...path]);
    return { ...place, key: [`healthchecks[${index}]`, ...path].join("."), message };
  }

  /** Keeps values as they are written: an id such as 1.0 is rejected in its own spelling; 0012 and 12e4 are hexadecimal digits. */
  #asWritten(entry: unknown, index: number): unknown {
    if (typeof entry !== "object" || entry === null) return entry;
    let written: object = entry;
    const { amends } = this.#fieldsOf(entry);
    for (const [name, value] of Object.entries(entry)) {
      const path = [name];
      const amended = amends.get(name)?.(value, this.#file.source(["healthchecks", index, ...path]));
      if (amended === undefined) continue;
      written = { ...written, [name]: amended.value };
      for (const message of amended.warnings) this.#warnings.add(() => this.#at(index, path, message));
    }
    return written;
  }

  /** The fields of an entry's check type; none for an unknown type. */
  #fieldsOf(entry: object): TypeFields {
    const type = "checker_type" in entry ? String(entry.checker_type) : "";
    const known = this.#types.get(type);
    if (known !== undefined) return known;
    const own = fieldsOfType(type);
    if (own === undefined) return NO_FIELDS;
    const all = [...commonFields(), ...own];
    const fields: TypeFields = { names: all.map(({ name }) => name), amends: amendsOf(all) };
    this.#types.set(type, fields);
    return fields;
  }

  #unknownKeys(): void {
    const { value } = this.#file;
    for (const name of Object.keys(value ?? {})) {
      if (name === "healthchecks" || isExtension(name)) continue;
      const place = this.#file.locate([name], "key");
      const message = `unknown key, ignored${didYouMean(name, ["healthchecks"])}`;
      this.#unknown.add(() => ({ ...place, key: name, message, unknown: true }));
    }
  }

  #unknownFields(entry: unknown, index: number): void {
    if (typeof entry !== "object" || entry === null || !("checker_type" in entry)) return;
    const { names: known } = this.#fieldsOf(entry);
    if (known.length === 0) return;
    for (const name of Object.keys(entry)) {
      if (known.includes(name)) continue;
      this.#unknown.add(() => {
        const place = this.#file.locate(["healthchecks", index, name], "key");
        const key = `healthchecks[${index}]`;
        if (!mayShowFieldName(name))
          return { ...place, key, message: `unknown field ${NOT_SHOWN}, ignored`, unknown: true };
        const message = `unknown field, ignored${didYouMean(name, known)}`;
        return { ...place, key: `${key}.${name}`, message, unknown: true };
      });
    }
  }
}

function amendsOf(fields: readonly NamedFacts[]): ReadonlyMap<string, Amend> {
  return new Map(fields.flatMap(({ name, amend }) => (amend === undefined ? [] : [[name, amend] as const])));
}

/** Returns the value of `healthchecks`; undefined when the file has no such key. */
function healthchecksOf({ value }: YamlFile): unknown {
  if (typeof value !== "object" || value === null || !("healthchecks" in value)) return undefined;
  return value.healthchecks;
}
