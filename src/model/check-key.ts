/** The key of a check, which is the same in every process: a healthcheck is recognized by it after a restart. */
import type { AnyCheckSpec } from "./spec.ts";

/** 128 bits: two different checks never share a key. */
const KEY_CHARS = 32;
const keys = new WeakMap<AnyCheckSpec, string>();

/**
 * Returns the key of a check, the beginning of the SHA-256 of its normalized specification. Equal checks have equal keys: a check type
 * writes its fields in one order.
 */
export function checkKey(check: AnyCheckSpec): string {
  const known = keys.get(check);
  if (known !== undefined) return known;
  const key = new Bun.CryptoHasher("sha256").update(JSON.stringify(check)).digest("hex").slice(0, KEY_CHARS);
  keys.set(check, key);
  return key;
}
