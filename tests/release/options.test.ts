/** The command line of scripts/release. Run by `bun test`. */
import { expect, test } from "bun:test";
import { cpSync, existsSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "../../scripts/tools/arguments.ts";
import { ROOT, sourceTime } from "../../scripts/tools/build/source.ts";
import { readOptions } from "../../scripts/tools/release/options.ts";
import { TARGETS } from "../../scripts/tools/release/targets.ts";
import { makeTempDir } from "../harness/base/tempdir.ts";

test("release options: without any, everything goes to dist/release", () => {
  expect(readOptions([], "/somewhere")).toEqual({
    do: "release",
    targets: TARGETS,
    out: join(ROOT, "dist", "release"),
    ownOut: true,
    allowModified: false,
    signingKey: undefined,
  });
  expect(readOptions(["--sign", "key"], "/somewhere")).toMatchObject({ signingKey: "/somewhere/key" });
  expect(readOptions(["--notices", "out"], "/somewhere")).toEqual({ do: "notices", out: "/somewhere/out" });
});

test("release options: --targets picks, and --out is taken from the working directory and never emptied", () => {
  const command = readOptions(["--targets", "linux-arm64,linux-x64-musl", "--out", "out"], "/somewhere");
  expect(command).toMatchObject({ out: "/somewhere/out", ownOut: false });
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

/** Runs the script in a copy of this tree that has no git. */
async function releaseWithoutGit(...args: readonly string[]) {
  await using tree = makeTempDir("no-git");
  for (const name of ["package.json", "bun.lock", "src", "scripts"])
    cpSync(join(ROOT, name), join(tree.path, name), { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(tree.path, "node_modules"));
  writeFileSync(join(tree.path, "mine"), "");
  const run = Bun.spawnSync([process.execPath, "scripts/tools/release/main.ts", ...args], { cwd: tree.path });
  return { status: run.exitCode, err: run.stderr.toString(), left: existsSync(join(tree.path, "mine")) };
}

test("release: a tree that differs from its revision, or has none, is refused unless it is asked for", async () => {
  expect(await releaseWithoutGit()).toMatchObject({
    status: 1,
    err: expect.stringMatching(
      /^scripts\/release: the tree differs from its revision, or has none: .*--allow-modified\n$/,
    ),
  });
  expect(await releaseWithoutGit("--allow-modified", "--targets", "linux-x64-musl")).toMatchObject({
    status: 1,
    err: expect.stringContaining("nor SOURCE_DATE_EPOCH"),
  });
});

test("release: a directory of one's own that is not empty is left as it is", async () => {
  const outcome = await releaseWithoutGit("--allow-modified", "--targets", "linux-x64-musl", "--out", ".");
  expect(outcome).toMatchObject({ status: 1, err: expect.stringMatching(/: is not empty\n$/), left: true });
});

test("release: SOURCE_DATE_EPOCH sets its time, and must be seconds", () => {
  expect(sourceTime({ SOURCE_DATE_EPOCH: "1700000000" })).toBe(1_700_000_000);
  expect(() => sourceTime({ SOURCE_DATE_EPOCH: "yesterday" })).toThrow(
    'SOURCE_DATE_EPOCH: "yesterday" is no number',
  );
});
