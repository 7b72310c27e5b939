/** What a request asks for, pure: its path and query, and which answers it takes. */

/** The request makes no sense; the message says what is allowed. */
export class BadRequestError extends Error {
  override readonly name = "BadRequestError";
}

/** A request's target. */
export interface Target {
  readonly path: string;
  readonly query: URLSearchParams;
}

/**
 * Takes a request target apart (RFC 9112, 3.2): `/path?query`, or a whole URL as proxies send it.
 *
 * @throws BadRequest
 */
export function readTarget(target: string): Target {
  // Against a base, a path that starts with two slashes would be taken for a host.
  const url = URL.parse(target.startsWith("/") ? `http://host${target}` : target);
  if (url === null) throw new BadRequestError("request target: not valid; must be a path");
  try {
    return { path: decodeURIComponent(url.pathname), query: url.searchParams };
  } catch (error) {
    throw new BadRequestError("path: not valid; must be percent-encoded", { cause: error });
  }
}

/**
 * How much a client likes an answer, by its Accept or Accept-Encoding header (RFC 9110, 12.4.2).
 *
 * @param header - undefined when it says nothing
 * @param word - `gzip`, `text/plain`; parameters but `q` are not looked at
 * @returns 0 (not at all) to 1
 */
export function preference(header: string | undefined, word: string): number {
  for (const item of (header ?? "").split(",")) {
    const [name = "", ...parameters] = item.split(";").map((part) => part.trim().toLowerCase());
    if (name !== word) continue;
    const quality = parameters.find((parameter) => parameter.startsWith("q="));
    const value = quality === undefined ? 1 : Number(quality.slice(2));
    return value >= 0 && value <= 1 ? value : 0;
  }
  return 0;
}
