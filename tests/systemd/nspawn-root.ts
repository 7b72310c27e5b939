/**
 * The Debian system that systemd-nspawn boots: made by debootstrap from the package sources of this machine, and kept between runs in
 * a cache directory outside the project. Called by nspawn.ts.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type Absent, hasPeer, missingPeer, peerPath } from "../harness/base/peers.ts";

/** Making the root takes a minute or two, downloads included. */
export const ROOT_LIMIT_MS = 600_000;

/** Beside what every Debian has: a bootable systemd, and the programs that the documents and the tests use inside. */
const PACKAGES = [
  ...["systemd", "systemd-sysv", "dbus", "init-system-helpers", "passwd", "sudo", "procps", "iproute2"],
  ...["ca-certificates", "curl", "jq", "socat", "less", "minisign"],
];

/** Everything the boot needs from this machine. */
const NEEDS = ["systemd-nspawn", "debootstrap", "apt-get", "nsenter", "unshare"] as const;

/** Returns the programs and rights that this machine lacks for booting a system of its own; empty when it lacks nothing. */
export function absentForNspawn(): Absent[] {
  const absent: Absent[] = NEEDS.filter((peer) => !hasPeer(peer)).map((peer) => ({
    name: peer,
    words: missingPeer(peer),
  }));
  if (process.getuid?.() !== 0) return [...absent, { name: "root", words: "only root may boot a system" }];
  if (cgroupRoot() === undefined)
    absent.push({ name: "cgroup2", words: "the unified cgroup hierarchy is not mounted in /sys/fs/cgroup" });
  if (absent.length === 0 && !canOverlay())
    absent.push({ name: "overlayfs", words: "this machine cannot mount overlayfs" });
  return absent;
}

/**
 * The root directory, which no test writes into; made first when it is not in the cache.
 *
 * @throws Error with debootstrap's last lines when it cannot be made
 */
export async function debianRoot(): Promise<string> {
  const codename = codenameOf(readFileSync("/etc/os-release", "utf8"));
  const key = Bun.hash(PACKAGES.join(" ")).toString(16);
  const cache = join(process.env["XDG_CACHE_HOME"] || "/var/cache", "healthcheck-server-tests");
  const root = join(cache, `${codename}-${key}`);
  if (existsSync(root)) return root;
  mkdirSync(cache, { recursive: true });
  // Complete before it has its name, so that a run that was cut off leaves nothing that looks finished.
  const unfinished = mkdtempSync(join(cache, ".unfinished-"));
  try {
    await debootstrap(codename, unfinished);
    // Another run may have been faster.
    if (!existsSync(root)) renameSync(unfinished, root);
    return root;
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}

async function debootstrap(codename: string, target: string): Promise<void> {
  const mirror = mirrorOf(codename);
  const args = ["--variant=minbase", `--include=${PACKAGES.join(",")}`, codename, target, mirror];
  const made = Bun.spawn([peerPath("debootstrap"), ...args], {
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, status] = await Promise.all([made.stdout.text(), made.exited]);
  if (status !== 0)
    throw new Error(`debootstrap ${codename}: ${out.trim().split("\n").slice(-5).join("; ")}`);
  rmSync(join(target, "var/cache/apt/archives"), { recursive: true, force: true });
  mkdirSync(join(target, "var/cache/apt/archives/partial"), { recursive: true });
}

/** Finds the package source of this machine's own release, from apt. */
function mirrorOf(codename: string): string {
  const format = ["--format", "$(REPO_URI) $(RELEASE)"];
  const listed = Bun.spawnSync([
    ...[peerPath("apt-get"), "indextargets", ...format],
    ...["Created-By: Packages", "Component: main"],
  ]);
  const lines = listed.stdout.toString().trim().split("\n");
  const mirror = lines.map((line) => line.split(" ")).find(([, release]) => release === codename)?.[0];
  if (mirror === undefined) throw new Error(`apt has no source of ${codename}: run apt-get update`);
  return mirror;
}

function codenameOf(osRelease: string): string {
  const codename = /^VERSION_CODENAME=(.*)$/m.exec(osRelease)?.[1];
  if (codename === undefined) throw new Error("/etc/os-release: has no VERSION_CODENAME");
  return codename;
}

/** Returns the mount point of the unified hierarchy of control groups: alone, or beside those of the first version. */
export function cgroupRoot(): string | undefined {
  const places = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"];
  return places.find((place) => existsSync(join(place, "cgroup.controllers")));
}

function canOverlay(): boolean {
  const script =
    'mount -t tmpfs tmpfs /mnt && cd /mnt && mkdir a b c d && mount -t overlay o -o "lowerdir=a,upperdir=b,workdir=c" d';
  return Bun.spawnSync(["unshare", "-m", "--propagation", "private", "sh", "-c", script], {
    stdout: "ignore",
    stderr: "ignore",
  }).success;
}
