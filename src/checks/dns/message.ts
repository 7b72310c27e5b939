/** Meaning of an answer to a DNS question; pure. */
import type { NameId } from "./names.ts";
import type { DataText } from "./records.ts";
import { type ExpectedRecord, NOERROR, type Wanted, wantsNoError } from "./spec.ts";
import type { Alias, Answer, DnsRecord } from "./wire.ts";

/** Verdict on one answer. */
export interface AnswerVerdict {
  readonly ok: boolean;
  /**
   * Prefix after `DNS A www.example.com @10.0.0.1:53: `. Answers without a record have the same message for every type.
   */
  readonly message: string;
}

const MAX_SHOWN = 4;
/** Stands for the record types in {@link AnswerVerdict.message}; several types with the same message share a sentence. */
export const TYPES_PLACE = "%TYPES%";
/** Answers of servers that do not know EDNS, or not its version (RFC 6891, 6.1.3 and 7). */
const EDNS_REFUSALS: ReadonlySet<string> = new Set(["FORMERR", "NOTIMP", "BADVERS"]);

/**
 * Decides whether an answer is a good one.
 *
 * @param hasEdns - true when the question had an OPT record
 */
export function validateAnswer(answer: Answer, wanted: Wanted, hasEdns = false): AnswerVerdict {
  const { rcode } = answer;
  const ok = wanted.rcodes.includes(rcode);
  const expected = wantsNoError(wanted)
    ? ""
    : `, expected ${listTexts(
        wanted.rcodes.map((one) => () => one),
        " or ",
      )}`;
  if (rcode !== NOERROR) {
    const why = !ok && hasEdns && EDNS_REFUSALS.has(rcode) ? " to a query with EDNS" : "";
    return { ok, message: `answered ${rcode}${why}${ok ? "" : expected}` };
  }
  const { records, end } = followAliases(answer);
  if (records.length === 0)
    return { ok: false, message: `answered without any ${TYPES_PLACE} record${end}${expected}` };
  const texts = records.map(({ text }) => text);
  if (!ok) return { ok, message: `answered ${listTexts(texts, ", ")}${expected}` };
  return matchTexts("answered ", texts, wanted.records);
}

/**
 * Decides whether one of the expected records is among those found.
 *
 * @param prefix - beginning of the message, before the records found
 * @param found - at least one
 */
export function matchTexts(
  prefix: string,
  found: readonly DataText[],
  expected: readonly ExpectedRecord[],
): AnswerVerdict {
  const message = prefix + listTexts(found, ", ");
  if (expected.length === 0) return { ok: true, message };
  const known = new Set(found.map((text) => text("compare")));
  if (expected.some(({ key }) => known.has(key))) return { ok: true, message };
  const shown = expected.map(
    ({ shown }) =>
      () =>
        shown,
  );
  return { ok: false, message: `${message}, expected ${listTexts(shown, " or ")}` };
}

/** Records of a name and of every alias that it leads to. */
interface Followed {
  readonly records: readonly DnsRecord[];
  /** The end of the aliases, for an answer without such a record; may be empty. */
  readonly end: string;
}

function followAliases({ name, aliases, records }: Answer): Followed {
  if (aliases.size === 0 && records.every(({ owner }) => owner === name)) return { records, end: "" };
  const owners = new Set<NameId>();
  let last: Alias | undefined;
  let next = name;
  while (next !== undefined && !owners.has(next)) {
    owners.add(next);
    const alias = aliases.get(next);
    last = alias ?? last;
    next = alias?.target;
  }
  const end = next === undefined ? aliasTo(last) : ", only aliases in a loop";
  return { records: records.filter(({ owner }) => owners.has(owner)), end };
}

function aliasTo(alias: Alias | undefined): string {
  return alias === undefined ? "" : `, only an alias of ${alias.text()}`;
}

/** The first few of a list, and the number of the others. */
function listTexts(texts: readonly DataText[], separator: string): string {
  const shown = texts
    .slice(0, MAX_SHOWN)
    .map((text) => text())
    .join(separator);
  return texts.length > MAX_SHOWN ? `${shown} and ${texts.length - MAX_SHOWN} more` : shown;
}
