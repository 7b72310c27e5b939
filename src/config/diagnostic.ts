/** What is wrong in a file, and where. */

/** Of one kind of fault or warning at most this many are reported; the rest is a number. */
export const MAX_TOLD = 100;
/** A longer key is cut: what stands in its place may be anything. */
const MAX_KEY_CHARS = 120;

/** One fault or warning of a file. */
export interface Diagnostic {
  /** From 1; absent when the fault is of the file as a whole. */
  readonly line?: number;
  readonly column?: number;
  /** `batching.delay`; empty when the fault is of no single key. */
  readonly key: string;
  /** What is wrong and what is allowed. */
  readonly message: string;
  /** Whether it is a key or field that does not exist: `check-config --strict-config` counts such a warning as a fault. */
  readonly unknown?: true;
}

/** The fault of a file that cannot be read. @param error - what reading it threw */
export function unreadable(error: unknown): Diagnostic {
  const words = error instanceof Error ? error.message : String(error);
  return { key: "", message: `cannot be read: ${words}` };
}

/**
 * The fault that stands for those beyond {@link MAX_TOLD}; none when there are no more.
 *
 * @param words - `more unknown keys`
 */
export function moreFaults(
  count: number,
  words: string,
  kind: Pick<Diagnostic, "unknown"> = {},
): Diagnostic[] {
  return count <= MAX_TOLD ? [] : [{ key: "", message: `${count - MAX_TOLD} ${words}`, ...kind }];
}

/** The first {@link MAX_TOLD} faults of a kind, and the number of the others. */
export class FaultList {
  readonly #words: string;
  readonly #kind: Pick<Diagnostic, "unknown">;
  readonly #faults: Diagnostic[] = [];
  #count = 0;

  /** @param words - for those beyond, `more errors` */
  constructor(words: string, kind: Pick<Diagnostic, "unknown"> = {}) {
    this.#words = words;
    this.#kind = kind;
  }

  /** @param make - called for those that are reported */
  add(make: () => Diagnostic): void {
    if (++this.#count <= MAX_TOLD) this.#faults.push(make());
  }

  /** All that is reported. */
  all(): Diagnostic[] {
    return [...this.#faults, ...moreFaults(this.#count, this.#words, this.#kind)];
  }
}

/** `FILE:LINE:COLUMN: KEY: what is wrong and what is allowed` */
export function formatDiagnostic(file: string, { line, column, key, message }: Diagnostic): string {
  const place = line === undefined ? "" : `:${line}:${column ?? 1}`;
  return `${file}${place}: ${key === "" ? "" : `${shownKey(key)}: `}${message}`;
}

/** A key on one line, without what a terminal obeys, and bounded. */
function shownKey(key: string): string {
  const short = key.length > MAX_KEY_CHARS ? `${key.slice(0, MAX_KEY_CHARS)}…` : key;
  return short.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu,
    (char) => `\\u{${char.codePointAt(0)?.toString(16)}}`,
  );
}
