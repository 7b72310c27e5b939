/** Decoded gob values. Integers are bigints, strings are bytes: the sender's strings need not be UTF-8. */
import type { GobStructType } from "./gob-type.ts";

/** A value of any type; null is an interface that holds nothing. */
export type GobValue =
  | boolean
  | bigint
  | number
  | Uint8Array
  | GobLongBytes
  | GobOpaque
  | GobComplex
  | GobStruct
  | GobMap
  | GobInterface
  | readonly GobValue[]
  | null;

/** A string or bytes that are too long to be kept. */
export class GobLongBytes {
  constructor(readonly byteLength: number) {}
}

/** A complex number. */
export class GobComplex {
  constructor(
    readonly real: number,
    readonly imaginary: number,
  ) {}
}

/** A value that its Go type has encoded itself, such as time.Time. */
export class GobOpaque {
  constructor(readonly bytes: Uint8Array | GobLongBytes) {}
}

/** A struct with the fields that its sender's type declares. */
export class GobStruct {
  readonly type: GobStructType;
  /** By the position of the field; undefined and positions behind the end are absent, which means the zero value. */
  readonly values: readonly (GobValue | undefined)[];

  constructor(type: GobStructType, values: readonly (GobValue | undefined)[]) {
    this.type = type;
    this.values = values;
  }

  /** Returns the value of a field; undefined when it is absent or not declared. */
  get(field: string): GobValue | undefined {
    const position = this.type.positions.get(field);
    return position === undefined ? undefined : this.values[position];
  }
}

/** A map in the order in which it was sent; a key may repeat in a broken stream. */
export class GobMap {
  constructor(readonly entries: readonly (readonly [key: GobValue, value: GobValue])[]) {}
}

/** The value of an interface, with the name under which its type is registered: `*healthcheck.TCPChecker`. */
export class GobInterface {
  constructor(
    readonly name: string,
    readonly value: GobValue,
  ) {}
}
