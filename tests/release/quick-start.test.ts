/** The quick start of README.md, as it is written there: a fresh directory, the archive, and a system that has the least. Run by `bun test`. */
// alone: its files share one release
import { beforeAll, expect } from "bun:test";
import { copyFileSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../scripts/tools/build/source.ts";
import { hasPeer, rootTest } from "../harness/base/peers.ts";
import { inRoot, makeRoot } from "../harness/machines/rootfs.ts";
import { NATIVE, RELEASE_LIMIT_MS, sharedRelease } from "./release.ts";

/** Programs that every Linux has. */
const PROGRAMS = ["bash", "tar", "gzip", "sleep"];

let dir = "";
beforeAll(() => {
  if (hasPeer("dpkg-deb")) dir = sharedRelease();
}, RELEASE_LIMIT_MS);

/** The shell lines of README.md that begin with a tarball. */
function quickStart(): string {
  const blocks = [...readFileSync(join(ROOT, "README.md"), "utf8").matchAll(/^```bash\n(.*?)^```$/gms)];
  const found = blocks.map(([, text = ""]) => text).find((text) => text.includes("tar xzf"));
  if (found === undefined) throw new Error("README.md: has no quick start with `tar xzf`");
  return found.replaceAll("linux-x64", NATIVE?.name ?? "");
}

rootTest(
  "README: the quick start works as it is written, in a fresh directory with nothing but the archive",
  ["dpkg-deb", "ip"],
  async () => {
    await using root = makeRoot({
      programs: PROGRAMS,
      librariesOf: [process.execPath],
      texts: {},
      directories: ["fresh"],
    });
    const archive = readdirSync(dir).filter((name) => name.endsWith(`${NATIVE?.name}.tar.gz`));
    for (const name of archive) copyFileSync(join(dir, name), join(root.path, "fresh", name));
    // The server that it leaves running is stopped, and must end well.
    const script = `cd /fresh\nset -e\n${quickStart()}\nkill $!\nwait $!\n`;
    // Its own processes too: whatever goes wrong, none of them outlives it.
    const own = ["unshare", "-n", "--pid", "--fork", "--kill-child"];
    const apart = [...own, "sh", "-c", 'ip link set lo up && exec "$0" "$@"'];
    const run = Bun.spawnSync([...apart, ...inRoot(root.path), "/bin/bash", "-c", script], {
      env: { PATH: "/usr/local/bin:/usr/bin:/usr/sbin:/bin:/sbin" },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
      timeout: 30_000,
      // It takes no notice of SIGTERM while it waits for its child.
      killSignal: "SIGKILL",
    });
    const said = `${run.stdout}${run.stderr}`;
    expect([run.exitCode, run.exitCode === 0 ? "" : said]).toEqual([0, ""]);
    expect(said).toMatch(/^ready$/m);
    expect(said).toContain("tcp://127.0.0.1:22");
  },
  60_000,
);
