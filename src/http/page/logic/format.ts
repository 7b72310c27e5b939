/** Numbers and times as people read them. Pure. */
import type { PhaseTimes } from "../../api.ts";

const COUNT = new Intl.NumberFormat("en");

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Placeholder for a missing value. */
export const NOTHING = "–";

/** The phases in their order. */
export const PHASES: readonly { readonly field: keyof PhaseTimes; readonly label: string }[] = [
  { field: "resolve_ms", label: "resolve" },
  { field: "connect_ms", label: "connect" },
  { field: "tls_ms", label: "TLS" },
  { field: "first_byte_ms", label: "first byte" },
  { field: "transfer_ms", label: "transfer" },
];

/** `10,000` */
export function formatCount(count: number): string {
  return COUNT.format(count);
}

/** `1 healthcheck`, `10,000 healthchecks` */
export function formatCounted(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** Formats a measured time with three digits: `0.42 ms`, `12.3 ms`, `1.23 s`. @param ms - null for a missing value */
export function formatMs(ms: number | null): string {
  if (ms === null) return NOTHING;
  if (ms < 9.995) return `${ms.toFixed(2)} ms`;
  if (ms < 99.95) return `${ms.toFixed(1)} ms`;
  if (ms < 999.5) return `${ms.toFixed(0)} ms`;
  if (ms < 9_995) return `${(ms / SECOND).toFixed(2)} s`;
  return `${(ms / SECOND).toFixed(1)} s`;
}

/** A configured time, exact: `500 ms`, `1.5 s`, `2 min`, `1 h 30 min`. */
export function formatSpan(ms: number): string {
  if (ms < SECOND) return `${ms} ms`;
  if (ms < MINUTE) return `${ms / SECOND} s`;
  const seconds = ms % MINUTE;
  const parts = [part(ms, DAY, 0, "d"), part(ms, HOUR, DAY, "h"), part(ms, MINUTE, HOUR, "min")];
  if (seconds > 0) parts.push(`${seconds / SECOND} s`);
  return parts.filter((text) => text !== "").join(" ");
}

/** Formats an age in at most two units: `now`, `12 s`, `3 min`, `1 h 20 min`, `4 d 2 h`. */
export function formatAgo(ms: number): string {
  if (ms < SECOND) return "now";
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)} s`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min`;
  if (ms < DAY) return [part(ms, HOUR, 0, "h"), part(ms, MINUTE, HOUR, "min")].filter(Boolean).join(" ");
  if (ms < 100 * DAY) return [part(ms, DAY, 0, "d"), part(ms, HOUR, DAY, "h")].filter(Boolean).join(" ");
  return `${Math.floor(ms / DAY)} d`;
}

/** Formats a time as `18:49:38`, in the zone of the browser. */
export function formatClock(ms: number): string {
  const time = new Date(ms);
  return [time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(":");
}

/** `18:49:38.123` */
export function formatClockMs(ms: number): string {
  return `${formatClock(ms)}.${String(new Date(ms).getMilliseconds()).padStart(3, "0")}`;
}

/** Formats a time as `2026-11-22 18:49:38.123 +01:00`, in the zone of the browser. */
export function formatExact(ms: number): string {
  const time = new Date(ms);
  const date = [time.getFullYear(), two(time.getMonth() + 1), two(time.getDate())].join("-");
  const offset = -time.getTimezoneOffset();
  const away = Math.abs(offset);
  const zone = `${offset < 0 ? "-" : "+"}${two(Math.floor(away / 60))}:${two(away % 60)}`;
  return `${date} ${formatClockMs(ms)} ${zone}`;
}

/** `18:49:38`, with the date in front when it was another day. */
export function formatWhen(ms: number, nowMs: number): string {
  const exact = formatExact(ms);
  return exact.slice(0, 10) === formatExact(nowMs).slice(0, 10) ? formatClock(ms) : exact.slice(0, 19);
}

/** `connect 0.4 ms · first byte 12 ms`; what was not reached is left out. */
export function formatPhases(phases: PhaseTimes): string {
  return PHASES.flatMap(({ field, label }) => {
    const ms = phases[field];
    // Lines may break between the phases only.
    return ms === undefined ? [] : [`${label} ${formatMs(ms)}`.replaceAll(" ", "\u00a0")];
  }).join(" · ");
}

/** A result's sentence taken apart. */
export interface Sentence {
  /** The reason, such as `connection refused`. */
  readonly why: string;
  /** `TCP connect to 10.0.0.1:80`; empty when the sentence is of another kind. */
  readonly what: string;
}

/** Splits `TCP connect to 10.0.0.1:80: connection refused`: where there is little room, the end matters. */
export function splitSentence(message: string): Sentence {
  const mark = message.indexOf(": ");
  return mark < 0
    ? { why: message, what: "" }
    : { why: message.slice(mark + 2), what: message.slice(0, mark) };
}

/** Formats the integer number of a unit that fits into the rest after the next larger unit; empty for 0. */
function part(ms: number, unit: number, larger: number, name: string): string {
  const count = Math.floor((larger === 0 ? ms : ms % larger) / unit);
  return count === 0 ? "" : `${count} ${name}`;
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}

/** Returns the display name of a healthcheck: its name, if it has one, and its target. */
export function named({ name, target }: { readonly name?: string; readonly target: string }): string {
  return name === undefined ? target : `${name} · ${target}`;
}
