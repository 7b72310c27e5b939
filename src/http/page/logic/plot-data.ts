/** The history of a healthcheck as a plot wants it: columns of numbers, oldest first, phases piled up. Pure. */
import type { HistoryItem, PhaseTimes } from "../../api.ts";
import { PHASES } from "./format.ts";

/** A layer of the stacked plot. */
export interface Layer {
  readonly label: string;
  /** Color of the layer: a phase's, or `rest` for time outside of all phases. */
  readonly kind: keyof PhaseTimes | "rest";
  /** Duration of the layer, milliseconds; null for a phase that was not reached. */
  readonly own: readonly (number | null)[];
  /** Upper edge of the layer, milliseconds. */
  readonly top: readonly (number | null)[];
}

/** The history of a healthcheck as columns of numbers for a plot, oldest first, with stacked phases. */
export interface PlotData {
  /** Seconds since 1970. */
  readonly times: readonly number[];
  /** Milliseconds; null when it was inconclusive. */
  readonly durations: readonly (number | null)[];
  /** From the bottom to the top; the last one reaches the duration. */
  readonly layers: readonly Layer[];
  /** True for each result that is a failure. */
  readonly failed: readonly boolean[];
}

/** @param history - newest first, as the server sends it */
export function plotData(history: readonly HistoryItem[]): PlotData {
  const oldestFirst = [...history].reverse();
  const durations = oldestFirst.map(({ duration_ms }) => duration_ms);
  const present = PHASES.filter(({ field }) => oldestFirst.some(({ phases }) => phases[field] !== undefined));
  let below: readonly number[] = oldestFirst.map(() => 0);
  const layers: Layer[] = present.map(({ field, label }) => {
    const own = oldestFirst.map(({ phases }) => phases[field] ?? null);
    const floor = below;
    below = floor.map((height, index) => height + (own[index] ?? 0));
    const top = below.map((height, index) => (durations[index] === null ? null : height));
    return { label, kind: field, own, top };
  });
  const floor = below;
  const rest = durations.map((ms, index) => (ms === null ? null : Math.max(0, ms - (floor[index] ?? 0))));
  layers.push({ label: present.length === 0 ? "duration" : "rest", kind: "rest", own: rest, top: durations });
  return {
    times: oldestFirst.map(({ at }) => Date.parse(at) / 1_000),
    durations,
    layers,
    failed: oldestFirst.map(({ result }) => result === "failure"),
  };
}

/**
 * From when to when the plot goes: as long as a full history, so that it does not change its scale while one fills up.
 *
 * @param times - seconds, oldest first
 * @param intervalS - between two checks
 */
export function timeRange(times: readonly number[], intervalS: number): [from: number, to: number] {
  const newest = times.at(-1) ?? 0;
  const oldest = Math.min(times[0] ?? newest, newest - 19 * intervalS);
  const margin = Math.max((newest - oldest) / 40, 0.001);
  return [oldest - margin, newest + margin];
}

/** From 0 to a little above the slowest result. @returns milliseconds */
export function heightRange(durations: readonly (number | null)[]): [from: number, to: number] {
  const slowest = Math.max(0, ...durations.map((ms) => ms ?? 0));
  return [0, slowest === 0 ? 1 : slowest * 1.15];
}

/** Returns true when a timeout lies within the height of the plot. */
export function isInSight(timeoutMs: number, { durations }: PlotData): boolean {
  return timeoutMs > 0 && timeoutMs <= heightRange(durations)[1];
}
