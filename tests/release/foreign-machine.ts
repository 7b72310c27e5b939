/**
 * Executables for other machines than this one, made to run here: arm64 by QEMU with Debian's cross glibc, musl by musl's own loader.
 * Called by the tests of the release.
 */
import { existsSync, mkdirSync, readdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { compile } from "../../scripts/tools/build/compile.ts";
import { fetchRuntime, hasRuntime } from "../../scripts/tools/release/runtimes.ts";
import { TARGETS, type Target } from "../../scripts/tools/release/targets.ts";
import { type Absent, hasPeer, type Peer } from "../harness/base/peers.ts";

const ARM64_GLIBC = "/usr/aarch64-linux-gnu";
const MUSL_LOADER = "/lib/ld-musl-x86_64.so.1";
const SHIM = join(import.meta.dir, "musl-shim.c");

/** One kind of foreign machine. */
export interface ForeignMachine {
  readonly target: Target;
  /** Missing programs without which it cannot run here. */
  readonly absent: readonly Absent[];
  /**
   * Compiles the server for it.
   *
   * @param dir - where it goes, with what it needs
   * @returns the command that runs it
   */
  build(dir: string): Promise<string[]>;
}

/** arm64 with glibc. */
export function arm64(): ForeignMachine {
  const target = targetNamed("linux-arm64");
  return {
    target,
    absent: [
      ...absentPeers("qemu-aarch64"),
      ...absentFile(`${ARM64_GLIBC}/lib/libc.so.6`, "libc6-arm64-cross"),
      ...absentRuntime(target),
    ],
    build: async (dir) => ["qemu-aarch64", "-L", ARM64_GLIBC, await compileFor(target, dir)],
  };
}

/**
 * x64 with musl. The executable also needs libstdc++, which Debian does not have for musl; Debian's own does, once a few
 * names that musl lacks are there.
 */
export function x64Musl(): ForeignMachine {
  const target = targetNamed("linux-x64-musl");
  return {
    target,
    absent: [
      ...absentPeers("gcc"),
      ...absentFile(MUSL_LOADER, "musl"),
      ...absentRuntime(target),
      ...(process.arch === "x64" ? [] : [{ name: "an x64 machine", words: "this is no x64 machine" }]),
    ],
    build: async (dir) => {
      const libraries = join(dir, "lib");
      mkdirSync(libraries);
      const shim = join(libraries, "ld-linux-x86-64.so.2");
      const made = Bun.spawnSync(["gcc", "-shared", "-fPIC", "-nostdlib", "-o", shim, SHIM]);
      if (!made.success) throw new Error(`gcc: ${made.stderr}`);
      for (const name of ["libstdc++.so.6", "libgcc_s.so.1"])
        symlinkSync(hostLibrary(name), join(libraries, name));
      return ["env", `LD_LIBRARY_PATH=${libraries}`, await compileFor(target, dir)];
    },
  };
}

async function compileFor(target: Target, dir: string): Promise<string> {
  const file = join(dir, "healthcheck-server");
  const runtimeFile = await fetchRuntime(target);
  compile({ file, revision: "foreign", foreign: { target: target.compiler, runtimeFile } });
  return file;
}

function targetNamed(name: string): Target {
  const target = TARGETS.find((one) => one.name === name);
  if (target === undefined) throw new Error(`there is no target ${name}`);
  return target;
}

/** Finds a library on this host; some have them in /lib, some in /usr/lib. */
function hostLibrary(name: string): string {
  const places = ["/lib", "/usr/lib"].flatMap((root) =>
    readdirSync(root)
      .filter((dir) => dir.startsWith("x86_64-"))
      .map((dir) => join(root, dir, name)),
  );
  const found = places.find((place) => existsSync(place));
  if (found === undefined) throw new Error(`${name} is not installed`);
  return found;
}

function absentPeers(...peers: readonly Peer[]): Absent[] {
  return peers
    .filter((peer) => !hasPeer(peer))
    .map((peer) => ({ name: peer, words: `${peer} is not installed` }));
}

function absentFile(path: string, debianPackage: string): Absent[] {
  if (existsSync(path)) return [];
  return [{ name: debianPackage, words: `${path} is missing (Debian package ${debianPackage})` }];
}

/** Tests fetch nothing themselves. */
function absentRuntime(target: Target): Absent[] {
  const fetching = `scripts/release --fetch --targets ${target.name}`;
  return hasRuntime(target) ? [] : [{ name: fetching, words: `its runtime is missing: ${fetching}` }];
}
