/** The command line of scripts/release. Run by `bun test`. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { ROOT, sourceTime } from "../../scripts/building/source.ts";
import { readOptions, UsageError } from "../../scripts/releasing/options.ts";
import { TARGETS } from "../../scripts/releasing/targets.ts";

test("release options: without any, everything goes to dist/release", () => {
  expect(readOptions([], "/work")).toEqual({
    do: "release",
    targets: TARGETS,
    out: join(ROOT, "dist", "release"),
    ownOut: true,
    allowModified: false,
  });
});

test("release options: --targets picks, and --out is taken from the working directory and never emptied", () => {
  const command = readOptions(["--targets", "linux-arm64,linux-x64-musl", "--out", "out"], "/work");
  expect(command).toMatchObject({ out: "/work/out", ownOut: false });
  expect(command.do === "release" && command.targets.map(({ name }) => name)).toEqual([
    "linux-arm64",
    "linux-x64-musl",
  ]);
});

test.each([
  [["--targets", "linux-riscv64"], "--targets linux-riscv64: no such target (linux-x64, "],
  [["--targets", ","], "--targets: names no target"],
  [["--output", "x"], "--output"],
  [["x"], "x"],
])("release options: %p is wrong usage", (args, words) => {
  expect(() => readOptions(args, "/")).toThrow(UsageError);
  expect(() => readOptions(args, "/")).toThrow(words);
});

test("release: SOURCE_DATE_EPOCH sets its time, and must be seconds", () => {
  expect(sourceTime({ SOURCE_DATE_EPOCH: "1700000000" })).toBe(1_700_000_000);
  expect(() => sourceTime({ SOURCE_DATE_EPOCH: "yesterday" })).toThrow(
    'SOURCE_DATE_EPOCH: "yesterday" is no number',
  );
});
