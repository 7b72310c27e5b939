/**
 * Conversations of net/rpc over gob with their meaning: made with Go's own encoder, or captured from Google's health checker and
 * engine. Read by the tests of src/rpc.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { GobInterface, GobMap, GobOpaque, GobStruct, type GobValue } from "../../../src/rpc/gob-values.ts";

/** A value as the vectors have it: 64-bit integers as decimal digits, zero values absent or written out. */
export type Meaning =
  | null
  | boolean
  | number
  | string
  | readonly Meaning[]
  | { readonly [key: string]: Meaning };

/** One call of a conversation. */
export interface VectorCall {
  readonly method: string;
  readonly seq: number;
  readonly args: Meaning;
  readonly reply: Meaning;
  /** The server's error; absent when the call succeeds. */
  readonly error?: string;
}

/** One conversation. */
export interface GobVector {
  readonly name: string;
  readonly request: Uint8Array;
  readonly response: Uint8Array;
  readonly calls: readonly VectorCall[];
}

interface VectorFile {
  readonly vectors: readonly {
    readonly name: string;
    readonly request_hex: string;
    readonly response_hex: string;
    readonly calls: readonly VectorCall[];
  }[];
}

/** Every vector. */
export const GOB_VECTORS: readonly GobVector[] = readVectors();

/** The vectors whose response is short enough to be tried at each of its bytes. */
export const SHORT_VECTORS = GOB_VECTORS.filter(({ response }) => response.length < 4_000);

function readVectors(): GobVector[] {
  // The file beside this one has exactly this form.
  const { vectors } = JSON.parse(
    readFileSync(join(import.meta.dir, "gob-vectors.json"), "utf8"),
  ) as VectorFile;
  return vectors.map(({ name, request_hex, response_hex, calls }) => ({
    name,
    request: Uint8Array.fromHex(request_hex),
    response: Uint8Array.fromHex(response_hex),
    calls,
  }));
}

/** Finds a vector. @throws Error when no vector has the name */
export function gobVector(name: string): GobVector {
  const found = GOB_VECTORS.find((vector) => vector.name === name);
  if (found === undefined) throw new Error(`no vector ${name}`);
  return found;
}

/** Differences between a decoded value and its meaning, each with its place; empty when they agree. */
export function differences(meaning: Meaning, value: GobValue | undefined, place = "value"): string[] {
  const differs = () => [
    `${place}: ${Bun.inspect(value).slice(0, 200)} is not ${JSON.stringify(meaning)?.slice(0, 200)}`,
  ];
  const isText = meaning === "0" && value instanceof Uint8Array;
  if (!isText && isZero(meaning)) return isZeroValue(value) ? [] : differs();
  if (typeof meaning === "boolean") return value === meaning ? [] : differs();
  if (typeof meaning === "number") return value === BigInt(meaning) ? [] : differs();
  if (typeof meaning === "string") {
    const same =
      typeof value === "bigint"
        ? String(value) === meaning
        : hex(value) === Buffer.from(meaning).toString("hex");
    return same ? [] : differs();
  }
  if (Array.isArray(meaning)) {
    if (!Array.isArray(value) || value.length !== meaning.length) return differs();
    return meaning.flatMap((part: Meaning, index) => differences(part, value[index], `${place}[${index}]`));
  }
  return objectDifferences(meaning as { readonly [key: string]: Meaning }, value, place) ?? differs();
}

function objectDifferences(
  meaning: { readonly [key: string]: Meaning },
  value: GobValue | undefined,
  place: string,
): string[] | undefined {
  const { hex: bytes, len, starts, binary_hex: time, rfc3339, unsupported, "@type": type, configs } = meaning;
  if (typeof bytes === "string") return hex(value) === bytes ? [] : undefined;
  if (typeof time === "string") return hex(value) === time ? [] : undefined;
  if (typeof rfc3339 === "string") return unixMs(value) === Date.parse(rfc3339) ? [] : undefined;
  if (typeof len === "number" && typeof starts === "string")
    return value instanceof Uint8Array &&
      value.length === len &&
      Buffer.from(value).toString("latin1").startsWith(starts)
      ? []
      : undefined;
  if (typeof configs === "number") {
    const map = value instanceof GobStruct ? value.get("Configs") : undefined;
    if (!(map instanceof GobMap) || map.entries.length !== configs) return undefined;
    return mapDifferences(meaning["some"] as { readonly [key: string]: Meaning }, map, place);
  }
  if (type !== undefined) {
    if (!(value instanceof GobInterface) || value.name !== type) return undefined;
    if (unsupported === true) return [];
    const { "@type": _, ...fields } = meaning;
    return differences(fields, value.value, place);
  }
  if (value instanceof GobMap)
    return value.entries.length === Object.keys(meaning).length
      ? mapDifferences(meaning, value, place)
      : undefined;
  if (!(value instanceof GobStruct)) return undefined;
  return Object.entries(meaning).flatMap(([field, part]) =>
    differences(part, value.get(field), `${place}.${field}`),
  );
}

function mapDifferences(meaning: { readonly [key: string]: Meaning }, map: GobMap, place: string): string[] {
  const values = new Map(map.entries.map(([key, value]) => [String(key), value]));
  return Object.entries(meaning).flatMap(([key, part]) =>
    differences(part, values.get(key), `${place}[${key}]`),
  );
}

/** Go leaves zero values out, so a missing field and an empty object are the same. */
function isZero(meaning: Meaning | undefined): boolean {
  if (meaning === null || meaning === undefined || meaning === false || meaning === 0) return true;
  if (meaning === "" || meaning === "0") return true;
  return typeof meaning === "object" && Object.values(meaning).every(isZero);
}

function isZeroValue(value: GobValue | undefined): boolean {
  if (value === undefined || value === null || value === false || value === 0n) return true;
  if (value instanceof Uint8Array || Array.isArray(value)) return value.length === 0;
  if (value instanceof GobMap) return value.entries.length === 0;
  return value instanceof GobStruct && value.values.every(isZeroValue);
}

function hex(value: GobValue | undefined): string | undefined {
  const bytes = value instanceof GobOpaque ? value.bytes : value;
  return bytes instanceof Uint8Array ? bytes.toHex() : undefined;
}

/** Milliseconds since 1970 of Go's encoding of a time. */
function unixMs(value: GobValue | undefined): number | undefined {
  const bytes = value instanceof GobOpaque ? value.bytes : undefined;
  if (!(bytes instanceof Uint8Array)) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const seconds = Number(view.getBigInt64(1) - 62_135_596_800n);
  return seconds * 1_000 + Math.floor(view.getInt32(9) / 1e6);
}
