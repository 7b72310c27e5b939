/** Reads the fields of the engine's structs into values of CONFIG. A value of another type is an error in the CONFIG field that it would become. */
import { textOfBytes } from "../model/bytes.ts";
import { bytesNotShown } from "../redaction/marks.ts";
import { FieldError } from "../schema/field-error.ts";
import { notValid } from "../schema/problem.ts";
import { GobLongBytes, type GobStruct } from "./gob-values.ts";

/** A CONFIG of the protocol, or some of its fields. */
export type Config = Readonly<Record<string, unknown>>;

const NOTHING = new Uint8Array();

/**
 * Reads an integer; 0 when it is absent.
 *
 * @param field - name in CONFIG, for the error
 * @throws FieldError
 */
export function integerOf(struct: GobStruct, name: string, field: string): bigint {
  const value = struct.get(name) ?? 0n;
  if (typeof value !== "bigint") throw new FieldError(field, otherType("an integer"));
  return value;
}

/** Reads a boolean; false when it is absent. @throws FieldError */
export function booleanOf(struct: GobStruct, name: string, field: string): boolean {
  const value = struct.get(name) ?? false;
  if (typeof value !== "boolean") throw new FieldError(field, otherType("a boolean"));
  return value;
}

/** Reads a string or bytes; empty when they are absent. @throws FieldError */
export function bytesOf(struct: GobStruct, name: string, field: string): Uint8Array {
  const value = struct.get(name) ?? NOTHING;
  if (value instanceof GobLongBytes)
    throw new FieldError(field, `too long ${bytesNotShown(value.byteLength)}; must be at most 1 MiB`);
  if (!(value instanceof Uint8Array)) throw new FieldError(field, otherType("a string"));
  return value;
}

/** Reads a string in UTF-8; empty when it is absent. @throws FieldError */
export function textOf(struct: GobStruct, name: string, field: string): string {
  const bytes = bytesOf(struct, name, field);
  const text = textOfBytes(bytes);
  if (text === undefined)
    throw new FieldError(field, `not UTF-8 ${bytesNotShown(bytes.length)}; must be a string in UTF-8`);
  return text;
}

/** Reads bytes to send or to expect: as `field`, or as `field_hex` when they are not text. @throws FieldError */
export function payloadOf(struct: GobStruct, name: string, field: string): Config {
  const bytes = bytesOf(struct, name, field);
  if (bytes.length === 0) return {};
  const text = textOfBytes(bytes);
  return text === undefined ? { [`${field}_hex`]: bytes.toHex() } : { [field]: text };
}

/** Returns an integer as a number where that is exact. */
export function anyNumber(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** Leaves a field out when it has Go's zero value, which on the wire is the same as absent. */
export function unlessZero<Value>(field: string, value: Value): Config {
  return value === "" || value === 0 || value === false ? {} : { [field]: value };
}

function otherType(rule: string): string {
  return notValid("a value of another type", rule);
}
