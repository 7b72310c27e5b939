/**
 * The values of a YAML file with their places: built piece by piece out of the library's nodes, which need ten times the memory.
 * Follows aliases and merge keys (`<<: *common`), and bounds what they stand for.
 */
import { isAlias, isMap, isScalar, isSeq, type Node, type Pair, type Scalar } from "yaml";

/** A value and where it stands. */
export interface YamlNode {
  /** A plain value: text, number, bigint, boolean, null, list or object. */
  readonly value: unknown;
  /** In the file, from 0. */
  readonly offset: number;
  /** Of a scalar that is not text, as it stands in the file: `0660`. */
  readonly source?: string | undefined;
  /** How many values it holds, itself and those of its aliases included. */
  readonly size: number;
  /** Of a map, one element a key: its name and its place. */
  readonly names?: readonly string[];
  readonly keyOffsets?: readonly number[];
  /** Of a list its elements, of a map the values of its keys. */
  readonly children?: readonly YamlNode[];
}

/** Something that is wrong with the form of the file. */
export interface FormFault {
  /** Undefined when it is the file as a whole. */
  readonly offset: number | undefined;
  readonly message: string;
}

/** The file is beyond a bound; reading it ends here. */
export class YamlBoundError extends Error {
  override readonly name = "YamlBoundError";

  /** @param offset - undefined when it is the file as a whole */
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
/** Of one map; an object of more would take long to make. */
const MAX_KEYS = 10_000;

/** A list or map of which the first elements are known, or all. */
class Collection {
  readonly names: string[] = [];
  readonly keyOffsets: number[] = [];
  readonly children: YamlNode[] = [];
  /** The maps behind the merge keys, the first of which wins. */
  readonly merged: YamlNode[] = [];
  #known: Set<string> | undefined;

  /** @param offset - where it begins */
  constructor(readonly offset: number) {}

  /** @returns false when it has the key already @throws YamlBoundError */
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
  /** An anchor stands for `undefined` while what it names is being read. */
  readonly #anchors = new Map<string, YamlNode | undefined>();
  /** Collections of which the first elements were taken already, by the parser's token. */
  readonly #started = new WeakMap<object, Collection>();
  #values = 0;

  /**
   * @param bigIntegers - whether whole numbers are bigint
   * @param maxValues - how many values the file may hold, those of its aliases included
   * @param fault - takes what is wrong with the form
   */
  constructor(bigIntegers: boolean, maxValues: number, fault: (fault: FormFault) => void) {
    this.#bigIntegers = bigIntegers;
    this.#maxValues = maxValues;
    this.#fault = fault;
  }

  /** Takes the first elements of a collection that the parser has not finished. @param token - the parser's @param offset - its place */
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
    // An anchor's name may be a secret in the wrong place, unless there is such an anchor.
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

/** A map with the merged keys that it has not itself. */
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
