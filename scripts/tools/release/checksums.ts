/** SHA-256 sums, as `sha256sum -c` reads them. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { basename } from "node:path";

/** Returns the checksum of a file, hexadecimal. */
export function sha256(file: string): string {
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}

/** A line for each file, without its directory, in the order of the names. */
export function checksums(files: readonly string[]): string {
  const sorted = [...files].sort((a, b) => (basename(a) < basename(b) ? -1 : 1));
  return sorted.map((file) => `${sha256(file)}  ${basename(file)}\n`).join("");
}
