/** File modes of a socket: how they are written, and who may connect with them. */

/** Three octal digits, with or without the prefixes of C and YAML. */
export const MODE_DIGITS = /^(?:0o?)?[0-7]{3}$/;

/** Reads a mode that matches {@link MODE_DIGITS}. */
export function readMode(digits: string): number {
  return Number.parseInt(digits.replace(/^0o?(?=...)/, ""), 8);
}

/** Whether the owner can connect: that takes rw. */
export function ownerMayConnect(mode: number): boolean {
  return (mode & 0o600) === 0o600;
}

/** Whether every user of the host can connect: writing is enough. */
export function othersMayConnect(mode: number): boolean {
  return (mode & 0o002) !== 0;
}

/** A mode as it was written and in the letters of `ls -l`: `432 (sr---wx-w-)`. */
export function modeWords(digits: string): string {
  const mode = readMode(digits);
  const letters = [..."rwxrwxrwx"].map((letter, at) => ((mode >> (8 - at)) & 1 ? letter : "-")).join("");
  return `${digits} (s${letters})`;
}

/** What a templating tool may have meant by three decimal digits: `432` is 0660. Empty where that is no sane mode. */
export function decimalHint(digits: string): string {
  const mode = Number(digits);
  const isSane =
    /^[1-9][0-9]{2}$/.test(digits) && mode <= 0o777 && ownerMayConnect(mode) && !othersMayConnect(mode);
  return isSane ? `; ${digits} in decimal is 0${mode.toString(8)}` : "";
}
