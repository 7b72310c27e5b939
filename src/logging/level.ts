/**
 * The minimum log level, as operators write it: a level name, or the directives of the Rust server's RUST_LOG (`debug`,
 * `healthcheck_server=debug,info`, `off`). Read from the configuration file and from the environment.
 */
import { LOG_LEVELS, type LogThreshold } from "./names.ts";

/** Rule for a level in error messages. */
export const LOG_LEVEL_RULE = `one of ${LOG_LEVELS.join(", ")}, off`;

/** The module that the Rust server's own directives name. */
const MODULE = "healthcheck_server";
/** `TARGET[SPAN]=LEVEL` */
const DIRECTIVE = /^([^=[\]]*)(?:\[[^\]]*\])?(?:=(.*))?$/s;
/** tracing's LevelFilter reads numbers, too. */
const BY_NUMBER: readonly LogThreshold[] = ["off", ...LOG_LEVELS];

/** Level that a text requests. */
export type ReadLevel =
  | { readonly level: LogThreshold }
  /** Well-formed directives, all of them for other programs' modules. */
  | { readonly level: undefined };

/**
 * Reads a level or a list of RUST_LOG directives. The most specific directive for this server counts, else the general one.
 *
 * @returns undefined when the text is neither
 */
export function readLevel(text: string): ReadLevel | undefined {
  const directives = directivesOf(text).map((directive) => readDirective(directive.trim().toLowerCase()));
  const ours = directives
    .filter((directive) => directive !== undefined && rank(directive.target) > 0)
    .sort((a, b) => rank(b?.target ?? "") - rank(a?.target ?? ""));
  const [first] = ours;
  if (first !== undefined) return { level: first.level };
  const areDirectives = directives.every((directive) => directive?.target !== undefined);
  return areDirectives ? { level: undefined } : undefined;
}

/** The parts between commas; those between the brackets of a span belong to it. */
function directivesOf(text: string): string[] {
  const parts: string[] = [];
  let begin = 0;
  let isInSpan = false;
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === "[" || char === "]") isInSpan = char === "[";
    if (char !== "," || isInSpan) continue;
    parts.push(text.slice(begin, at));
    begin = at + 1;
  }
  return [...parts, text.slice(begin)];
}

interface Directive {
  /** Empty for the general one, `[` for one of spans in any module. */
  readonly target: string;
  readonly level: LogThreshold;
}

function readDirective(text: string): Directive | undefined {
  const general = asLevel(text);
  if (general !== undefined) return { target: "", level: general };
  const [, target = "", word] = DIRECTIVE.exec(text) ?? [];
  // This server has no spans, so a directive of spans alone does not apply to it.
  const module = target === "" && text.startsWith("[") ? "[" : target.replaceAll("-", "_");
  // A module alone logs everything; any other bare name is a misspelt level.
  const level = word === undefined ? (isOurs(module) ? "trace" : undefined) : asLevel(word);
  return level === undefined || module === "" ? undefined : { target: module, level };
}

function asLevel(word: string): LogThreshold | undefined {
  return BY_NUMBER.find((level, index) => word.trim() === level || word.trim() === String(index));
}

/** A directive is for every module whose name begins with its target. */
function isOurs(module: string): boolean {
  return module !== "" && (MODULE.startsWith(module) || module.startsWith(`${MODULE}::`));
}

/** Returns how specific a directive is for this server; 0 when it does not apply. */
function rank(target: string): number {
  if (target === "") return 1;
  if (!isOurs(target)) return 0;
  // A directive for one of its modules applies to the whole server only when no other directive does.
  return target.length <= MODULE.length ? 2 + target.length : 2;
}
