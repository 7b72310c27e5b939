/**
 * Builds what is published. Started by scripts/release.
 *
 *   releasing/options.ts       the command line
 *   releasing/targets.ts       for which kinds of Linux
 *   releasing/contents.ts      what is in the packages, and where
 *   releasing/runtimes.ts      the runtimes of other machines
 *   releasing/dependencies.ts licences.ts sbom.ts   what of others is inside
 *   releasing/documents.ts     the manual page and the completions
 *   releasing/stage.ts tarball.ts debian.ts checksums.ts   the files; debian/ is Debian's own
 */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { description, version } from "../package.json";
import { UsageError } from "./arguments.ts";
import { compile } from "./building/compile.ts";
import { isModified, ROOT, revision, sourceTime } from "./building/source.ts";
import { checksums, sha256 } from "./releasing/checksums.ts";
import { contents } from "./releasing/contents.ts";
import { writeDebian } from "./releasing/debian.ts";
import { bundledPackages, runtimePackage } from "./releasing/dependencies.ts";
import { documents } from "./releasing/documents.ts";
import { licenceText } from "./releasing/licences.ts";
import { HELP, type ReleaseCommand, readOptions } from "./releasing/options.ts";
import { fetchRuntime, isNative } from "./releasing/runtimes.ts";
import { sbom } from "./releasing/sbom.ts";
import { writeTarball } from "./releasing/tarball.ts";
import type { Target } from "./releasing/targets.ts";

const FAULT = 1;
const WRONG_USAGE = 2;

process.exit(await main(process.argv.slice(2)));

async function main(args: readonly string[]): Promise<number> {
  try {
    const command = readOptions(args, process.cwd());
    if (command.do === "help") process.stdout.write(HELP);
    else if (command.do === "fetch") await fetchRuntimes(command.targets);
    else await release(command);
    return 0;
  } catch (error) {
    process.stderr.write(`scripts/release: ${error instanceof Error ? error.message : error}\n`);
    if (!(error instanceof UsageError)) return FAULT;
    process.stderr.write("Try scripts/release --help.\n");
    return WRONG_USAGE;
  }
}

async function fetchRuntimes(targets: readonly Target[]): Promise<void> {
  for (const target of targets.filter((one) => !isNative(one))) await named(target, fetchRuntime(target));
}

async function release({ targets, out, ownOut, allowModified }: ReleaseCommand): Promise<void> {
  if (!allowModified && isModified({ untracked: true }))
    throw new Error(
      "the tree differs from its revision, or has none: commit what is new, or give --allow-modified",
    );
  if (targets.some(({ debian }) => debian !== undefined) && Bun.which("dpkg-deb") === null)
    throw new Error(
      "dpkg-deb is not installed (Debian package dpkg): without it only musl targets can be built",
    );
  if (ownOut) rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  if (readdirSync(out).length > 0) throw new Error(`${out}: is not empty`);
  const [built, timeSeconds] = [revision(), sourceTime()];
  say(
    `releasing healthcheck-server ${version} (revision ${built}, ${new Date(timeSeconds * 1_000).toISOString()})`,
  );
  const files: string[] = [];
  for (const target of targets) files.push(...(await releaseTarget(target, built, out, timeSeconds)));
  writeFileSync(join(out, "SHA256SUMS"), checksums(files.map((file) => join(out, file))));
  for (const file of [...files, "SHA256SUMS"]) say(join(out, file));
}

/** @returns the names of the files */
async function releaseTarget(
  target: Target,
  built: string,
  out: string,
  timeSeconds: number,
): Promise<string[]> {
  say(target.name);
  mkdirSync(join(ROOT, "dist"), { recursive: true });
  const workDir = mkdtempSync(join(ROOT, "dist", ".release-"));
  try {
    const executable = join(workDir, "healthcheck-server");
    await compileFor(target, executable, built);
    const [runtime, packages] = [runtimePackage(target.runtime), bundledPackages()];
    const subject = {
      name: "healthcheck-server",
      version,
      description,
      sha256: sha256(executable),
      timeSeconds,
    };
    const bill = sbom(subject, runtime, packages);
    const items = contents({
      ...documents(timeSeconds),
      executable,
      thirdPartyLicences: licenceText(runtime, packages),
      sbom: bill,
    });
    const name = `healthcheck-server-${version}-${target.name}`;
    const billFile = `${name}.cdx.json`;
    writeFileSync(join(out, billFile), bill);
    const where = { items, out, workDir, timeSeconds };
    const { debian: architecture } = target;
    const packing = [writeTarball({ ...where, name })];
    if (architecture !== undefined) packing.push(writeDebian({ ...where, version, architecture }));
    return [billFile, ...(await Promise.all(packing))];
  } finally {
    rmSync(workDir, { recursive: true, force: true });
  }
}

async function compileFor(target: Target, file: string, built: string): Promise<void> {
  if (isNative(target)) {
    compile({ file, revision: built });
    return;
  }
  const runtimeFile = await named(target, fetchRuntime(target));
  compile({ file, revision: built, foreign: { target: target.compiler, runtimeFile } });
}

/** A fault is said of the target that it befell. */
async function named<T>({ name }: Target, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw new Error(`${name}: ${error instanceof Error ? error.message : error}`, { cause: error });
  }
}

function say(text: string): void {
  process.stdout.write(`==> ${text}\n`);
}
