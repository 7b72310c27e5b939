/** File modes of a socket as a value of the configuration file, and which users may connect with them. */
import { numberAsWritten } from "../schema/amend.ts";
import { notValid, problem } from "../schema/problem.ts";
import { custom } from "../schema/values.ts";

/** Three octal digits, with or without the prefixes of C and YAML. */
const MODE_DIGITS = /^(?:0o?)?[0-7]{3}$/;

const RULE = "a file mode of three octal digits, such as 0660";

/** An octal file mode, as chmod takes it, with which the owner may connect. */
export const fileMode = {
  ...custom<string, number>(
    {
      kind: "file mode",
      rule: RULE,
      range: "three octal digits, rw for the owner",
      json: {
        anyOf: [
          { type: "string", pattern: MODE_DIGITS.source },
          // Without quotes YAML reads 0660 as a number, whose digits count.
          { type: "integer", minimum: 0, maximum: 777 },
        ],
      },
    },
    (input) => {
      const mode = typeof input === "string" && MODE_DIGITS.test(input) ? readMode(input) : 0;
      return ownerMayConnect(mode) ? mode : undefined;
    },
    modeProblem,
  ),
  amend: numberAsWritten,
  format: (mode: unknown) => (typeof mode === "number" ? mode.toString(8).padStart(4, "0") : mode),
};

function modeProblem(input: unknown, rule: string): string {
  if (typeof input !== "string") return problem(input, rule);
  if (!MODE_DIGITS.test(input)) return `${problem(input, rule)}${decimalHint(input)}`;
  return `${notValid(modeWords(input), rule)}, in which the owner has rw${decimalHint(input)}`;
}

/** The problem with a mode with which every user can connect. @param digits - as it is written */
export function openModeProblem(digits: string): string {
  const rule = "a file mode without w for others, such as 0660, or set socket_mode_allow_others";
  return `${notValid(modeWords(digits), rule)}${decimalHint(digits)}`;
}

/** Reads a mode that matches {@link MODE_DIGITS}. */
function readMode(digits: string): number {
  return Number.parseInt(digits.replace(/^0o?(?=...)/, ""), 8);
}

/** Reports whether the owner can connect, which takes rw. */
function ownerMayConnect(mode: number): boolean {
  return (mode & 0o600) === 0o600;
}

/** Reports whether every user of the host can connect: writing is enough. */
export function othersMayConnect(mode: number): boolean {
  return (mode & 0o002) !== 0;
}

/** Formats a mode as it is written and in the letters of `ls -l`: `432 (sr---wx-w-)`. */
function modeWords(digits: string): string {
  const mode = readMode(digits);
  const letters = [..."rwxrwxrwx"].map((letter, at) => ((mode >> (8 - at)) & 1 ? letter : "-")).join("");
  return `${digits} (s${letters})`;
}

/** Names the mode that a template may have written in decimal: `432` is 0660. Empty where that mode is not usable. */
function decimalHint(digits: string): string {
  const mode = Number(digits);
  const isSane =
    /^[1-9][0-9]{2}$/.test(digits) && mode <= 0o777 && ownerMayConnect(mode) && !othersMayConnect(mode);
  return isSane ? `; ${digits} in decimal is 0${mode.toString(8)}` : "";
}
