/**
 * The clock that no adjustment of the wall clock moves, and the boot that it belongs to: with both a process measures how much time has
 * passed since an earlier process looked.
 */
import { readFileSync } from "node:fs";
import { CLOCK_BOOTTIME, libc } from "./libc.ts";

const NS_PER_MS = 1_000_000;
const MS_PER_S = 1_000;
const BOOT_ID = "/proc/sys/kernel/random/boot_id";
/** Stands for a boot whose id cannot be read: systemd's ProcSubset=pid hides it. */
const UNKNOWN_BOOT = "0".repeat(32);

/** A moment, on the wall clock and on the clock of a boot. */
export interface Moment {
  /** Milliseconds since 1970. */
  readonly wallMs: number;
  /** Milliseconds since the boot, suspended time included. */
  readonly bootMs: number;
  /** 32 hexadecimal digits; zeros if the boot is not known. */
  readonly bootId: string;
}

const bootId = readBootId();

/** Returns the milliseconds since the boot, suspended time included. */
export function currentBootMs(): number {
  const time = new BigInt64Array(2);
  libc.clock_gettime(CLOCK_BOOTTIME, time);
  const [seconds = 0n, nanoseconds = 0n] = time;
  return Number(seconds) * MS_PER_S + Number(nanoseconds) / NS_PER_MS;
}

/** Returns the current moment. @param wallMs - milliseconds since 1970 */
export function currentMoment(wallMs: number): Moment {
  return { wallMs, bootMs: currentBootMs(), bootId };
}

/**
 * Returns the milliseconds from one moment to a later one: by the clock of the boot if both belong to the same one, whatever the wall
 * clock did meanwhile, otherwise by the wall clock.
 *
 * @param sameBoot - see {@link isSameBoot}
 */
export function elapsedMs(from: Moment, to: Moment, sameBoot = false): number {
  return isSameBoot(from, to, sameBoot) ? to.bootMs - from.bootMs : to.wallMs - from.wallMs;
}

/**
 * Reports whether two moments, the earlier one first, belong to one boot.
 *
 * @param sameBoot - the answer if the id of one of the boots is not known
 */
export function isSameBoot(from: Moment, to: Moment, sameBoot: boolean): boolean {
  const isKnown = from.bootId !== UNKNOWN_BOOT && to.bootId !== UNKNOWN_BOOT;
  return (isKnown ? from.bootId === to.bootId : sameBoot) && to.bootMs >= from.bootMs;
}

function readBootId(): string {
  try {
    const digits = readFileSync(BOOT_ID, "utf8").replaceAll(/[^0-9a-f]/g, "");
    return digits.length === UNKNOWN_BOOT.length ? digits : UNKNOWN_BOOT;
  } catch {
    return UNKNOWN_BOOT;
  }
}
