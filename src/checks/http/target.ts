/** The `path` of an HTTP healthcheck: a path, or a whole URL whose host is the one to ask for. */

/** Parts of a `path` field. */
export interface HttpTarget {
  /** True for an https URL; an explicit `secure` overrides it. */
  readonly secure: boolean;
  /** The URL's host, with its port if it names one; undefined for a mere path. */
  readonly host: string | undefined;
  /** Path and query, or `*`. */
  readonly path: string;
  /** The Authorization header that the URL's user and password mean. */
  readonly authorization: string | undefined;
}

const SCHEME = /^[a-z][a-z0-9+.-]*:\/\//i;

/**
 * @param value - `/healthz`, `healthz`, `` or `http://www.example.com/healthz`
 * @param method - of `OPTIONS` a `*` is the server as a whole (RFC 9112, 3.2.4); of others it is a file's name
 * @returns undefined when it is a URL but no valid http or https one
 */
export function splitTarget(value: string, method: string): HttpTarget | undefined {
  if (!SCHEME.test(value)) {
    const whole = value.startsWith("/") || (value === "*" && method === "OPTIONS");
    const path = whole ? value : `/${value}`;
    return { secure: false, host: undefined, path, authorization: undefined };
  }
  const url = URL.parse(value);
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) return undefined;
  const path = `${url.pathname}${url.search}`;
  return { secure: url.protocol === "https:", host: url.host, path, authorization: basicAuthorization(url) };
}

/** RFC 7617. */
function basicAuthorization({ username, password }: URL): string | undefined {
  if (username === "" && password === "") return undefined;
  const credentials = `${unescapePercent(username)}:${unescapePercent(password)}`;
  return `Basic ${Buffer.from(credentials).toString("base64")}`;
}

/** Decodes percent-encoding; an invalid encoding is kept as it is. */
function unescapePercent(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Encodes characters that a request line may not have, blanks and line breaks above all; encoded ones stay as they are. */
export function encodePath(path: string): string {
  const [withoutFragment = "/"] = path.split("#", 1);
  return withoutFragment.toWellFormed().replace(/[^\x21-\x7e]/gu, (char) => encodeURIComponent(char));
}
