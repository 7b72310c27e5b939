/**
 * Figures that tests measure: arithmetic, and printing them. Called by the tests of the daemon.
 */

/**
 * Returns the value below which a share of the values lies.
 * @param share 0.5 is the median, 1 the maximum
 * @throws Error without values
 */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  if (value === undefined) throw new Error("no values");
  return value;
}

/** Returns the distances between neighbors. */
export function gaps(times: readonly number[]): number[] {
  return times.slice(1).map((time, index) => time - (times[index] ?? time));
}

/** Puts a measured figure into the output of the test run. */
export function printFigure(what: string, value: number, unit: string): void {
  process.stderr.write(`  measured: ${what}: ${Math.round(value * 100) / 100} ${unit}\n`);
}
