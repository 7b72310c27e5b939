/** Response codes of DNS answers by name (RFC 1035, 4.1.1; RFC 2136, 2.2; RFC 6891, 9; RFC 7873, 8). */

/** The codes that every message can have, by their numbers. */
const NAMES =
  "NOERROR FORMERR SERVFAIL NXDOMAIN NOTIMP REFUSED YXDOMAIN YXRRSET NXRRSET NOTAUTH NOTZONE".split(" ");
/** Codes of more than 4 bits, which need an OPT record. */
const EXTENDED: ReadonlyMap<number, string> = new Map([
  [16, "BADVERS"],
  [23, "BADCOOKIE"],
]);
/** With the 8 bits of an OPT record a code has 12. */
const MAX_RCODE = 4_095;
/** A code without a name, as {@link rcodeName} writes it. */
const NUMBERED = /^RCODE([0-9]{1,4})$/;

/** Names for editors to propose. */
export const RCODE_NAMES: readonly string[] = [...NAMES, ...EXTENDED.values()];

/** Returns the name of a response code: `NXDOMAIN`, or `RCODE12`. */
export function rcodeName(code: number): string {
  return NAMES[code] ?? EXTENDED.get(code) ?? `RCODE${code}`;
}

/** Reads a response code as {@link rcodeName} writes it, in any case. @returns its name; undefined when it is not valid */
export function readRcode(text: string): string | undefined {
  const name = text.toUpperCase();
  if (RCODE_NAMES.includes(name)) return name;
  const [, digits] = NUMBERED.exec(name) ?? [];
  return digits !== undefined && Number(digits) <= MAX_RCODE ? rcodeName(Number(digits)) : undefined;
}
