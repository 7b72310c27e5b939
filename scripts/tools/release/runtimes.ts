/**
 * The runtimes of other machines than this one. They come from npm's registry, like everything else in the executable, and are
 * used only when they are what bun.lock says: the compiler would fetch them unchecked.
 */
import { createHash } from "node:crypto";
import { closeSync, mkdirSync, openSync, readFileSync, readSync, renameSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { ROOT } from "../build/source.ts";
import { type Package, runtimePackage } from "./dependencies.ts";
import { run } from "./run.ts";
import type { Target } from "./targets.ts";

const FETCH_LIMIT_MS = 300_000;

/** Source and cache of runtimes. */
export interface RuntimeSource {
  /** Its address; undefined is the one that Bun is configured to use. */
  readonly registry: string | undefined;
  /** A directory. */
  readonly cache: string;
}

/** The usual ones; the cache is where tools keep what they can get again. */
export const USUAL_SOURCE: RuntimeSource = {
  registry: undefined,
  cache: join(ROOT, "node_modules", ".cache", "runtimes"),
};

/** Returns true when this process's runtime is the one that a target needs. */
export function isNative({ name }: Target): boolean {
  return name === `linux-${process.arch}${usesMusl(process.execPath) ? "-musl" : ""}`;
}

/**
 * Gets the runtime of a target; from the cache when it is there.
 *
 * @returns its path
 * @throws Error when it cannot be had, or is not what bun.lock says
 */
export async function fetchRuntime({ runtime }: Target, source = USUAL_SOURCE): Promise<string> {
  const wanted = runtimePackage(runtime);
  const cached = cachedArchive(wanted, source);
  if (!isIntact(cached, wanted.integrity)) await fetchArchive(wanted, source, cached);
  const dir = cached.replace(/\.tgz$/, "");
  mkdirSync(dir, { recursive: true });
  await run("tar", ["-xzf", cached, "-C", dir, "--strip-components=2", "package/bin/bun"]);
  return join(dir, "bun");
}

/** Returns true when a target's runtime is in the cache, so that no download is needed. */
export function hasRuntime({ runtime }: Target): boolean {
  const wanted = runtimePackage(runtime);
  return isIntact(cachedArchive(wanted, USUAL_SOURCE), wanted.integrity);
}

function cachedArchive({ name, version }: Package, { cache }: RuntimeSource): string {
  return join(cache, `${basename(name)}-${version}.tgz`);
}

async function fetchArchive(wanted: Package, { registry }: RuntimeSource, file: string): Promise<void> {
  const url =
    registry === undefined
      ? await usualUrl(wanted)
      : `${registry.replace(/\/+$/, "")}/${wanted.name}/-/${basename(file)}`;
  const bytes = await download(url);
  if (integrityOf(bytes) !== wanted.integrity) throw new Error(`${url}: is not what bun.lock says`);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.${process.pid}`, bytes);
  renameSync(`${file}.${process.pid}`, file);
}

/** URL from which Bun itself would download it. */
async function usualUrl({ name, version }: Package): Promise<string> {
  const words = await run(process.execPath, ["pm", "view", `${name}@${version}`, "dist.tarball"]);
  const url = URL.parse(words.trim());
  if (url === null) throw new Error(`cannot find out where ${name}@${version} is: ${words.trim()}`);
  return url.href;
}

async function download(url: string): Promise<Buffer> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(FETCH_LIMIT_MS) });
    if (!response.ok) throw new Error(`status ${response.status}`);
    return Buffer.from(await response.arrayBuffer());
  } catch (error) {
    throw new Error(`cannot fetch ${url}: ${error instanceof Error ? error.message : error}`, {
      cause: error,
    });
  }
}

function isIntact(file: string, integrity: string): boolean {
  try {
    return integrityOf(readFileSync(file)) === integrity;
  } catch {
    return false;
  }
}

function integrityOf(bytes: Uint8Array): string {
  return `sha512-${createHash("sha512").update(bytes).digest("base64")}`;
}

/** The loader is named near the head of an ELF file. */
function usesMusl(executable: string): boolean {
  const head = Buffer.alloc(4_096);
  const fd = openSync(executable, "r");
  try {
    readSync(fd, head);
  } finally {
    closeSync(fd);
  }
  return head.includes("/lib/ld-musl-");
}
