/** Reasons of errors that the runtime threw: its own messages lack them, bury them in the name of a system call, or are meant for browsers. */
import { constants } from "node:os";
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

/** By the runtime's codes, whose messages ask whether "the computer" can access the URL. */
const FETCH_REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  ConnectionRefused: "connection refused",
  ECONNRESET: "connection closed without a response",
  ConnectionClosed: "connection closed without a response",
  ENOTFOUND: "the name is not known",
  EPROTO: "TLS handshake failed",
  Malformed_HTTP_Response: "not a valid HTTP response",
};
/** Numbers of the errors that the system has words for. */
const NUMBERS: Readonly<Record<string, number>> = constants.errno;

/** Describes why a request has no response, without a stack. @param error - thrown by `fetch`, or the reason of its signal */
export function fetchReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = "code" in error ? String(error.code) : "";
  const number = NUMBERS[code];
  return FETCH_REASONS[code] ?? (number === undefined ? error.message : getSystemErrorMessage(-number));
}
