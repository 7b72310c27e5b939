/**
 * YAML with places: reads a document so that every fault can be told with line and column. Used for the configuration
 * file and the standalone checks file.
 */
import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  LineCounter,
  parseDocument,
  visit,
  type YAMLError,
} from "yaml";
import type { FileFault } from "./fault.ts";

/** One broken line may break all that follow: the rest is told as a number. */
const MOST_FAULTS = 20;

/** A way from the root of a document to a value. */
export type Path = readonly (string | number)[];

/** A document that is well-formed. */
export interface YamlFile {
  /** Plain values; whole numbers are bigint where that was asked for. */
  readonly value: unknown;
  /** The source text of a scalar as it stands in the file, `0660`; undefined when there is none. */
  source(path: Path): string | undefined;
  /** Where a value, or a key of a map, stands; the nearest enclosing one when there is none. */
  locate(path: Path, what?: "key" | "value"): { readonly line: number; readonly column: number };
}

/**
 * Reads a document.
 *
 * @param options - `bigIntegers`: whole numbers become bigint, so that 64-bit ids keep their digits
 * @returns the document, or everything that is wrong with its form
 */
export function readYaml(
  text: string,
  options: { readonly bigIntegers: boolean },
): { readonly file: YamlFile } | { readonly faults: readonly FileFault[] } {
  const counter = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: counter,
    intAsBigInt: options.bigIntegers,
    prettyErrors: false,
    logLevel: "error",
  });
  if (document.errors.length > 0) {
    const faults: FileFault[] = document.errors.slice(0, MOST_FAULTS).map((error) => {
      const { line, col } = counter.linePos(error.pos[0]);
      return { line, column: col, key: "", message: `not valid YAML: ${wordsOf(error)}` };
    });
    const rest = document.errors.length - faults.length;
    if (rest > 0) faults.push({ key: "", message: `not valid YAML: ${rest} more faults` });
    return { faults };
  }
  try {
    const endless = findEndless(document);
    if (endless !== undefined) {
      const { line, col } = counter.linePos(endless.range?.[0] ?? 0);
      const message = `not valid YAML: the alias *${endless.source} stands inside of what it stands for`;
      return { faults: [{ line, column: col, key: "", message }] };
    }
    // Aliases are limited by the library, so that a small file cannot become a large value.
    return { file: yamlFile(document, counter, document.toJS()) };
  } catch (error) {
    const words = error instanceof Error ? withoutSource(error.message) : String(error);
    return { faults: [{ key: "", message: `not valid YAML: ${words}` }] };
  }
}

/** The library's words, but for its advice to whoever writes programs. */
function wordsOf({ code, message }: YAMLError): string {
  if (code === "MULTIPLE_DOCS") return "a second document begins here (---), only one is allowed";
  return withoutSource(message);
}

/** The library quotes what it stumbles over, which may be a secret; line and column say where it is. */
function withoutSource(message: string): string {
  return message.replace(/(?<=\S): .*/s, "").replace(/(escape sequence).*/s, "$1");
}

/** An alias within its own anchor: nothing could walk through such a value to its end. */
function findEndless(document: Document): Alias | undefined {
  let found: Alias | undefined;
  // The library would look for the anchor of each alias in the whole document again.
  const anchors = new Map<string, unknown>();
  visit(document, {
    Node: (_key, node, path) => {
      if (isAlias(node)) {
        const target = anchors.get(node.source);
        if (target === undefined || !path.some((outer) => outer === target)) return undefined;
        found = node;
        return visit.BREAK;
      }
      if ("anchor" in node && node.anchor !== undefined) anchors.set(node.anchor, node);
      return undefined;
    },
  });
  return found;
}

function yamlFile(document: Document, counter: LineCounter, value: unknown): YamlFile {
  const offsetOf = (path: Path, what: "key" | "value"): number => {
    const parent = path.length === 0 ? undefined : document.getIn(path.slice(0, -1), true);
    if (what === "key" && isMap(parent)) {
      const last = String(path.at(-1));
      const pair = parent.items.find(({ key }) => isScalar(key) && String(key.value) === last);
      if (pair !== undefined && isScalar(pair.key)) return pair.key.range?.[0] ?? 0;
    }
    const node = path.length === 0 ? document.contents : document.getIn(path, true);
    const range = typeof node === "object" && node !== null && "range" in node ? node.range : undefined;
    if (Array.isArray(range) && typeof range[0] === "number") return range[0];
    return path.length === 0 ? 0 : offsetOf(path.slice(0, -1), "key");
  };
  return {
    value,
    source: (path) => {
      const node = document.getIn(path, true);
      return isScalar(node) ? node.source : undefined;
    },
    locate: (path, what = "value") => {
      const { line, col } = counter.linePos(offsetOf(path, what));
      return { line: Math.max(1, line), column: Math.max(1, col) };
    },
  };
}
