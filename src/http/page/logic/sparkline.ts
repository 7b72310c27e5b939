/** The small plot of a row: where its lines go. Pure. */
import type { RecentResult } from "../../api.ts";

/** The size of the plot, in its own units. */
export const SPARK = { width: 100, height: 20 } as const;
/** Results it has room for. */
const SLOTS = 20;
const PAD = 2;

/** SVG paths; empty when there is nothing of the kind. */
export interface SparkPaths {
  /** Response times of successes; interrupted at other results. */
  readonly line: string;
  /** A bar from top to bottom for each failure. */
  readonly failures: string;
  /** A short mark at the bottom for each inconclusive result. */
  readonly inconclusive: string;
}

/** Draws results, the newest at the right edge; the height is what the slowest success took. */
export function sparkPaths(recent: readonly RecentResult[]): SparkPaths {
  const slowest = Math.max(
    0,
    ...recent.map((one) => (one.result === "success" ? (one.duration_ms ?? 0) : 0)),
  );
  const step = SPARK.width / SLOTS;
  const paths = { line: "", failures: "", inconclusive: "" };
  let pen = "M";
  recent.slice(-SLOTS).forEach(({ result, duration_ms }, index, shown) => {
    const x = round((SLOTS - shown.length + index + 0.5) * step);
    if (result === "success") {
      const y = round(SPARK.height - PAD - ((duration_ms ?? 0) / (slowest || 1)) * (SPARK.height - 2 * PAD));
      // The first point of a run is also a line of no length: with round ends, a dot.
      paths.line += pen === "M" ? `M${x} ${y}L${x} ${y}` : `L${x} ${y}`;
      pen = "L";
      return;
    }
    pen = "M";
    if (result === "failure") paths.failures += `M${x} ${PAD}V${SPARK.height - PAD}`;
    else paths.inconclusive += `M${x} ${SPARK.height - 3 * PAD}V${SPARK.height - PAD}`;
  });
  return paths;
}

/** Describes the plot as text. */
export function sparklineText(recent: readonly RecentResult[]): string {
  const failures = recent.filter(({ result }) => result === "failure").length;
  const last = recent.length === 1 ? "the last result" : `the last ${recent.length} results`;
  if (recent.length === 0) return "no results yet";
  return failures === 0 ? `no failure in ${last}` : `${failures} of ${last} failed`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
