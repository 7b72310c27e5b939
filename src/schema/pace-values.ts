/** Values of the pace of a healthcheck that `off` switches off: its further intervals and its damping. */

import { DURATION_PATTERN, formatDuration, parseDuration } from "../model/duration.ts";
import { DAMPING_DEFAULTS, type DampingSpec } from "../model/spec.ts";
import { duration } from "./durations.ts";
import { optional, type Value } from "./field.ts";
import { objectReader } from "./object.ts";
import { problem } from "./problem.ts";
import { custom, decimal } from "./values.ts";

/** The word that switches a field off. */
const OFF = "off";
/** Spellings of an absent duration besides `0s`. */
const ZEROS: readonly string[] = ["", "0"];
/** YAML 1.1 reads `off` as false, and so do its writers. */
const isOff = (input: unknown) => input === OFF || input === false;

/** Minimum time between two starts, as it is written. */
const MIN = "10ms";
const MIN_MS = parseDuration(MIN) ?? 0;
const MAX = "365d";

const INTERVAL = duration(MIN, MAX);

/** An interval, in milliseconds, or `off`. Zero, which Go writes for an absent duration, is read as 0. */
export const intervalOrOff = {
  ...custom<string, number | typeof OFF>(
    {
      ...INTERVAL,
      kind: "duration or off",
      rule: "off, or a duration from 10ms to a year",
      range: "off, or 10ms to a year",
      json: { anyOf: [{ enum: [OFF, false, ...ZEROS] }, INTERVAL.json] },
    },
    (input) => {
      if (isOff(input)) return OFF;
      if (typeof input !== "string") return undefined;
      const ms = ZEROS.includes(input) ? 0 : parseDuration(input);
      const isZero = ms === 0 && (ZEROS.includes(input) || DURATION_PATTERN.test(input));
      return isZero || (ms !== undefined && ms >= MIN_MS && ms <= (INTERVAL.bounds?.max ?? 0))
        ? ms
        : undefined;
    },
  ),
  format: (ms: unknown) => (typeof ms === "number" ? formatDuration(ms) : ms),
};

const MAX_PENALTY = 20_000;
const { halfLifeMs, suppress, reuse } = DAMPING_DEFAULTS;
const PENALTY = decimal(1, MAX_PENALTY);
const MEMBERS = {
  half_life: optional(INTERVAL, formatDuration(halfLifeMs), formatDuration(halfLifeMs), "Half-life."),
  suppress: optional(PENALTY, suppress, String(suppress), "Penalty that damps."),
  reuse: optional(PENALTY, reuse, String(reuse), "Penalty that ends it."),
};
const NAMES = Object.keys(MEMBERS);
const readMembers = objectReader(MEMBERS);

/** Maximum jitter, in percent: two starts are at least half an interval apart. */
export const MAX_JITTER = 50;

/** Documentation of damping, for the file and for healthchecks. */
export const ABOUT_DAMPING =
  "Damping of flapping backends (RFC 2439), `off` or a map. Each state change adds 1000 to a penalty, which decays to a half in `half_life` (1m). " +
  "A backend whose penalty exceeds `suppress` (2000) stays unhealthy until it is below `reuse` (750).";

/** Damping of a flapping backend, or `off`. */
export const dampingOrOff = {
  ...custom<string, DampingSpec | typeof OFF>(
    {
      kind: "map or off",
      rule: `off, or a map of ${NAMES.join(", ")}`,
      range: `off, or a map of half_life (a duration), suppress and reuse (1 to ${MAX_PENALTY}, reuse below suppress)`,
      json: {
        anyOf: [
          { enum: [OFF, false] },
          {
            type: "object",
            properties: {
              half_life: INTERVAL.json,
              suppress: PENALTY.json,
              reuse: PENALTY.json,
            },
            additionalProperties: false,
          },
        ],
      },
    },
    (input) => {
      if (isOff(input)) return OFF;
      const read = readDamping(input);
      return typeof read === "string" ? undefined : read;
    },
    (input, rule) => {
      const read = readDamping(input);
      return typeof read === "string" ? read : problem(input, rule);
    },
  ),
  format: (damping: unknown) => formatDamping(damping),
} satisfies Value;

/** Reads the map. @returns the problem with it, if there is one */
function readDamping(input: unknown): DampingSpec | string {
  const rule = `${OFF}, or a map of ${NAMES.join(", ")}`;
  if (typeof input !== "object" || input === null || Array.isArray(input)) return problem(input, rule);
  const unknown = Object.keys(input).find((name) => !NAMES.includes(name));
  if (unknown !== undefined) return `${problem(unknown, `one of ${NAMES.join(", ")}`)}`;
  const read = readMembers(input);
  if (!read.ok) return read.problems.map(({ path, message }) => `${path.join(".")} ${message}`).join("; ");
  const { half_life, suppress, reuse } = read.value;
  if (reuse >= suppress) return `reuse ${reuse} is not valid; must be below suppress, ${suppress}`;
  return { halfLifeMs: half_life, suppress, reuse };
}

/** Formats a damping as it is written in a file. */
function formatDamping(damping: unknown): unknown {
  if (typeof damping !== "object" || damping === null || !("halfLifeMs" in damping)) return damping;
  const { halfLifeMs, ...penalties } = damping;
  return { half_life: formatDuration(Number(halfLifeMs)), ...penalties };
}
