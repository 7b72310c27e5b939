/**
 * The gob decoder, sans-I/O: bytes from a socket in, split anywhere, values out. Each value is decoded by the definitions that its sender
 * has put into the stream. Decoding pauses when bytes are missing, and every few hundred values, so that the caller can do other work.
 *
 * Everything that a sender can make large is bounded: messages, strings, definitions, depth, the number of values.
 */
import { formatCount } from "../model/printable.ts";
import { type GobError, ReadProblem, showName } from "./gob-error.ts";
import { GobInput } from "./gob-input.ts";
import type { GobListType, GobMapType, GobStructType, GobType } from "./gob-type.ts";
import { GobTypes } from "./gob-types.ts";
import { GobComplex, GobInterface, GobMap, GobOpaque, GobStruct, type GobValue } from "./gob-values.ts";

/** Reason why decoding pauses: `more` bytes are needed; `busy` after a piece of work, to be continued. */
export type Pause = "more" | "busy";

/** Maximum number of values within one, definitions included; a set of 10,000 healthchecks has 300,000. */
export const MAX_VALUES = 2_000_000;
/** Maximum depth of structs, lists, maps and interfaces within each other; the engine's sets have 5. */
export const MAX_DEPTH = 32;
/** Maximum length of the name of an interface's type, in bytes; as in Go. */
const MAX_TYPE_NAME_BYTES = 1_024;
/** Values between two pauses: some 0.1 ms, and 2 ms before the code is compiled. */
const VALUES_PER_PAUSE = 128;

/** Decodes the values of one stream. After an error it must not be used any more. */
export class GobDecoder {
  readonly #input = new GobInput();
  readonly #types = new GobTypes();
  /** The part of the value that is being decoded, for errors. */
  readonly #place: (string | number)[] = [];
  #values = 0;
  #depth = 0;
  #untilPause = VALUES_PER_PAUSE;

  /** True if every received byte has been decoded. */
  get isAtBoundary(): boolean {
    return this.#input.isAtBoundary && this.#input.remaining === 0;
  }

  /**
   * Takes bytes in.
   *
   * @param bytes - may be reused by the caller afterwards
   * @throws GobError when too many wait to be decoded
   */
  feed(bytes: Uint8Array): void {
    this.#input.push(bytes);
  }

  /** Makes the error of a stream that ends before the value is complete. */
  endError(): GobError {
    const { isAtBoundary } = this.#input;
    const rest = isAtBoundary ? "before a complete value" : `after ${this.#input.describeRest()}`;
    return this.#input.error(`the stream ends ${rest}`, this.#formatPlace());
  }

  /** Decodes the next value of the stream. @throws GobError */
  *value(): Generator<Pause, GobValue, void> {
    this.#values = 0;
    this.#depth = 0;
    this.#place.length = 0;
    try {
      const type = this.#types.getOfValue(yield* this.#typeId(false));
      if (type.kind === "struct") this.#place.push(type.name);
      const value = yield* this.#single(type);
      if (this.#input.remaining > 0)
        throw new ReadProblem(`${formatCount(this.#input.remaining)} bytes follow the value in its message`);
      this.#place.length = 0;
      return value;
    } catch (error) {
      if (error instanceof ReadProblem) throw this.#input.error(error.message, this.#formatPlace());
      throw error;
    }
  }

  /** Reads definitions up to the id of a type. Only here a value may continue in the next message. */
  *#typeId(isInInterface: boolean): Generator<Pause, number, void> {
    for (;;) {
      if (this.#input.remaining === 0) {
        while (!this.#input.openMessage()) yield "more";
      }
      const id = this.#input.typeId();
      if (id >= 0) return id;
      yield* this.#definition(-id);
      if (this.#input.remaining === 0) continue;
      if (!isInInterface) throw new ReadProblem("bytes follow a definition in its message");
      // The length of the value; it is not needed.
      this.#input.count();
    }
  }

  *#definition(id: number): Generator<Pause, void, void> {
    this.#place.push(`definition[${id}]`);
    this.#types.define(id, yield* this.#struct(this.#types.definitionType));
    this.#place.pop();
  }

  /** Decodes a value that is not part of a struct, list or map: unless it is a struct, a 0 precedes it. */
  *#single(type: GobType): Generator<Pause, GobValue, void> {
    if (type.kind !== "struct" && this.#input.count() !== 0)
      throw new ReadProblem("a value that is not a struct does not begin with 0");
    return yield* this.#any(type);
  }

  *#any(type: GobType): Generator<Pause, GobValue, void> {
    const { kind } = type;
    if (kind === "struct") return yield* this.#struct(type);
    if (kind === "list") return yield* this.#list(type);
    if (kind === "map") return yield* this.#map(type);
    if (kind === "interface") return yield* this.#interface();
    return this.#basic(kind);
  }

  *#struct(type: GobStructType): Generator<Pause, GobStruct, void> {
    this.#enter();
    const values: (GobValue | undefined)[] = [];
    for (;;) {
      const delta = this.#input.count();
      if (delta === 0) break;
      const position = values.length - 1 + delta;
      const field = type.fields[position];
      if (field === undefined)
        throw new ReadProblem(`field ${formatCount(position)} of a struct with ${type.fields.length} fields`);
      this.#place.push(field.name);
      if (this.#countValues(delta)) yield "busy";
      while (values.length < position) values.push(undefined);
      const part = this.#types.get(field.id);
      // Only types with parts need a generator of their own.
      values.push(isBasic(part) ? this.#basic(part.kind) : yield* this.#any(part));
      this.#place.pop();
    }
    this.#depth--;
    return new GobStruct(type, values);
  }

  *#list(type: GobListType): Generator<Pause, GobValue[], void> {
    const count = this.#input.count();
    if (type.length !== undefined && type.length !== count)
      throw new ReadProblem(`${formatCount(count)} elements in an array of ${formatCount(type.length)}`);
    this.#checkCount(count, [type.element]);
    const values: GobValue[] = [];
    if (count === 0) return values;
    this.#enter();
    const part = this.#types.get(type.element);
    for (let index = 0; index < count; index++) {
      this.#place.push(index);
      if (this.#countValues(1)) yield "busy";
      values.push(isBasic(part) ? this.#basic(part.kind) : yield* this.#any(part));
      this.#place.pop();
    }
    this.#depth--;
    return values;
  }

  *#map(type: GobMapType): Generator<Pause, GobMap, void> {
    const count = this.#input.count();
    this.#checkCount(2 * count, [type.key, type.element]);
    const entries: [key: GobValue, value: GobValue][] = [];
    if (count === 0) return new GobMap(entries);
    this.#enter();
    const [keyType, elementType] = [this.#types.get(type.key), this.#types.get(type.element)];
    for (let index = 0; index < count; index++) {
      this.#place.push(index);
      if (this.#countValues(2)) yield "busy";
      const key = yield* this.#any(keyType);
      entries.push([key, yield* this.#any(elementType)]);
      this.#place.pop();
    }
    this.#depth--;
    return new GobMap(entries);
  }

  *#interface(): Generator<Pause, GobInterface | null, void> {
    const bytes = this.#input.bytes();
    const isName = bytes instanceof Uint8Array && bytes.length <= MAX_TYPE_NAME_BYTES;
    if (!isName) throw new ReadProblem("the name of an interface's type is too long");
    if (bytes.length === 0) return null;
    const name = Buffer.from(bytes).toString("utf8");
    this.#enter();
    this.#place.push(`(${name}`);
    const type = this.#types.getOfValue(yield* this.#typeId(true));
    // The length of the value: up to the end of it, or up to a definition within it.
    this.#input.count();
    const value = yield* this.#single(type);
    this.#place.pop();
    this.#depth--;
    return new GobInterface(name, value);
  }

  #basic(kind: BasicKind): GobValue {
    switch (kind) {
      case "bool":
        return this.#input.bool();
      case "int":
        return this.#input.int();
      case "uint":
        return this.#input.uint();
      case "float":
        return this.#input.float();
      case "complex":
        return new GobComplex(this.#input.float(), this.#input.float());
      case "bytes":
      case "string":
        return this.#input.bytes();
      case "opaque":
        return new GobOpaque(this.#input.bytes());
    }
  }

  #enter(): void {
    if (++this.#depth > MAX_DEPTH) throw new ReadProblem(`nested more than ${MAX_DEPTH} levels deep`);
  }

  /** Each value takes a byte at least. Values with interfaces continue in other messages, so their count is bounded by the limit alone. */
  #checkCount(count: number, parts: readonly number[]): void {
    if (count > this.#input.remaining && parts.every((id) => this.#types.isContained(id)))
      throw new ReadProblem(
        `${formatCount(count)} values are announced, the message has ${formatCount(this.#input.remaining)} more bytes`,
      );
    if (count > MAX_VALUES - this.#values) throw tooManyValues();
  }

  /** Counts values against the limit. @returns true when it is time for a pause */
  #countValues(count: number): boolean {
    this.#values += count;
    if (this.#values > MAX_VALUES) throw tooManyValues();
    this.#untilPause -= count;
    if (this.#untilPause > 0) return false;
    this.#untilPause = VALUES_PER_PAUSE;
    return true;
  }

  #formatPlace(): string {
    return this.#place.map(formatStep).join("");
  }
}

type BasicKind = Exclude<GobType["kind"], "struct" | "list" | "map" | "interface">;

function isBasic(type: GobType): type is GobType & { readonly kind: BasicKind } {
  const { kind } = type;
  return kind !== "struct" && kind !== "list" && kind !== "map" && kind !== "interface";
}

function tooManyValues(): ReadProblem {
  return new ReadProblem(`more than ${formatCount(MAX_VALUES)} values`);
}

function formatStep(step: string | number, index: number): string {
  if (typeof step === "number") return `[${step}]`;
  if (step.startsWith("(")) return `(${showName(step.slice(1))})`;
  return `${index === 0 ? "" : "."}${showName(step)}`;
}
