/** The target of a request and its preferred responses; pure. */

/** The error of an invalid request: `KEY: problem; must be RULE`. */
export class BadRequestError extends Error {
  override readonly name = "BadRequestError";
}

/** The target of a request. */
export interface Target {
  readonly path: string;
  readonly query: URLSearchParams;
}

/**
 * Splits a request target (RFC 9112, 3.2): `/path?query`, or a URL as proxies send it.
 *
 * @throws BadRequestError
 */
export function readTarget(target: string): Target {
  // With a base, a path that starts with two slashes would be read as a host.
  const url = URL.parse(target.startsWith("/") ? `http://host${target}` : target);
  if (url === null) throw new BadRequestError("request target: not valid; must be a path");
  try {
    return { path: decodeURIComponent(url.pathname), query: url.searchParams };
  } catch (error) {
    throw new BadRequestError("path: not valid; must be percent-encoded", { cause: error });
  }
}

/**
 * Returns the preference of a client for a response, from its Accept or Accept-Encoding header (RFC 9110, 12.4.2).
 *
 * @param header - undefined when it is absent
 * @param word - `gzip`, `text/plain`; parameters other than `q` are ignored
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
