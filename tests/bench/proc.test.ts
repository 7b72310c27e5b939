/** The benchmark's readings from /proc, and its account of other processes. */
import { expect, test } from "bun:test";
import { checksMade, counterOf } from "../../scripts/tools/bench/kernel-counters.ts";
import { isQuiet, noiseBetween, noiseWords } from "../../scripts/tools/bench/noise.ts";
import { cpuBetween } from "../../scripts/tools/bench/process-figures.ts";

test("kernel counters: read by name, from the group that has them", () => {
  const text = "IpExt: EmbryonicRsts InX\nIpExt: 1 2\nTcpExt: A EmbryonicRsts B\nTcpExt: 5 42 6\n";
  expect(counterOf(text)).toBe(42);
  expect(counterOf("TcpExt: A\nTcpExt: 5\n")).toBeNaN();
});

test.each([
  ["all seen by the sink, others reset some", 4_000, 30, 4_000],
  ["none seen: all half open", 0, 4_000, 4_000],
  ["half open, but for some that were late", 10, 3_990, 4_000],
])("checks made: %s", (_, seen, halfOpen, made) => {
  expect(checksMade(seen, halfOpen)).toBe(made);
});

test("cpu: the total is the scheduler's, the split that of the ticks", () => {
  const before = { totalNs: 1_000_000, userTicks: 10, kernelTicks: 10 };
  const after = { totalNs: 41_000_000, userTicks: 11, kernelTicks: 13 };
  expect(cpuBetween(before, after)).toEqual({ totalUs: 40_000, userUs: 10_000, kernelUs: 30_000 });
});

test("noise: what neither we nor our children used", () => {
  const before = { busy: 1_000, stolen: 5, own: 400, atMs: 0 };
  const after = { busy: 1_300, stolen: 6, own: 600, atMs: 10_000 };
  const noise = noiseBetween(before, after);
  expect(noise).toEqual({ othersPercent: 10, stolenPercent: 0.1 });
  expect(isQuiet(noise)).toBe(true);
  expect(noiseWords(noise)).toContain("others used 10 % of a core");
  expect(noiseWords({ othersPercent: 2, stolenPercent: 0 })).toBeUndefined();
});
