/** The standalone checks file: a YAML list `healthchecks:` whose entries have the fields of CONFIG (protocol.md). */
import { closest } from "fastest-levenshtein";
import { type FileFault, formatFault, unreadable } from "../config/fault.ts";
import { readYaml, type YamlFile } from "../config/yaml.ts";
import type { DesiredSet } from "../manager/diff.ts";
import { CHECK_DEFAULTS, type CheckDefaults } from "../model/check-defaults.ts";
import type { HealthcheckId } from "../model/id.ts";
import { NumberAsWritten } from "../model/show.ts";
import type { HealthcheckSpec } from "../model/spec.ts";
import { readConfig } from "../protocol/config.ts";
import { fieldsOf } from "../protocol/config-schema.ts";
import { readTextFile } from "../system/text-file.ts";

/** What may be the name of a field, misspelt. */
const FIELD_NAME = /^[A-Za-z_-]{1,30}$/;

/** The file as a whole is of no use; nothing of it was taken. */
export class ChecksFileError extends Error {
  constructor(path: string, faults: readonly FileFault[]) {
    super(faults.map((fault) => formatFault(path, fault)).join("\n"));
  }
}

/** A checks file understood. */
export interface ChecksFile {
  readonly set: DesiredSet;
  /** Entries that were refused; the others count. */
  readonly faults: readonly FileFault[];
  /** Fields that nobody knows; the entries count. */
  readonly warnings: readonly FileFault[];
}

/** Whether a text is that of a checks file rather than of anything else, sound or not. */
export function isChecksFile(text: string): boolean {
  const read = readYaml(text, { bigIntegers: true });
  if ("faults" in read) return false;
  const { value } = read.file;
  return typeof value === "object" && value !== null && Object.keys(value).join() === "healthchecks";
}

/**
 * Reads a checks file.
 *
 * @param defaults - of the server, for what the entries leave open
 * @throws ChecksFileError when it cannot be read or holds no list
 */
export function readChecksFile(path: string, defaults = CHECK_DEFAULTS): ChecksFile {
  let text: string;
  try {
    text = readTextFile(path);
  } catch (error) {
    throw new ChecksFileError(path, [unreadable(error)]);
  }
  return judgeChecks(path, text, defaults);
}

/**
 * Judges the text of a checks file.
 *
 * @param path - for what is said of it
 * @param defaults - of the server, for what the entries leave open
 * @throws ChecksFileError when it holds no list
 */
export function judgeChecks(path: string, text: string, defaults = CHECK_DEFAULTS): ChecksFile {
  const read = readYaml(text, { bigIntegers: true });
  if ("faults" in read) throw new ChecksFileError(path, read.faults);
  const entries = entriesOf(read.file);
  if (entries === undefined) {
    const fault = {
      ...read.file.locate([]),
      key: "healthchecks",
      message: "missing: must be a list of healthchecks",
    };
    throw new ChecksFileError(path, [fault]);
  }
  return judgeEntries(read.file, entries, defaults);
}

/** An empty `healthchecks:` is an empty list. */
function entriesOf({ value }: YamlFile): readonly unknown[] | undefined {
  if (typeof value !== "object" || value === null || !("healthchecks" in value)) return undefined;
  if (value.healthchecks === null) return [];
  return Array.isArray(value.healthchecks) ? value.healthchecks : undefined;
}

function judgeEntries(file: YamlFile, entries: readonly unknown[], defaults: CheckDefaults): ChecksFile {
  const specs: HealthcheckSpec[] = [];
  const refused = new Set<HealthcheckId | undefined>();
  const faults: FileFault[] = [];
  const warnings: FileFault[] = [];
  const places = new Map<HealthcheckId, number>();
  for (const [index, entry] of entries.entries()) {
    const read = readConfig(withIdAsWritten(file, entry, index), "file", defaults);
    warnings.push(...unknownFields(file, entry, index));
    const id = read.ok ? read.spec.id : read.id;
    if (id !== undefined && places.has(id)) {
      const key = `healthchecks[${index}].id`;
      faults.push({
        ...file.locate(["healthchecks", index, "id"]),
        key,
        message: `${id} was used before; the last one counts`,
      });
    }
    if (id !== undefined) places.set(id, index);
    if (read.ok) {
      specs.push(read.spec);
      continue;
    }
    refused.add(read.id);
    for (const { path, message } of read.faults) {
      const place = file.locate(["healthchecks", index, ...path]);
      faults.push({
        ...place,
        key: [`healthchecks[${index}]`, ...path].join("."),
        message,
      });
    }
  }
  return { set: { specs, refused, refusals: entries.length - specs.length }, faults, warnings };
}

/** An id such as 1.0 is refused, and must not be told as the number that it is. */
function withIdAsWritten(file: YamlFile, entry: unknown, index: number): unknown {
  if (typeof entry !== "object" || entry === null || !("id" in entry)) return entry;
  const source = typeof entry.id === "number" ? file.source(["healthchecks", index, "id"]) : undefined;
  return source === undefined ? entry : { ...entry, id: new NumberAsWritten(source) };
}

function unknownFields(file: YamlFile, entry: unknown, index: number): FileFault[] {
  if (typeof entry !== "object" || entry === null || !("checker_type" in entry)) return [];
  const known = fieldsOf(String(entry.checker_type));
  if (known === undefined) return [];
  return Object.keys(entry)
    .filter((name) => !known.includes(name))
    .map((name) => {
      const place = file.locate(["healthchecks", index, name], "key");
      const key = `healthchecks[${index}]`;
      // What stands where a name should be may be a whole header, with its value.
      if (!FIELD_NAME.test(name)) return { ...place, key, message: "unknown field (not shown), ignored" };
      const message = `unknown field, ignored; did you mean ${closest(name, [...known])}?`;
      return { ...place, key: `${key}.${name}`, message };
    });
}
