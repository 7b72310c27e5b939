/** Builds the Go programs of the tests. Called by those that start one. */
import { mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { peerPath } from "./peers.ts";

const TESTS = join(import.meta.dir, "..", "..");
/**
 * Not a temporary directory: `bun test` runs no exit handler that could remove it, and a cold build is slow.
 */
const CACHE_DIR = join(TESTS, "..", "node_modules", ".cache");

const built = new Map<string, Promise<string>>();

/**
 * Builds a Go program, once in a test process; needs no network.
 * @param name its directory below tests/
 * @returns the path of the executable, in a cache directory of the checkout
 * @throws Error with the compiler's words
 */
export function buildGoProgram(name: "goclient" | "goudp" | "goengine" | "goflags"): Promise<string> {
  const building = built.get(name) ?? build(name);
  built.set(name, building);
  return building;
}

async function build(name: string): Promise<string> {
  const directory = join(CACHE_DIR, name);
  mkdirSync(directory, { recursive: true });
  const { HOME, GOCACHE } = process.env;
  const output = join(directory, name);
  // A name of its own, then a rename: another test process may be building, or running the old one.
  const draft = `${output}.${process.pid}`;
  const child = Bun.spawn([peerPath("go"), "build", "-o", draft, "."], {
    cwd: join(TESTS, name),
    env: {
      ...process.env,
      CGO_ENABLED: "0",
      GOFLAGS: "-mod=mod",
      GOPROXY: "off",
      ...(HOME === undefined && GOCACHE === undefined ? { GOCACHE: join(directory, "go-build") } : {}),
    },
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
  });
  const errors = await new Response(child.stderr).text();
  if ((await child.exited) !== 0) throw new Error(`go build: ${errors.trim()}`);
  renameSync(draft, output);
  return output;
}
