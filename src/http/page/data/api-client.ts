/** Requests to the API, with errors described for people. Never throws. */
import type { ApiError } from "../../api.ts";

/** A response, or the reason for an error. */
export type Answer<T> =
  | { readonly ok: true; readonly value: T; readonly atMs: number }
  | { readonly ok: false; readonly error: string; readonly status: number | undefined };

/** Asks; the stores are given one, so that tests can answer. */
export type FetchApi = <T>(address: string, signal: AbortSignal) => Promise<Answer<T>>;

const RESPONSE_TIMEOUT_MS = 10_000;
const TOO_LATE = `no answer within ${RESPONSE_TIMEOUT_MS / 1_000} s`;

/**
 * Creates the function that sends requests to the server that served the page. Its parameters are an address relative
 * to the page, and a signal that cancels the request; a canceled request's response has no meaning.
 *
 * @param onServerTime - receives the server's clock with every response, milliseconds
 */
export function createFetchApi(onServerTime: (serverMs: number) => void): FetchApi {
  return async <T>(address: string, signal: AbortSignal): Promise<Answer<T>> => {
    const late = AbortSignal.timeout(RESPONSE_TIMEOUT_MS);
    try {
      const response = await fetch(address, { signal: AbortSignal.any([signal, late]) });
      if (!response.ok) return { ok: false, error: await wordsOf(response), status: response.status };
      // The cast trusts the server, which is compiled together with this page.
      const value = (await response.json()) as T;
      const serverMs = Date.parse(response.headers.get("date") ?? "");
      if (!Number.isNaN(serverMs)) onServerTime(serverMs);
      return { ok: true, value, atMs: Date.now() };
    } catch (error) {
      return { ok: false, error: late.aborted ? TOO_LATE : describeFetchError(error), status: undefined };
    }
  };
}

async function wordsOf(response: Response): Promise<string> {
  const status = `HTTP ${response.status}${response.statusText === "" ? "" : ` ${response.statusText}`}`;
  try {
    // The cast is checked by the next line: a proxy in between may serve its own pages.
    const { error } = (await response.json()) as Partial<ApiError>;
    return typeof error === "string" ? `${error} (${status})` : status;
  } catch {
    return status;
  }
}

/** Describes a failed request. The messages of fetch differ from browser to browser, and help no user. */
function describeFetchError(error: unknown): string {
  return error instanceof SyntaxError
    ? "the response is not from healthcheck-server"
    : "cannot reach the server";
}
