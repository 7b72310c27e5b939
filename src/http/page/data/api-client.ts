/** One question to the API, and what went wrong in words for people. Never throws. */
import type { ApiError } from "../../api.ts";

/** An answer, or why there is none. */
export type Answer<T> =
  | { readonly ok: true; readonly value: T; readonly atMs: number }
  | { readonly ok: false; readonly error: string; readonly status: number | undefined };

/** Asks; the stores are given one, so that tests can answer. */
export type Ask = <T>(address: string, signal: AbortSignal) => Promise<Answer<T>>;

const PATIENCE_MS = 10_000;
const TOO_LATE = `no answer within ${PATIENCE_MS / 1_000} s`;

/**
 * Makes what asks the server that served the page. Its parameters are an address relative to the page, and a signal that calls
 * the question off; the answer then has no meaning.
 *
 * @param heard - told the server's clock with every answer, milliseconds
 */
export function askServer(heard: (serverMs: number) => void): Ask {
  return async <T>(address: string, signal: AbortSignal): Promise<Answer<T>> => {
    const late = AbortSignal.timeout(PATIENCE_MS);
    try {
      const response = await fetch(address, { signal: AbortSignal.any([signal, late]) });
      if (!response.ok) return { ok: false, error: await wordsOf(response), status: response.status };
      // The cast trusts the server, which is compiled together with this page.
      const value = (await response.json()) as T;
      const serverMs = Date.parse(response.headers.get("date") ?? "");
      if (!Number.isNaN(serverMs)) heard(serverMs);
      return { ok: true, value, atMs: Date.now() };
    } catch (error) {
      return { ok: false, error: late.aborted ? TOO_LATE : wordsFor(error), status: undefined };
    }
  };
}

async function wordsOf(response: Response): Promise<string> {
  const status = `HTTP ${response.status}${response.statusText === "" ? "" : ` ${response.statusText}`}`;
  try {
    // The cast is checked by the next line: in between may be a proxy with pages of its own.
    const { error } = (await response.json()) as Partial<ApiError>;
    return typeof error === "string" ? `${error} (${status})` : status;
  } catch {
    return status;
  }
}

/** What fetch says differs from browser to browser, and helps nobody. */
function wordsFor(error: unknown): string {
  return error instanceof SyntaxError
    ? "the response is not from healthcheck-server"
    : "cannot reach the server";
}
