/** What is wrong in a file, and where. */

/** One fault or warning of a file. */
export interface FileFault {
  /** From 1; absent when the fault is of the file as a whole. */
  readonly line?: number;
  readonly column?: number;
  /** `batching.delay`; empty when the fault is of no single key. */
  readonly key: string;
  /** What is wrong and what is allowed. */
  readonly message: string;
}

/** The fault of a file that cannot be read. @param error - what reading it threw */
export function unreadable(error: unknown): FileFault {
  const words = error instanceof Error ? error.message : String(error);
  return { key: "", message: `cannot be read: ${words}` };
}

/** `FILE:LINE:COLUMN: KEY: what is wrong and what is allowed` */
export function formatFault(file: string, { line, column, key, message }: FileFault): string {
  const place = line === undefined ? "" : `:${line}:${column ?? 1}`;
  return `${file}${place}: ${key === "" ? "" : `${key}: `}${message}`;
}
