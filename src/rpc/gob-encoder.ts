/**
 * The gob encoder: builds the messages of values whose types are declared here. A type has a fixed id, so its definition is a constant; it
 * is written once in a stream, before the first value that needs it.
 */
import { bytesOfText } from "../model/bytes.ts";

const [BOOL, INT, UINT, BYTES, STRING] = [1, 2, 3, 5, 6];
/** Positions of the members of `wireType`, from 1. */
const [SLICE_MEMBER, STRUCT_MEMBER, OPAQUE_MEMBER] = [2, 3, 5];
const MAX_ONE_BYTE = 0x7fn;
/** Largest integer that is written without bigints. */
const MAX_NUMBER = 2 ** 48 - 1;

/** A type that can be written. */
export interface GobEncoding<Value> {
  /** Below 64 for a predefined type, which needs no definition. */
  readonly id: number;
  /** True if a value of its own has no 0 before it. */
  readonly isStruct: boolean;
  /** Types that must be defined with this one, in the order of Go. */
  readonly parts: readonly GobEncoding<never>[];
  /** Writes the definition: a value of the struct `wireType`. */
  define(out: GobWriter): void;
  /** True for values that a struct leaves out. */
  isZero(value: Value): boolean;
  write(out: GobWriter, value: Value): void;
}

/** Values that a type encodes. */
export type ValueOfEncoding<Type> = Type extends GobEncoding<infer Value> ? Value : never;

/** Collects bytes. */
export class GobWriter {
  #bytes = new Uint8Array(256);
  #length = 0;

  /** Returns the bytes so far; they are no copy. */
  get written(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Writes an unsigned integer. @param value - 0 to 2^64 − 1 */
  uint(value: number | bigint): void {
    if (typeof value === "number" && value >= 0 && value <= MAX_NUMBER) {
      this.#small(value);
      return;
    }
    const wide = BigInt.asUintN(64, BigInt(value));
    if (wide <= MAX_ONE_BYTE) {
      this.#byte(Number(wide));
      return;
    }
    const size = Math.ceil(wide.toString(16).length / 2);
    this.#byte(0x100 - size);
    for (let shift = BigInt(8 * (size - 1)); shift >= 0n; shift -= 8n)
      this.#byte(Number((wide >> shift) & 0xffn));
  }

  /** Writes a signed integer. @param value - −2^63 to 2^63 − 1 */
  int(value: number | bigint): void {
    if (typeof value === "number" && value >= 0 && value <= MAX_NUMBER / 2) {
      this.#small(2 * value);
      return;
    }
    const wide = BigInt.asIntN(64, BigInt(value));
    this.uint(wide < 0n ? (~wide << 1n) | 1n : wide << 1n);
  }

  /** Writes bytes behind their length. */
  bytes(bytes: Uint8Array): void {
    this.uint(bytes.length);
    this.raw(bytes);
  }

  /** Writes bytes as they are. */
  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Writes an unsigned integer of at most 48 bits, without bigints. */
  #small(value: number): void {
    if (value <= MAX_ONE_BYTE) {
      this.#byte(value);
      return;
    }
    let size = 1;
    for (let rest = value; rest >= 0x100; rest = Math.floor(rest / 0x100)) size++;
    this.#byte(0x100 - size);
    this.#reserve(size);
    let rest = value;
    for (let at = this.#length + size - 1; at >= this.#length; at--) {
      this.#bytes[at] = rest % 0x100;
      rest = Math.floor(rest / 0x100);
    }
    this.#length += size;
  }

  #byte(byte: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = byte;
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#length + count, 2 * this.#bytes.length));
    grown.set(this.written);
    this.#bytes = grown;
  }
}

function basic<Value>(
  id: number,
  isZero: (value: Value) => boolean,
  write: (out: GobWriter, value: Value) => void,
): GobEncoding<Value> {
  return { id, isStruct: false, parts: [], define: () => {}, isZero, write };
}

function isZeroNumber(value: number | bigint): boolean {
  return value === 0 || value === 0n;
}

/** A boolean. */
export const gobBool = basic<boolean>(
  BOOL,
  (value) => !value,
  (out, value) => out.uint(value ? 1 : 0),
);
/** A signed integer. */
export const gobInt = basic<number | bigint>(INT, isZeroNumber, (out, value) => out.int(value));
/** An unsigned integer. */
export const gobUint = basic<number | bigint>(UINT, isZeroNumber, (out, value) => out.uint(value));
/** Bytes. */
export const gobBytes = basic<Uint8Array>(
  BYTES,
  (value) => value.length === 0,
  (out, value) => out.bytes(value),
);
/** A string, in UTF-8; lone surrogates become U+FFFD. */
export const gobString = basic<string>(
  STRING,
  (value) => value === "",
  (out, value) => out.bytes(bytesOfText(value)),
);

/** Makes a type that its Go type encodes itself, such as time.Time. @param id - 65 or more, unique in a stream */
export function gobOpaque(id: number, name = ""): GobEncoding<Uint8Array> {
  return {
    ...basic<Uint8Array>(
      id,
      (value) => value.length === 0,
      (out, value) => out.bytes(value),
    ),
    define: (out) => {
      out.uint(OPAQUE_MEMBER);
      out.uint(1);
      writeNamed(out, name, id);
      endStructs(out, 2);
    },
  };
}

/** Makes a slice type. @param id - 65 or more, unique in a stream */
export function gobSlice<Value>(
  id: number,
  element: GobEncoding<Value>,
  name = "",
): GobEncoding<readonly Value[]> {
  return {
    id,
    isStruct: false,
    parts: [element],
    define: (out) => {
      out.uint(SLICE_MEMBER);
      out.uint(1);
      writeNamed(out, name, id);
      out.uint(1);
      out.int(element.id);
      endStructs(out, 2);
    },
    isZero: (values) => values.length === 0,
    write: (out, values) => {
      out.uint(values.length);
      for (const value of values) element.write(out, value);
    },
  };
}

/** Values of a struct; an absent pointer is undefined. */
type StructValues<Fields> = {
  readonly [Name in keyof Fields]: ValueOfEncoding<Fields[Name]> | undefined;
};

/**
 * Makes a struct type.
 *
 * @param id - 65 or more, unique in a stream
 * @param fields - in the order of their declaration, by the names of Go
 */
export function gobStruct<const Fields extends Readonly<Record<string, GobEncoding<never>>>>(
  id: number,
  fields: Fields,
  name = "",
): GobEncoding<StructValues<Fields>> {
  // A field's encoding takes the values of that field, which the type of a list of all fields cannot say.
  const entries = Object.entries(fields) as unknown as readonly [keyof Fields, GobEncoding<unknown>][];
  return {
    id,
    isStruct: true,
    parts: Object.values(fields),
    define: (out) => {
      out.uint(STRUCT_MEMBER);
      out.uint(1);
      writeNamed(out, name, id);
      if (entries.length > 0) writeFields(out, entries);
      endStructs(out, 2);
    },
    // A struct within a struct is sent even when it is empty.
    isZero: () => false,
    write: (out, values) => {
      let last = -1;
      for (const [position, [field, type]] of entries.entries()) {
        const value: unknown = values[field];
        if (value === undefined || type.isZero(value)) continue;
        out.uint(position - last);
        type.write(out, value);
        last = position;
      }
      endStructs(out, 1);
    },
  };
}

function writeFields(
  out: GobWriter,
  entries: readonly (readonly [name: PropertyKey, type: GobEncoding<unknown>])[],
): void {
  out.uint(1);
  out.uint(entries.length);
  for (const [name, { id }] of entries) writeNamed(out, String(name), id);
}

/** Writes a `CommonType` or a `fieldType`: both are a name and an id. */
function writeNamed(out: GobWriter, name: string, id: number): void {
  if (name !== "") {
    out.uint(1);
    out.bytes(bytesOfText(name));
  }
  out.uint(name === "" ? 2 : 1);
  out.int(id);
  endStructs(out, 1);
}

function endStructs(out: GobWriter, count: number): void {
  for (let index = 0; index < count; index++) out.uint(0);
}

/** Encodes the values of one stream. */
export class GobEncoder {
  readonly #defined = new Set<number>();

  /** Encodes a value, behind the definitions that the stream does not have yet. */
  encode<Value>(type: GobEncoding<Value>, value: Value): Uint8Array {
    const out = new GobWriter();
    this.#define(out, type);
    const body = new GobWriter();
    body.int(type.id);
    if (!type.isStruct) body.uint(0);
    type.write(body, value);
    out.bytes(body.written);
    return out.written;
  }

  #define(out: GobWriter, type: Pick<GobEncoding<never>, "id" | "parts" | "define">): void {
    const isPredefined = type.id < 64;
    if (isPredefined || this.#defined.has(type.id)) return;
    this.#defined.add(type.id);
    const body = new GobWriter();
    body.int(-type.id);
    type.define(body);
    out.bytes(body.written);
    for (const part of type.parts) this.#define(out, part);
  }
}
