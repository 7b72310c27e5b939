/**
 * The values of a YAML file with their places: built piece by piece out of the library's nodes, which need ten times the memory.
 * Follows aliases and merge keys (`<<: *common`), and bounds what they stand for.
 */
import { isAlias, isMap, isScalar, isSeq, type Node, type Pair, type Scalar } from "yaml";

/** A value and its place. */
export interface YamlNode {
  /** A plain value: string, number, bigint, boolean, null, list or object. */
  readonly value: unknown;
  /** Offset in the file, from 0. */
  readonly offset: number;
  /** Text in the file of a scalar that is not a string: `0660`. */
  readonly source?: string | undefined;
  /** Number of values in it, including itself and those that its aliases expand to. */
  readonly size: number;
  /** Names and places of the keys of a map. */
  readonly names?: readonly string[];
  readonly keyOffsets?: readonly number[];
  /** The elements of a list, or the values of a map. */
  readonly children?: readonly YamlNode[];
}

/** An error in the form of the file. */
export interface FormFault {
  /** Undefined for the file as a whole. */
  readonly offset: number | undefined;
  readonly message: string;
}

/** The error of a file that exceeds a bound; the rest is not read. */
export class YamlBoundError extends Error {
  override readonly name = "YamlBoundError";

  /** @param offset - undefined for the file as a whole */
  constructor(
    message: string,
    readonly offset?: number,
  ) {
    super(message);
  }
}

/** Numbers that Rust's serde_yaml reads and the core schema of YAML 1.2 does not: `0b101`, `+0x1F`. */
const RADIX_NUMBER = /^([-+]?)(0(?:b[01]+|x[0-9a-fA-F]+|o[0-7]+))$/;
const MERGE_KEY = "<<";
/** Maximum number of keys in a map; a larger object takes long to make. */
const MAX_KEYS = 10_000;

/** A list or map whose first elements are known, or all of them. */
class Collection {
  readonly names: string[] = [];
  readonly keyOffsets: number[] = [];
  readonly children: YamlNode[] = [];
  /** The maps of the merge keys; the first one overrides the others. */
  readonly merged: YamlNode[] = [];
  #known: Set<string> | undefined;

  /** @param offset - of its beginning */
  constructor(readonly offset: number) {}

  /** @returns false for a duplicate key @throws YamlBoundError */
  addKey(name: string, keyOffset: number): boolean {
    this.#known ??= new Set();
    if (this.#known.has(name)) return false;
    if (this.#known.size >= MAX_KEYS)
      throw new YamlBoundError(`more than ${MAX_KEYS} keys in one map, the maximum`, keyOffset);
    this.#known.add(name);
    this.names.push(name);
    this.keyOffsets.push(keyOffset);
    return true;
  }
}

/** Builds the tree of one file. */
export class TreeBuilder {
  readonly #bigIntegers: boolean;
  readonly #maxValues: number;
  readonly #fault: (fault: FormFault) => void;
  /** The value of an anchor is undefined while it is being read. */
  readonly #anchors = new Map<string, YamlNode | undefined>();
  /** Collections whose first elements are already built, by their tokens. */
  readonly #started = new WeakMap<object, Collection>();
  #values = 0;

  /**
   * @param bigIntegers - whether integers are bigint
   * @param maxValues - how many values the file may hold, those of its aliases included
   * @param fault - takes what is wrong with the form
   */
  constructor(bigIntegers: boolean, maxValues: number, fault: (fault: FormFault) => void) {
    this.#bigIntegers = bigIntegers;
    this.#maxValues = maxValues;
    this.#fault = fault;
  }

  /** Builds the first elements of an unfinished collection. @param token - of the parser @param offset - of the collection */
  begin(token: object, offset: number, piece: Node | null): void {
    const collection = this.#started.get(token) ?? new Collection(offset);
    this.#started.set(token, collection);
    this.#addTo(collection, piece);
  }

  /** @throws YamlBoundError */
  build(node: Node | null): YamlNode {
    if (node === null) return this.#counted({ value: null, offset: 0, size: 1 }, 1);
    if (isAlias(node)) return this.#resolve(node.source, offsetOf(node));
    const anchor = "anchor" in node ? node.anchor : undefined;
    if (anchor !== undefined) this.#anchors.set(anchor, undefined);
    const built = isScalar(node) ? this.#scalar(node) : this.#collection(node);
    if (anchor !== undefined) this.#anchors.set(anchor, built);
    return built;
  }

  #counted(node: YamlNode, size: number): YamlNode {
    this.#values += size;
    if (this.#values > this.#maxValues)
      throw new YamlBoundError(`more than ${this.#maxValues} values, the maximum`, node.offset);
    return node;
  }

  #scalar(node: Scalar): YamlNode {
    const { value, source } = node;
    const offset = offsetOf(node);
    if (typeof value === "string") return this.#counted({ ...this.#text(node, value), offset, size: 1 }, 1);
    return this.#counted({ value, source, offset, size: 1 }, 1);
  }

  #text({ type, tag }: Scalar, value: string): Pick<YamlNode, "value" | "source"> {
    const [, sign, digits] = (type === "PLAIN" && tag === undefined && RADIX_NUMBER.exec(value)) || [];
    if (digits === undefined) return { value };
    const whole = BigInt(digits) * (sign === "-" ? -1n : 1n);
    return { value: this.#bigIntegers ? whole : Number(whole), source: value };
  }

  #resolve(anchor: string, offset: number): YamlNode {
    const target = this.#anchors.get(anchor);
    if (target !== undefined) {
      if (this.#values + target.size > this.#maxValues)
        throw new YamlBoundError(`Excessive alias count: more than ${this.#maxValues} values, the maximum`);
      return this.#counted({ ...target, offset }, target.size);
    }
    // The name of an unknown anchor may be a secret in the wrong place.
    const message = this.#anchors.has(anchor)
      ? `the alias *${anchor} refers to a value that contains it`
      : "Unresolved alias (the anchor must be set before the alias)";
    this.#fault({ offset, message });
    return { value: null, offset, size: 1 };
  }

  #collection(node: Node): YamlNode {
    const token = "srcToken" in node ? node.srcToken : undefined;
    const collection = (token && this.#started.get(token)) ?? new Collection(offsetOf(node));
    this.#addTo(collection, node);
    const { offset } = collection;
    if (isSeq(node)) {
      const { children } = collection;
      return this.#counted(
        { value: children.map(({ value }) => value), children, offset, size: sizeOf(children) },
        1,
      );
    }
    return this.#counted(mapNode(collection, offset), 1);
  }

  #addTo(collection: Collection, node: Node | null): void {
    if (isSeq(node)) for (const item of node.items) collection.children.push(this.build(item as Node | null));
    if (isMap(node))
      for (const pair of node.items) this.#addPair(collection, pair as Pair<Node | null, Node | null>);
  }

  #addPair(collection: Collection, { key, value }: Pair<Node | null, Node | null>): void {
    const offset = key === null ? 0 : offsetOf(key);
    if (isScalar(key) && key.type === "PLAIN" && key.source === MERGE_KEY) {
      this.#merge(collection, this.build(value));
      return;
    }
    const name = this.#name(key);
    const child = value === null ? { value: null, offset, size: 1 } : this.build(value);
    if (collection.addKey(name, offset)) collection.children.push(child);
    else this.#fault({ offset, message: "Map keys must be unique" });
  }

  #name(key: Node | null): string {
    if (key === null) return "";
    if (isScalar(key)) {
      const { anchor } = key;
      if (anchor !== undefined) this.build(key);
      return key.value === null ? "" : String(key.value);
    }
    const { value } = this.build(key);
    return typeof value === "object" ? "(not text)" : String(value);
  }

  #merge(collection: Collection, source: YamlNode): void {
    const maps = source.names === undefined ? (source.children ?? []) : [source];
    if ((maps.length === 0 && !Array.isArray(source.value)) || maps.some(({ names }) => names === undefined))
      this.#fault({
        offset: source.offset,
        message: "a merge key (<<) must have a map or a list of maps as its value",
      });
    else collection.merged.push(...maps);
  }
}

/** Adds the merged keys that a map does not have. */
function mapNode(collection: Collection, offset: number): YamlNode {
  const { names, keyOffsets, children, merged } = collection;
  for (const source of merged) {
    source.names?.forEach((name, at) => {
      const child = source.children?.[at];
      if (child !== undefined && collection.addKey(name, source.keyOffsets?.[at] ?? 0)) children.push(child);
    });
  }
  if (names.length === 0) return { value: {}, names: NONE, offset, size: 1 };
  const value: Record<string, unknown> = {};
  names.forEach((name, at) => {
    // A plain assignment would set the prototype.
    if (name === "__proto__")
      Object.defineProperty(value, name, {
        value: children[at]?.value,
        enumerable: true,
        configurable: true,
      });
    else value[name] = children[at]?.value;
  });
  return { value, names, keyOffsets, children, offset, size: sizeOf(children) };
}

const NONE: readonly string[] = [];

function sizeOf(children: readonly YamlNode[]): number {
  return children.reduce((sum, { size }) => sum + size, 1);
}

function offsetOf(node: Node): number {
  return node.range?.[0] ?? 0;
}
