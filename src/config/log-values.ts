/** Level and format of the log as values of the configuration file; those of the Rust server are made usable. */
import { LOG_LEVEL_RULE, readLevel } from "../logging/level.ts";
import { LOG_FORMATS, LOG_LEVELS, type LogFormat, type LogThreshold } from "../logging/names.ts";
import { show } from "../model/format-value.ts";
import type { Amended } from "../schema/amend.ts";
import { anyCase } from "../schema/json-schema.ts";
import { replaced } from "../schema/problem.ts";
import { oneOf } from "../schema/values.ts";

const THRESHOLDS: readonly LogThreshold[] = [...LOG_LEVELS, "off"];
/** A level in any case, or a string in the form of RUST_LOG directives. */
const DIRECTIVES = `^\\s*(?:${THRESHOLDS.map(anyCase).join("|")}|[0-5]|healthcheck[_-]server)\\s*$|[=,]`;

/** Makes the minimum level of the log: a word, or the directives of RUST_LOG. @param fallback - used when no directive is for this server */
export function logLevel(fallback: LogThreshold) {
  const level = oneOf(THRESHOLDS);
  const amend = (value: unknown, source: string | undefined): Amended | undefined => {
    const written = typeof value === "number" ? source : value;
    const read = typeof written === "string" ? readLevel(written) : undefined;
    if (read === undefined) return undefined;
    if (read.level !== undefined) return { value: read.level, warnings: [] };
    const what = `${show(written)} has no directive for healthcheck_server`;
    return { value: undefined, warnings: [replaced(what, fallback, level.rule)] };
  };
  const json = {
    anyOf: [
      { type: "string", ...level.json },
      { type: "string", pattern: DIRECTIVES },
      { type: "integer", minimum: 0, maximum: 5 },
    ],
  };
  return { ...level, kind: "log level", rule: LOG_LEVEL_RULE, json, amend };
}

/** Makes the format of log lines. @param fallback - used in place of the other formats of the Rust server */
export function logFormat(fallback: LogFormat) {
  const format = oneOf(LOG_FORMATS);
  const amend = (value: unknown): Amended | undefined => {
    if (typeof value !== "string") return undefined;
    const known = LOG_FORMATS.find((name) => name === value.trim().toLowerCase());
    if (known !== undefined) return { value: known, warnings: [] };
    return {
      value: fallback,
      warnings: [replaced(`${show(value)} is not supported`, fallback, format.rule)],
    };
  };
  const json = {
    anyOf: [
      { type: "string", ...format.json },
      { type: "string", pattern: `^\\s*(?:${LOG_FORMATS.map(anyCase).join("|")})\\s*$` },
    ],
  };
  return { ...format, kind: "log format", json, amend };
}
