/**
 * Takes from the runtime in an executable the names of environment variables that it must not obey. Called by compile.ts.
 *
 * A compiled executable becomes the bun command with `BUN_BE_BUN=1`, runs any file with `BUN_OPTIONS=--preload=FILE`, and waits for a
 * debugger with `BUN_INSPECT=…?wait=1`, all before its own first line; the compiler has no option against it. The runtime holds these
 * names as C strings, each once. Their first byte becomes NUL: an empty name, which no environment has.
 */
import { closeSync, openSync, readSync, writeSync } from "node:fs";

/**
 * Seals variables.
 *
 * @param file - the executable
 * @param runtimeBytes - size of the runtime at its beginning: the program behind it may hold the same names
 * @throws Error when the runtime does not hold a name exactly once
 */
export function seal(file: string, runtimeBytes: number, names: readonly string[]): void {
  const fd = openSync(file, "r+");
  try {
    const runtime = Buffer.alloc(runtimeBytes);
    for (let at = 0; at < runtimeBytes; ) {
      const count = readSync(fd, runtime, at, runtimeBytes - at, at);
      if (count === 0) throw new Error(`seal the executable: it ends within the runtime, after ${at} bytes`);
      at += count;
    }
    for (const at of placesOf(names, runtime)) writeSync(fd, Buffer.of(0), 0, 1, at);
  } finally {
    closeSync(fd);
  }
}

/** Offsets of the names. */
function placesOf(names: readonly string[], runtime: Buffer): number[] {
  return names.map((name) => {
    const text = Buffer.from(`\0${name}\0`, "latin1");
    const at = runtime.indexOf(text);
    if (at < 0 || runtime.indexOf(text, at + 1) >= 0)
      throw new Error(`seal the executable: the runtime does not hold ${name} exactly once`);
    return at + 1;
  });
}
