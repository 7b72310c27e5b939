/** The values of Go's `flag` package, as its standard library and glog read them. Pure; called by the flags of Google's health checker. */

/** A value that a flag has read; a duration is in milliseconds. */
export type GoValue = boolean | number | string;

/** A kind of flag. */
export interface GoKind<Value extends GoValue = GoValue> {
  /** The placeholder in the usage, as Go names the kind; empty for a boolean, which takes no separate argument. */
  readonly word: string;
  /** Reads a text. @throws GoValueError */
  read(text: string): Value;
}

/** The reason why a text is not a value of its kind, in Go's words. */
export class GoValueError extends Error {
  override readonly name = "GoValueError";
}

const PARSE_ERROR = "parse error";
const RANGE_ERROR = "value out of range";
const MAX_INT64 = 2n ** 63n - 1n;
const MIN_INT64 = -(2n ** 63n);
const MAX_INT32 = 2 ** 31 - 1;
const NS_PER_MS = 1e6;

const TRUE = ["1", "t", "T", "TRUE", "true", "True"];
const FALSE = ["0", "f", "F", "FALSE", "false", "False"];

/** A boolean, `strconv.ParseBool`. */
export const goBoolean: GoKind<boolean> = {
  word: "",
  read: (text) => {
    if (TRUE.includes(text)) return true;
    if (FALSE.includes(text)) return false;
    throw new GoValueError(PARSE_ERROR);
  },
};

/** Any text. */
export const goString: GoKind<string> = { word: "string", read: (text) => text };

/** Digits of each base, with underscores between them; a leading 0 alone means base 8. */
const INTEGER =
  /^([-+]?)(0[xX](?:_?[0-9a-fA-F])+|0[bB](?:_?[01])+|0[oO](?:_?[0-7])+|0(?:_?[0-7])*|[1-9](?:_?[0-9])*)$/;
const OLD_OCTAL = /^0(?=[0-7])/;

/** An integer of 64 bits in Go's bases, `strconv.ParseInt(text, 0, 64)`; beyond 2^53 it is rounded. */
export const goInteger: GoKind<number> = {
  word: "int",
  read: (text) => {
    const [, sign, digits] = INTEGER.exec(text) ?? [];
    if (digits === undefined) throw new GoValueError(PARSE_ERROR);
    const size = BigInt(digits.replaceAll("_", "").replace(OLD_OCTAL, "0o"));
    const value = sign === "-" ? -size : size;
    if (value > MAX_INT64 || value < MIN_INT64) throw new GoValueError(RANGE_ERROR);
    return Number(value);
  },
};

/** The nanoseconds of each unit of a duration. */
const UNITS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  "\u00b5s": 1_000n,
  "\u03bcs": 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};
const PART = "([0-9]*)(?:\\.([0-9]*))?(ns|us|\u00b5s|\u03bcs|ms|s|m|h)";
const DURATION = new RegExp(`^[-+]?(?:(?=\\.?[0-9])${PART})+$`);

/** A duration in milliseconds, `time.ParseDuration`: `1m30s`, `1.5h`, `-5s`, or 0. */
export const goDuration: GoKind<number> = {
  word: "duration",
  read: (text) => {
    if (/^[-+]?0$/.test(text)) return 0;
    if (!DURATION.test(text)) throw new GoValueError(PARSE_ERROR);
    let totalNs = 0n;
    for (const [, whole = "", fraction = "", unit = ""] of text.matchAll(new RegExp(PART, "g"))) {
      const unitNs = UNITS[unit] ?? 0n;
      totalNs += BigInt(whole) * unitNs + (BigInt(fraction) * unitNs) / 10n ** BigInt(fraction.length);
    }
    const isNegative = text.startsWith("-");
    if (totalNs > (isNegative ? -MIN_INT64 : MAX_INT64)) throw new GoValueError(PARSE_ERROR);
    return (isNegative ? -1 : 1) * (Number(totalNs) / NS_PER_MS);
  },
};

function decimal(text: string): number | undefined {
  return /^[-+]?[0-9]+$/.test(text) ? Number(text) : undefined;
}

/** A level of glog, for `-v`: a decimal integer of 32 bits. */
export const glogLevel: GoKind<number> = {
  word: "value",
  read: (text) => {
    const level = decimal(text);
    if (level === undefined) throw new GoValueError(PARSE_ERROR);
    if (level > MAX_INT32 || level < -MAX_INT32 - 1) throw new GoValueError(RANGE_ERROR);
    return level;
  },
};

const SEVERITIES = ["INFO", "WARNING", "ERROR", "FATAL"];

/** A severity of glog, by name or number. */
export const glogSeverity: GoKind<string> = {
  word: "value",
  read: (text) => {
    if (SEVERITIES.includes(text.toUpperCase()) || decimal(text) !== undefined) return text;
    throw new GoValueError(PARSE_ERROR);
  },
};

/** The levels of glog for single files: `file=N,pattern*=N`. */
export const glogModules: GoKind<string> = {
  word: "value",
  read: (text) => {
    if (text.split(",").every((part) => part === "" || /^[^=]+=[+]?[0-9]+$/.test(part))) return text;
    throw new GoValueError("syntax error: expect comma-separated list of filename=N");
  },
};

/** The source lines at which glog logs a stack: `file.go:234`. */
export const glogLines: GoKind<string> = {
  word: "value",
  read: (text) => {
    if (text.split(",").every((part) => part === "" || /^[^:]*\.[^:]*:[+]?0*[1-9][0-9]*$/.test(part)))
      return text;
    throw new GoValueError("syntax error: expect file.go:234");
  },
};
