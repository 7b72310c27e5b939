/**
 * Reproducible builds: the result depends on the sources alone, not on the directory, the time, the umask. Run by `bun
 * test`.
 */
// alone: its files share one release
import { expect, test } from "bun:test";
import { cpSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../scripts/tools/build/source.ts";
import { neededPackages, placeOf } from "../../scripts/tools/release/dependencies.ts";
import { peerPath, peerTest } from "../harness/base/peers.ts";
import { makeTempDir } from "../harness/base/tempdir.ts";
import { RELEASE_LIMIT_MS, release, sharedRelease } from "./release.ts";

/** Sources of the executable, with its build script. */
const SOURCES = ["package.json", "bun.lock", "bunfig.toml", "tsconfig.json", "src", "scripts"];

function build(tree: string): Buffer {
  const run = Bun.spawnSync([process.execPath, join(tree, "scripts", "tools", "build", "main.ts")], {
    cwd: "/",
    env: { ...process.env, BUILD_REVISION: "reproduced" },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  expect(run.stderr.toString()).toBe("");
  expect(run.success).toBe(true);
  return readFileSync(join(tree, "dist", "healthcheck-server"));
}

function copyTree(to: string): void {
  for (const name of SOURCES) cpSync(join(ROOT, name), join(to, name), { recursive: true });
  for (const { key } of neededPackages())
    cpSync(join(ROOT, placeOf(key)), join(to, placeOf(key)), { recursive: true });
}

test("build: twice in one directory and once in another gives the same bytes", async () => {
  await using here = makeTempDir("build");
  await using elsewhere = makeTempDir("build-in-a-longer-path");
  copyTree(here.path);
  copyTree(elsewhere.path);
  const first = build(here.path);
  expect(first.equals(build(here.path))).toBe(true);
  expect(first.equals(build(elsewhere.path))).toBe(true);
  // The executable must not contain the path of its build.
  expect(first.includes(here.path)).toBe(false);
}, 60_000);

peerTest(
  "release: made again, with another umask and in another time zone, it has the same bytes; --sign adds a signature",
  ["dpkg-deb", "minisign"],
  async () => {
    await using dir = makeTempDir("release");
    const first = sharedRelease();
    const again = join(dir.path, "out");
    const minisign = (...args: readonly string[]) =>
      Bun.spawnSync([peerPath("minisign"), ...args], { cwd: dir.path, stdin: "ignore" }).exitCode;
    expect(minisign("-G", "-W", "-p", "key.pub", "-s", "key")).toBe(0);
    const sign = ["--sign", join(dir.path, "key")];
    release(again, ["sh", "-c", 'umask 077 && exec "$0" "$@"'], { TZ: "Asia/Tokyo" }, sign);
    const names = readdirSync(first).sort();
    expect(readdirSync(again).sort()).toEqual([...names, "SHA256SUMS.minisig"].sort());
    expect(minisign("-V", "-p", "key.pub", "-m", join(again, "SHA256SUMS"))).toBe(0);
    const differ = names.filter(
      (name) => !readFileSync(join(first, name)).equals(readFileSync(join(again, name))),
    );
    expect(differ).toEqual([]);
  },
  2 * RELEASE_LIMIT_MS,
);
