/** The system's reason for an error that the runtime threw: its own messages lack it, or bury it in the name of a system call. */
import { getSystemErrorMessage } from "node:util";

/**
 * Extracts the reason of a system error: `permission denied` for `EACCES: permission denied, open '/etc/x'` as for
 * `Failed to listen at /run/x.sock`.
 *
 * @returns the error's own message when it has no error number
 */
export function systemReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const number = "errno" in error && typeof error.errno === "number" ? Math.abs(error.errno) : 0;
  return number === 0 ? error.message : getSystemErrorMessage(-number);
}
