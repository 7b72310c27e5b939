/**
 * Builds what is published. Started by scripts/release.
 *
 *   options.ts       the command line
 *   targets.ts       for which kinds of Linux
 *   contents.ts      what is in the packages, and where
 *   runtimes.ts      the runtimes of other machines
 *   dependencies.ts inside.ts runtime-parts.ts licences.ts sbom.ts   what of others is inside
 *   documents.ts     the manual page and the completions
 *   stage.ts tarball.ts debian.ts checksums.ts   the files; debian/ is Debian's own
 *   signature.ts     the signature
 */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { description, version } from "../../../package.json";
import { UsageError } from "../arguments.ts";
import { compile } from "../build/compile.ts";
import { isModified, ROOT, revision, sourceTime } from "../build/source.ts";
import { checksums, sha256 } from "./checksums.ts";
import { contents } from "./contents.ts";
import { writeDebian } from "./debian.ts";
import { runtimePackage } from "./dependencies.ts";
import { documents } from "./documents.ts";
import { packagesInside } from "./inside.ts";
import { licenceText } from "./licences.ts";
import { HELP, type ReleaseCommand, readOptions } from "./options.ts";
import { fetchRuntime, isNative } from "./runtimes.ts";
import { sbom } from "./sbom.ts";
import { readSigningKey, signatureOf } from "./signature.ts";
import { writeTarball } from "./tarball.ts";
import { TARGETS, type Target } from "./targets.ts";

const FAULT = 1;
const WRONG_USAGE = 2;

process.exit(await main(process.argv.slice(2)));

async function main(args: readonly string[]): Promise<number> {
  try {
    const command = readOptions(args, process.cwd());
    if (command.do === "help") process.stdout.write(HELP);
    else if (command.do === "fetch") await fetchRuntimes(command.targets);
    else if (command.do === "notices") await writeNotices(command.out);
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

/** The notices of the executable that scripts/build has made; without git the time of that build is not known. */
async function writeNotices(out: string): Promise<void> {
  const executable = join(ROOT, "dist", "healthcheck-server");
  const target = TARGETS.find(isNative);
  if (target === undefined) throw new Error("there is no release for this kind of machine");
  const { bill, licenses } = await notices(target, executable, undefined);
  mkdirSync(out, { recursive: true });
  writeFileSync(join(out, "THIRD-PARTY-LICENSES.txt"), licenses);
  writeFileSync(join(out, "healthcheck-server.cdx.json"), bill);
}

/** Third-party parts of an executable: the bill of materials, and the licenses. */
async function notices(target: Target, executable: string, timeSeconds: number | undefined) {
  const [runtime, packages] = [runtimePackage(target.runtime), await packagesInside()];
  if (runtime.version !== Bun.version) throw new Error(`bun.lock: has another runtime than ${Bun.version}`);
  const subject = {
    name: "healthcheck-server",
    version,
    description,
    sha256: sha256(executable),
    timeSeconds,
  };
  return {
    bill: sbom(subject, runtime, packages, process.versions),
    licenses: licenceText(runtime, packages, process.versions),
  };
}

async function release(command: ReleaseCommand): Promise<void> {
  const { targets, out, ownOut, allowModified, signingKey } = command;
  // A useless key is found before the work.
  const key = signingKey === undefined ? undefined : readSigningKey(signingKey);
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
  const sums = checksums(files.map((file) => join(out, file)));
  writeFileSync(join(out, "SHA256SUMS"), sums);
  files.push("SHA256SUMS");
  if (key !== undefined) {
    const comment = `healthcheck-server ${version} (revision ${built}), file: SHA256SUMS`;
    writeFileSync(join(out, "SHA256SUMS.minisig"), signatureOf(Buffer.from(sums), comment, key));
    files.push("SHA256SUMS.minisig");
  }
  for (const file of files) say(join(out, file));
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
    const { bill, licenses } = await notices(target, executable, timeSeconds);
    const items = contents({
      ...documents(timeSeconds),
      executable,
      thirdPartyLicences: licenses,
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

/** Names the target in the error of its build. */
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
