/** The secrets of URLs and paths: user, password, query and fragment. Logs, the API, metrics and traces show the rest. */
import { HIDDEN, HIDDEN_LOGIN } from "./marks.ts";

/** The scheme of a URL with its slashes. */
const SCHEME = /^[A-Za-z][A-Za-z0-9+.-]*:\/*/;

/**
 * Finds where the secrets of a path begin. A query carries tokens. A path with a colon before an `@`, or with text before its first `@`,
 * may be a URL with a login that was not recognized as one: `TOKEN@host/x`.
 *
 * @param path - a path of a healthcheck, or any text given as one
 * @returns an index; the length of the path when it holds no secrets
 */
export function secretsAt(path: string): number {
  const query = path.indexOf("?");
  const colon = path.indexOf(":");
  const hasUser = colon >= 0 && colon < path.lastIndexOf("@") && (query < 0 || colon < query);
  if (hasUser) return path.lastIndexOf("/", colon) + 1;
  const login = /^(\/*)[^/?]+@/.exec(path);
  if (login !== null) return login[1]?.length ?? 0;
  return query < 0 ? path.length : query;
}

/** Formats the path of a healthcheck without its secrets: `/healthz?…`. */
export function shownPath(path: string): string {
  const at = secretsAt(path);
  if (at === path.length) return path;
  return `${path.slice(0, at)}${path.charAt(at) === "?" ? "?" : ""}${HIDDEN}`;
}

/** Formats the target of a request to this server without its query, which may hold a token given by mistake. */
export function shownRequestTarget(target: string): string {
  return target.replace(/\?.*/s, `?${HIDDEN}`);
}

/** Formats a URL without user, password, query and fragment: `https://***@collector:4318/v1?…`. */
export function shownUrl(url: string): string {
  return url
    .replace(/[?#].*$/s, (rest) => `${rest.charAt(0)}${HIDDEN}`)
    .replace(/^((?:[a-z]+:\/+)?\/*).*@/is, `$1${HIDDEN_LOGIN}`);
}

/** Reports whether a URL has a user, password, query or fragment. */
export function hasSecrets(url: string): boolean {
  return shownUrl(url) !== url;
}

/**
 * Removes login, query, path parameters and fragment from a redirect target: `https://www.example.com/login?…`.
 *
 * @param location - the Location header of a response, as the backend sent it
 */
export function redactLocation(location: string): string {
  const hidden = location.search(/[?#]/);
  const path = hidden < 0 ? location : location.slice(0, hidden);
  const [scheme = ""] = SCHEME.exec(path) ?? /^\/\//.exec(path) ?? [];
  // User and password end at the last @; an @ in the path hides more than it must.
  const at = path.lastIndexOf("@");
  const shown = at < 0 ? path : `${scheme}${HIDDEN}${path.slice(at)}`;
  // Java servers put the session into the path: /login;jsessionid=…
  const parameter = shown.indexOf(";");
  if (parameter >= 0) return `${shown.slice(0, parameter)};${HIDDEN}`;
  return hidden < 0 ? shown : `${shown}${location.charAt(hidden)}${HIDDEN}`;
}
