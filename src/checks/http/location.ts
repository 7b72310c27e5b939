/** The Location of a redirect as a sentence shows it: query strings, parameters of the path, fragments and credentials are hidden. */
import { excerpt } from "../excerpt.ts";
import type { Secrets } from "../secrets.ts";

const SCHEME = /^[a-z][a-z0-9+.-]*:\/*/i;

/**
 * `"https://www.example.com/login?…"`
 *
 * @param location - the header's value, in Latin-1
 * @param secrets - what the backend was sent
 */
export function shownLocation(location: string, secrets?: Secrets): string {
  const hidden = location.search(/[?#]/);
  const path = hidden < 0 ? location : location.slice(0, hidden);
  const [scheme = ""] = SCHEME.exec(path) ?? /^\/\//.exec(path) ?? [];
  // User and password end at the last @; one further behind hides more than it must.
  const at = path.lastIndexOf("@");
  const shown = at < 0 ? path : `${scheme}…${path.slice(at)}`;
  // Servers of Java put the session into the path: /login;jsessionid=…
  const parameter = shown.indexOf(";");
  if (parameter >= 0) return excerpt(`${shown.slice(0, parameter)};…`, secrets);
  const end = hidden < 0 ? "" : `${location.charAt(hidden)}…`;
  return excerpt(shown + end, secrets);
}
