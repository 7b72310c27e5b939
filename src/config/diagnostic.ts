/** Errors and warnings of a file, with their places. */

/** Maximum number of errors or warnings of one kind that are reported; the others are counted. */
export const MAX_REPORTED = 100;
/** Maximum length of a key in a message: an unknown key may be of any length. */
const MAX_KEY_CHARS = 120;

/** An error or warning of a file. */
export interface Diagnostic {
  /** From 1; absent for an error of the file as a whole. */
  readonly line?: number;
  readonly column?: number;
  /** `batching.delay`; empty for an error that is not in a single key. */
  readonly key: string;
  /** `problem; must be RULE` */
  readonly message: string;
  /** True for a key or field that does not exist: `check-config --strict-config` treats such a warning as an error. */
  readonly unknown?: true;
}

/** Makes the error of a file that cannot be read. @param error - as it was thrown */
export function unreadable(error: unknown): Diagnostic {
  const words = error instanceof Error ? error.message : String(error);
  return { key: "", message: `cannot be read: ${words}` };
}

/**
 * Makes the entry that counts the errors beyond {@link MAX_REPORTED}; returns an empty list when there are no more.
 *
 * @param words - `more unknown keys`
 */
export function moreFaults(
  count: number,
  words: string,
  kind: Pick<Diagnostic, "unknown"> = {},
): Diagnostic[] {
  return count <= MAX_REPORTED ? [] : [{ key: "", message: `${count - MAX_REPORTED} ${words}`, ...kind }];
}

/** The first {@link MAX_REPORTED} errors of a kind, and the number of the others. */
export class FaultList {
  readonly #words: string;
  readonly #kind: Pick<Diagnostic, "unknown">;
  readonly #faults: Diagnostic[] = [];
  #count = 0;

  /** @param words - noun phrase for the others: `more errors` */
  constructor(words: string, kind: Pick<Diagnostic, "unknown"> = {}) {
    this.#words = words;
    this.#kind = kind;
  }

  /** Adds an error. @param make - called only if the error is reported */
  add(make: () => Diagnostic): void {
    if (++this.#count <= MAX_REPORTED) this.#faults.push(make());
  }

  /** Returns the reported errors, with the entry that counts the others. */
  all(): Diagnostic[] {
    return [...this.#faults, ...moreFaults(this.#count, this.#words, this.#kind)];
  }
}

/** Formats an error: `FILE:LINE:COLUMN: KEY: problem; must be RULE`. */
export function formatDiagnostic(file: string, { line, column, key, message }: Diagnostic): string {
  const place = line === undefined ? "" : `:${line}:${column ?? 1}`;
  return `${file}${place}: ${key === "" ? "" : `${shownKey(key)}: `}${message}`;
}

/** Formats a key on one line, without control characters, shortened. */
function shownKey(key: string): string {
  const short = key.length > MAX_KEY_CHARS ? `${key.slice(0, MAX_KEY_CHARS)}…` : key;
  return short.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu,
    (char) => `\\u{${char.codePointAt(0)?.toString(16)}}`,
  );
}
