/**
 * YAML with places: reads a document so that every error can be reported with line and column. Used for the configuration
 * file and the standalone checks file.
 */
import { LineCounter } from "yaml";
import { Slice } from "../system/time-slicing.ts";
import type { Diagnostic } from "./diagnostic.ts";
import { type StreamOptions, YamlStream } from "./yaml-stream.ts";
import type { YamlNode } from "./yaml-tree.ts";

/** Maximum number of reported syntax errors: one broken line may break all lines after it. The others are counted. */
const MAX_FORM_FAULTS = 20;
/** Maximum number of values in a file: a configuration has some 50, a healthcheck some 10. */
const MAX_VALUES = { configuration: 20_000, checks: 300_000 };

/** The kinds of files. */
export type FileKind = keyof typeof MAX_VALUES;

/** The keys and indexes from the root of a document to a value. */
export type Path = readonly (string | number)[];

/** A document that is well-formed. */
export interface YamlFile {
  /** Plain values; in a checks file integers are bigint. */
  readonly value: unknown;
  /** Returns the text of a scalar in the file, `0660`; undefined for another value. */
  source(path: Path): string | undefined;
  /** Returns the place of a value or key; of the nearest enclosing value when it is absent. */
  locate(path: Path, what?: "key" | "value"): { readonly line: number; readonly column: number };
}

/** A document that is well-formed, or every error in its form. */
export type ReadYaml = { readonly file: YamlFile } | { readonly faults: readonly Diagnostic[] };

/**
 * Reads a document in one call.
 *
 * @returns the document, or every error in its form
 */
export function readYaml(text: string, kind: FileKind): ReadYaml {
  const reading = new Reading(text, kind);
  for (const _ of reading.steps());
  return reading.result();
}

/** {@link readYaml} in slices, for a server that runs checks meanwhile. */
export async function readYamlInSlices(text: string, kind: FileKind): Promise<ReadYaml> {
  const reading = new Reading(text, kind);
  const slice = new Slice();
  for (const _ of reading.steps()) if (slice.over) await slice.next();
  return reading.result();
}

class Reading {
  readonly #lines = new LineCounter();
  readonly #stream: YamlStream;

  constructor(text: string, kind: FileKind) {
    const options: StreamOptions = { bigIntegers: kind === "checks", maxValues: MAX_VALUES[kind] };
    this.#stream = new YamlStream(text, options, this.#lines.addNewLine);
  }

  steps(): Generator<void> {
    return this.#stream.read();
  }

  result(): ReadYaml {
    const { faults, root } = this.#stream;
    if (faults.length === 0) return { file: yamlFile(root, this.#lines) };
    const reported: Diagnostic[] = faults.slice(0, MAX_FORM_FAULTS).map(({ offset, message }) => {
      const place = offset === undefined ? {} : placeOf(this.#lines, offset);
      return { ...place, key: "", message: `not valid YAML: ${message}` };
    });
    const rest = faults.length - reported.length;
    if (rest > 0) reported.push({ key: "", message: `not valid YAML: ${rest} more errors` });
    return { faults: reported };
  }
}

function yamlFile(root: YamlNode | undefined, lines: LineCounter): YamlFile {
  const find = (path: Path): Found | undefined => {
    let found: Found | undefined = root && { node: root, keyOffset: root.offset };
    for (const step of path) found = found && childOf(found.node, step);
    return found;
  };
  const offsetOf = (path: Path, what: "key" | "value"): number => {
    const found = find(path);
    if (found !== undefined) return what === "key" ? found.keyOffset : found.node.offset;
    return path.length === 0 ? 0 : offsetOf(path.slice(0, -1), "key");
  };
  return {
    value: root?.value,
    source: (path) => {
      const node = find(path)?.node;
      return node?.source ?? (typeof node?.value === "string" ? node.value : undefined);
    },
    locate: (path, what = "value") => placeOf(lines, offsetOf(path, what)),
  };
}

interface Found {
  readonly node: YamlNode;
  /** Offset of the key; of the element itself in a list. */
  readonly keyOffset: number;
}

function childOf({ names, keyOffsets, children }: YamlNode, step: string | number): Found | undefined {
  const at = names === undefined ? Number(step) : names.indexOf(String(step));
  const node = children?.[at];
  return node && { node, keyOffset: keyOffsets?.[at] ?? node.offset };
}

function placeOf(lines: LineCounter, offset: number): { readonly line: number; readonly column: number } {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(1, line), column: Math.max(1, col) };
}
