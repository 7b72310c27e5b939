/** Memory that the process holds and does not need. */
import { edenGC } from "bun:jsc";
import { readFileSync } from "node:fs";
import { libc, MADV_DONTNEED } from "./libc.ts";

/** A read-only part of the executable: `start-end r-xp offset device inode path`. */
const PART = /^([0-9a-f]+)-([0-9a-f]+) r-xp [0-9a-f]+ \S+ [1-9]\d* +(\S.*)$/gm;

/**
 * Gives back the pages of the executable that were touched while it started, some 30 MB, most of which are not needed again. They
 * are clean pages of a file: what is needed is mapped again from the page cache.
 */
export function releaseStartupPages(): void {
  let maps: string;
  try {
    maps = readFileSync("/proc/self/maps", "utf8");
  } catch {
    // No /proc: then it stays as it is.
    return;
  }
  for (const [, start, end, path] of maps.matchAll(PART)) {
    if (path !== process.execPath) continue;
    const from = BigInt(`0x${start}`);
    libc.madvise(from, BigInt(`0x${end}`) - from, MADV_DONTNEED);
  }
}

/**
 * Collects the garbage made since the last collection, which takes some milliseconds. The runtime waits until there is as much of it as
 * there is memory in use, so beside a line of 60 MiB it would let another 100 MB gather.
 */
export function collectYoung(): void {
  edenGC();
}
