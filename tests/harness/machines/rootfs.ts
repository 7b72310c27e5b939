/**
 * The root of another system, made by hand: programs of this host with the libraries that they need, and what else a test puts there.
 * Called by the tests of the packages and of the container; needs root.
 */
import { chmodSync, copyFileSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { makeTempDir, type TempDir } from "../base/tempdir.ts";

/** Content of the directory. */
export interface RootOptions {
  /** Programs of this host, by name or path, with their libraries. */
  readonly programs?: readonly string[];
  /** Only the libraries of these. */
  readonly librariesOf?: readonly string[];
  /** Files of this host, with the libraries they need, by the path that they get: `{ "/usr/local/bin/server": "dist/server" }`. */
  readonly copies?: Readonly<Record<string, string>>;
  /** Files by their text. */
  readonly texts?: Readonly<Record<string, string>>;
  /** Empty directories. */
  readonly directories?: readonly string[];
}

/** Links that Debian has had since its directories were merged. */
const LINKS = { bin: "usr/bin", sbin: "usr/sbin", lib: "usr/lib", lib64: "usr/lib64", "var/run": "/run" };

/** Makes one in a temporary directory; disposing removes it. Nothing may be mounted in it by then. */
export function makeRoot(options: RootOptions): TempDir {
  const root = makeTempDir("root");
  // Others than root go through it.
  chmodSync(root.path, 0o755);
  for (const name of ["proc", "dev", "run", "tmp", "etc", "usr/bin", ...(options.directories ?? [])])
    mkdirSync(join(root.path, name), { recursive: true });
  mkdirSync(join(root.path, "var"), { recursive: true });
  for (const [name, target] of Object.entries(LINKS)) {
    if (target.startsWith("usr")) mkdirSync(join(root.path, target), { recursive: true });
    symlinkSync(target, join(root.path, name));
  }
  chmodSync(join(root.path, "tmp"), 0o1777);
  for (const program of options.programs ?? []) addProgram(root.path, program);
  for (const program of options.librariesOf ?? []) addLibraries(root.path, program);
  for (const [to, from] of Object.entries(options.copies ?? {})) {
    copy(root.path, from, to);
    addLibraries(root.path, from);
  }
  for (const [to, text] of Object.entries(options.texts ?? {})) {
    mkdirSync(join(root.path, dirname(to)), { recursive: true });
    writeFileSync(join(root.path, to), text);
  }
  return root;
}

/**
 * A prefix for a command that runs it in such a root, with /proc and /dev. It is the root of that process alone, so nothing stays mounted.
 *
 * @param user - `65532:65532`; root if absent
 */
export function inRoot(root: string, user?: string): string[] {
  const mounts = 'mount -t proc proc "$0/proc" && mount --rbind /dev "$0/dev"';
  const become = `exec chroot ${user === undefined ? "" : `--userspec=${user}`} "$0" "$@"`;
  return ["unshare", "-m", "sh", "-c", `${mounts} && ${become}`, root];
}

function addProgram(root: string, name: string): void {
  const { PATH = "" } = process.env;
  const found = Bun.which(name, { PATH: `${PATH}:/usr/sbin:/sbin` });
  if (found === null) throw new Error(`${name} is not installed`);
  copy(root, found, found);
  addLibraries(root, found);
}

/** As the dynamic linker lists them; none for a script or a static program. */
function addLibraries(root: string, program: string): void {
  const { stdout } = Bun.spawnSync(["ldd", program], { stderr: "ignore" });
  for (const [, path = ""] of stdout.toString().matchAll(/(?:^|=>)\s+(\/\S+) \(0x/gm)) copy(root, path, path);
}

function copy(root: string, from: string, to: string): void {
  mkdirSync(join(root, dirname(to)), { recursive: true });
  copyFileSync(realpathSync(from), join(root, to));
}
