/** The Location of a redirect as a sentence shows it: query strings, parameters of the path, fragments and credentials are hidden. */
import type { Secrets } from "../../redaction/secrets.ts";
import { redactLocation } from "../../redaction/urls.ts";
import { excerpt } from "../excerpt.ts";

/**
 * Quotes a Location header without its secrets, as in `"https://www.example.com/login?…"`.
 *
 * @param location - as the backend sent it
 * @param secrets - values sent to the backend
 */
export function shownLocation(location: string, secrets?: Secrets): string {
  return excerpt(redactLocation(location), secrets);
}
