/** A tarball whose bytes depend on nothing but its files and one time. */
import { join } from "node:path";
import type { Item } from "./contents.ts";
import { run } from "./run.ts";
import { stage } from "./stage.ts";

/** Contents of a tarball. */
export interface TarballOptions {
  readonly items: readonly Item[];
  /** Its name without `.tar.gz`, and that of the directory inside. */
  readonly name: string;
  /** An absolute path: where it goes. */
  readonly out: string;
  /** A directory to work in. */
  readonly workDir: string;
  /** Modification time of every file, in seconds since 1970. */
  readonly timeSeconds: number;
}

/**
 * Packs it with GNU tar.
 *
 * @returns its file name
 * @throws Error when the tree lacks something, or tar fails
 */
export async function writeTarball({
  items,
  name,
  out,
  workDir,
  timeSeconds,
}: TarballOptions): Promise<string> {
  stage(
    join(workDir, name),
    items.flatMap(({ tarball, ...item }) => (tarball === undefined ? [] : [{ ...item, to: tarball }])),
  );
  const file = `${name}.tar.gz`;
  const sameEverywhere = ["--sort=name", "--format=gnu", `--mtime=@${timeSeconds}`];
  const rootOwner = ["--owner=0", "--group=0", "--numeric-owner"];
  await run("tar", [
    ...sameEverywhere,
    ...rootOwner,
    "-I",
    "gzip -n",
    "-C",
    workDir,
    "-cf",
    join(out, file),
    name,
  ]);
  return file;
}
