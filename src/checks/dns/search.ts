/** The names to ask for in turn, as glibc's resolver does it (resolv.conf(5), res_search(3)); pure. */
import { domainName, withoutLastDot } from "../../model/domain-name.ts";
import type { ResolvConf } from "../../system/resolv-conf.ts";

/**
 * Outcome of one name: it exists without the records wanted, it does not exist, all servers answered SERVFAIL, all
 * servers refused the connection, or anything else (timeout, REFUSED).
 */
export type NameOutcome = "no-data" | "no-name" | "server-failure" | "refused" | "other";

/** The parts of resolv.conf that decide about names. */
export type SearchConf = Pick<ResolvConf, "search" | "ndots" | "noTldQuery">;

/**
 * Yields the next name to ask for, given the outcome of the one before. A name that was found ends the search, so it is not an outcome.
 *
 * @param query - in ASCII; absolute when it ends with a dot
 * @returns names without a dot at their end
 */
export function* searchNames(
  query: string,
  { search, ndots, noTldQuery }: SearchConf,
): Generator<string, void, NameOutcome> {
  if (query.endsWith(".")) {
    yield withoutLastDot(query);
    return;
  }
  const dots = query.split(".").length - 1;
  let askedAsIs = dots >= ndots;
  // The search list is tried after any outcome.
  if (askedAsIs) yield query;
  for (const domain of search) {
    const suffix = withoutLastDot(domain.replace(/^\./, ""));
    const isRoot = suffix === "";
    if (isRoot && askedAsIs) continue;
    const name = isRoot ? query : domainName(`${query}.${suffix}`);
    // A name that cannot be encoded ends the search as a failing server does.
    if (name === undefined) break;
    if (isRoot) askedAsIs = true;
    const outcome: NameOutcome = yield name;
    if (outcome === "refused") return;
    if (outcome === "other") break;
  }
  if (!askedAsIs && !(noTldQuery && dots === 0 && search.length > 0)) yield query;
}

/** Returns the name that follows the first one when its servers do not answer; undefined when the search ends there. */
export function nameAfterTimeout(query: string, conf: SearchConf): string | undefined {
  const names = searchNames(query, conf);
  names.next("other");
  return names.next("other").value ?? undefined;
}

/** A name with its outcome. */
export interface Asked {
  readonly name: string;
  readonly outcome: NameOutcome;
}

/**
 * Chooses which failure of an exhausted search to report, as glibc does: that of the name as it was written when it came first; else one
 * that proves most.
 *
 * @param asked - in the order of asking; at least one
 */
export function failureToReport<T extends Asked>(query: string, asked: readonly T[]): T | undefined {
  const [first] = asked;
  if (first?.name === withoutLastDot(query)) return first;
  return (
    asked.find(({ outcome }) => outcome === "no-data") ??
    asked.find(({ outcome }) => outcome === "server-failure") ??
    asked.at(-1)
  );
}
