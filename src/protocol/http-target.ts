/** The `path` of an HTTP healthcheck: a path, or a whole URL whose host is the one to ask for. */

/** What a path says. */
export interface HttpTarget {
  /** Whether it is an https URL. */
  readonly secure: boolean;
  /** The URL's host, with its port if it names one; undefined for a mere path. */
  readonly host: string | undefined;
  /** Path and query. */
  readonly path: string;
}

const SCHEME = /^[a-z][a-z0-9+.-]*:\/\//i;

/**
 * @param value - `/healthz`, `healthz`, `` or `http://www.example.com/healthz`
 * @returns undefined when it is a URL but no valid http or https one
 */
export function splitTarget(value: string): HttpTarget | undefined {
  if (!SCHEME.test(value)) {
    return { secure: false, host: undefined, path: value.startsWith("/") ? value : `/${value}` };
  }
  const url = URL.parse(value);
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) return undefined;
  return { secure: url.protocol === "https:", host: url.host, path: `${url.pathname}${url.search}` };
}

/** Encodes what may not stand in a request line, blanks and line breaks above all; what is encoded stays as it is. */
export function encodePath(path: string): string {
  const [withoutFragment = "/"] = path.split("#", 1);
  return withoutFragment.toWellFormed().replace(/[^\x21-\x7e]/gu, (char) => encodeURIComponent(char));
}
