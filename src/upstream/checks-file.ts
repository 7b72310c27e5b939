/** The standalone checks file: a YAML list `healthchecks:` whose entries have the fields of CONFIG (protocol.md). */
import { readFileSync } from "node:fs";
import { type FileFault, formatFault } from "../config/fault.ts";
import { readYaml, type YamlFile } from "../config/yaml.ts";
import type { DesiredSet } from "../manager/diff.ts";
import type { HealthcheckId } from "../model/id.ts";
import type { HealthcheckSpec } from "../model/spec.ts";
import { readConfig } from "../protocol/config.ts";

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
}

/**
 * Reads a checks file.
 *
 * @throws ChecksFileError when it cannot be read or holds no list
 */
export function readChecksFile(path: string): ChecksFile {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    throw new ChecksFileError(path, [{ key: "", message: `cannot be read: ${words}` }]);
  }
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
  return judgeEntries(read.file, entries);
}

/** An empty `healthchecks:` is an empty list. */
function entriesOf({ value }: YamlFile): readonly unknown[] | undefined {
  if (typeof value !== "object" || value === null || !("healthchecks" in value)) return undefined;
  if (value.healthchecks === null) return [];
  return Array.isArray(value.healthchecks) ? value.healthchecks : undefined;
}

function judgeEntries(file: YamlFile, entries: readonly unknown[]): ChecksFile {
  const specs: HealthcheckSpec[] = [];
  const refused = new Set<HealthcheckId>();
  const faults: FileFault[] = [];
  const places = new Map<HealthcheckId, number>();
  for (const [index, entry] of entries.entries()) {
    const read = readConfig(entry, "file");
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
    if (read.id !== undefined) refused.add(read.id);
    for (const { path, message } of read.faults) {
      const place = file.locate(["healthchecks", index, ...path]);
      faults.push({
        ...place,
        key: [`healthchecks[${index}]`, ...path].join("."),
        message,
      });
    }
  }
  return { set: { specs, refused, refusals: entries.length - specs.length }, faults };
}
