/** The rules of CONTRIBUTING.md "Language" that a machine can check, and how text is read for them. Called by prose.test.ts. */

/** A form that is not used, and what to write instead. */
interface Banned {
  readonly form: RegExp;
  readonly instead: string;
}

/** Words and forms that appear in no documentation, message or comment. */
const BANNED_WORDS: readonly Banned[] = [
  { form: /\bwhoever\b/i, instead: "name the actor: the client, the operator, the caller" },
  { form: /\b(?:no|some|any|every)body\b/i, instead: "name the actor: no client, any user" },
  {
    form: /\b(?:told|tell(?:s|ing)?|\w*(?:Told|Tell(?:s|ing)?))(?:[A-Z]\w*|\b)/,
    instead: "report, log, notify, send",
  },
  { form: /\b(?:hear[sd]?|\w*Hear[sd]?)(?:[A-Z]\w*|\b)/, instead: "receive" },
  { form: /\banew\b/i, instead: "again" },
  { form: /\bfor ever\b/i, instead: "indefinitely" },
  { form: /\b(?:stands?|stood|standing) still\b/i, instead: "stall" },
  { form: /\b(?:go|goes|going|gone|went) on\b/i, instead: "continue" },
  { form: /\b(?:is|are) none\b/i, instead: "is missing, is not a valid X" },
  { form: /\bso (?:many|long|often|late|much)\b/i, instead: "at most N, every N, for N" },
  { form: /\btime-outs?\b/i, instead: "timeout" },
  { form: /\blook-ups?\b/i, instead: "lookup" },
  { form: /\bname servers?\b/i, instead: "nameserver" },
  { form: /\bof no matter\b/i, instead: "does not matter" },
  { form: /\bmend(?:ed|s|ing)?\b/i, instead: "fix" },
  { form: /\bas it were\b/i, instead: "nothing" },
  { form: /\bby itself\b/i, instead: "alone" },
  { form: /\bsa(?:y|ys|id) so\b/i, instead: "name what is reported" },
  { form: /\b(?:give[ns]?|gave|giving) up\b/i, instead: "cancel, abandon" },
  { form: /\b(?:judge[sd]?|judging)\b/i, instead: "validate" },
  { form: /\btroubles?\b/i, instead: "problem" },
  { form: /\bgrave\b/i, instead: "severe; for log levels: minimum level" },
  { form: /\bchanges? of state\b/i, instead: "state change" },
  { form: /\bwhole numbers?\b/i, instead: "integer" },
  { form: /\btexts by\b/i, instead: "map of strings" },
  { form: /\b\w*(?:behaviour|neighbour|favour|colour)\w*\b/i, instead: "American spelling" },
  { form: /\blicen[c]e\b/i, instead: "license" },
  {
    form: /\b(?:[Cc]ancell|[Dd]iall|[Ll]abell|[Mm]odell|[Ss]ignall|[Tt]ravell)(?:ed|ing)\b/,
    instead: "one l: canceled, labeled",
  },
  { form: /\b(?:grey|centre|catalogue|judgement|artefact|per cent)s?\b/i, instead: "American spelling" },
  {
    form: /\b\w*(?:normal|recogn|serial|initial|organ|optim|minim|maxim|synchron|custom|summar|author|util)is[aei]\w*\b/i,
    instead: "-ize",
  },
  {
    form: /\b(?:stands?|stood) (?!in for\b)(?:in|behind|between|before|beside)\b/i,
    instead: "is, is written, appears",
  },
  { form: /\bin vain\b/i, instead: "without an answer, without success" },
  { form: /\bof (?:no|any) use\b/i, instead: "useless, useful" },
  { form: /\bbefall\w*/i, instead: "affect, happen to" },
  { form: /\bby themselves\b/i, instead: "alone" },
  { form: /\b(?:his|him|he (?:is|has|may|must|can|will))\b/, instead: "name the actor" },
  {
    form: /(?:(?<=[.!] )|(?<=\/\/ ))What(?:ever)?\b(?![^.\n]*[?:])/,
    instead: "a noun: a free relative clause is no subject",
  },
  { form: /See the head of the file/, instead: "a sentence that stands alone in a hover" },
];

/** First words of a doc comment that is a clause and not a definition; they cannot stand alone in a hover. */
const BANNED_STARTS =
  /\/\*\*\s(?:\s*\*\s)?\s*(What|Whatever|Whether|Which|How|Who|Whose|Whom|When|Why|Where|Of)\b/g;

/** Declaration whose comment an editor shows where it is used; constants may share that of their group. */
const EXPORTED = /^export (?:abstract |async |declare )*(?:class|enum|function\*?|interface|type) (\w+)/;

/** Identifiers that are not used, or parts of them. */
const BANNED_NAMES: readonly Banned[] = [
  { form: /\b\w*(?:MOST|LONGEST|LARGEST)_[A-Z]\w*|\bmost[A-Z]\w*/, instead: "MAX_, max…" },
  { form: /\b\w*(?:LEAST|SHORTEST|SMALLEST)_[A-Z]\w*|\bleast[A-Z]\w*/, instead: "MIN_, min…" },
  { form: /\bun(?:alive|ready)\b/, instead: "livenessProblem, readinessProblem" },
  { form: /\b\w*[uU]pstream\w*/, instead: "ControlPlane; an upstream is a backend" },
  { form: /\b(?:\w*Judge|judge)\w*/, instead: "validate" },
];

/** Each use of a banned form, `PLACE:LINE: "FORM": write REPLACEMENT`. @param place - path of the text, for the message */
export function findBannedWords(place: string, text: string): string[] {
  return find(place, text, BANNED_WORDS);
}

/** As {@link findBannedWords}, for identifiers in source text. */
export function findBannedNames(place: string, text: string): string[] {
  return find(place, text, BANNED_NAMES);
}

/** Doc comments of a source that begin with a clause, as {@link findBannedWords}. */
export function findBannedStarts(place: string, source: string): string[] {
  return [...source.matchAll(BANNED_STARTS)].map(({ 0: start, 1: word = "", index }) => {
    const line = source.slice(0, index + start.length).split("\n").length;
    return `${place}:${line}: "${word}": begin with a verb or a noun`;
  });
}

/** Exported types, classes and functions of a source that have no doc comment, `PLACE:LINE: NAME`. */
export function findUndocumented(place: string, source: string): string[] {
  const lines = source.split("\n");
  return lines.flatMap((line, at) => {
    const [, name] = EXPORTED.exec(line) ?? [];
    const before = lines.slice(0, at).findLast((one) => !/^\s*(?:\/\/|$)/.test(one));
    return name === undefined || before?.endsWith("*/") === true ? [] : [`${place}:${at + 1}: ${name}`];
  });
}

function find(place: string, text: string, banned: readonly Banned[]): string[] {
  // Few texts have any: the lines are searched only for forms that are in the text.
  const present = banned.filter(({ form }) => form.test(text));
  if (present.length === 0) return [];
  const forms = present.map(({ form, instead }) => ({ all: new RegExp(form, `${form.flags}g`), instead }));
  return text
    .split("\n")
    .flatMap((line, at) =>
      forms.flatMap(({ all, instead }) =>
        [...line.matchAll(all)].map(([found]) => `${place}:${at + 1}: "${found}": write ${instead}`),
      ),
    );
}

/** Markdown with its fenced blocks and code spans blanked, line by line: they quote programs, not this project's prose. */
export function withoutCode(markdown: string): string {
  return withoutBlocks(markdown).replace(/`[^`\n]*`/g, "``");
}

/** Markdown with its fenced blocks blanked; the lines keep their numbers. */
export function withoutBlocks(markdown: string): string {
  return markdown.replace(/^```.*?^```$/gms, (block) => "\n".repeat(block.split("\n").length - 1));
}
