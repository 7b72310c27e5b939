/** Meaning of an answer to a DNS question; pure. */
import type { NameId } from "./names.ts";
import type { DataText } from "./records.ts";
import type { Answer, DnsRecord } from "./wire.ts";

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

/**
 * Decides whether an answer is a good one.
 *
 * @param expectedIps - in their shortest form; one of them must be in the answer; empty means that any record will do
 */
export function validateAnswer(answer: Answer, expectedIps: readonly string[]): AnswerVerdict {
  if (answer.rcode !== "NOERROR") return { ok: false, message: `answered ${answer.rcode}` };
  const found = recordsOf(answer);
  if (found.length === 0) return { ok: false, message: `answered without any ${TYPES_PLACE} record` };
  return matchTexts(
    "answered ",
    found.map(({ text }) => text),
    expectedIps,
  );
}

/**
 * Decides whether the expected addresses are among those found.
 *
 * @param prefix - beginning of the message, before the addresses found
 * @param found - at least one
 */
export function matchTexts(
  prefix: string,
  found: readonly DataText[],
  expectedIps: readonly string[],
): AnswerVerdict {
  const message = prefix + listTexts(found, ", ");
  if (expectedIps.length === 0) return { ok: true, message };
  const known = new Set(found.map((text) => text()));
  if (expectedIps.some((ip) => known.has(ip))) return { ok: true, message };
  const expected = expectedIps.map((ip) => () => ip);
  return { ok: false, message: `${message}, expected ${listTexts(expected, " or ")}` };
}

/** The records of the name, and of every alias it leads to. */
function recordsOf(answer: Answer): readonly DnsRecord[] {
  const { name, aliases, records } = answer;
  if (aliases.size === 0 && records.every(({ owner }) => owner === name)) return records;
  const owners = ownersOf(answer);
  return records.filter(({ owner }) => owners.has(owner));
}

/** The name and every alias it leads to; a loop of aliases ends where it began. */
function ownersOf({ name, aliases }: Answer): ReadonlySet<NameId> {
  const owners = new Set<NameId>();
  for (let next = name; next !== undefined && !owners.has(next); next = aliases.get(next)) {
    owners.add(next);
  }
  return owners;
}

/** The first few of a list, and the number of the others. */
function listTexts(texts: readonly DataText[], separator: string): string {
  const shown = texts
    .slice(0, MAX_SHOWN)
    .map((text) => text())
    .join(separator);
  return texts.length > MAX_SHOWN ? `${shown} and ${texts.length - MAX_SHOWN} more` : shown;
}
