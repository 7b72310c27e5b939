/** Lays out the files of a package in a directory, with the same modes whatever the umask. Called by tarball.ts and debian.ts. */
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { ROOT } from "../build/source.ts";

/** One thing to lay out. */
export interface Placed {
  /** Path in the tree (or an absolute path) of a file or a directory; or the text itself. */
  readonly from: string | { readonly text: string | Uint8Array };
  /** Path below the directory. */
  readonly to: string;
  readonly executable?: boolean;
  readonly edit?: (text: string) => string;
}

/**
 * Lays out everything; directories are made as needed.
 *
 * @throws Error when the tree lacks something
 */
export function stage(dir: string, items: readonly Placed[]): void {
  mkdirSync(dir, { recursive: true });
  for (const item of items) place(dir, item);
  for (const path of readdirSync(dir, { recursive: true, withFileTypes: true }))
    if (path.isDirectory()) chmodSync(join(path.parentPath, path.name), 0o755);
  chmodSync(dir, 0o755);
}

function place(dir: string, item: Placed): void {
  const { from, to, executable, edit } = item;
  const file = join(dir, to);
  if (typeof from === "string") {
    const source = from.startsWith("/") ? from : join(ROOT, from);
    if (statSync(source).isDirectory()) {
      for (const name of readdirSync(source))
        place(dir, { ...item, from: join(source, name), to: join(to, name) });
      return;
    }
    mkdirSync(dirname(file), { recursive: true });
    if (edit === undefined) copyFileSync(source, file);
    else writeFileSync(file, edit(readFileSync(source, "utf8")));
  } else {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, from.text);
  }
  chmodSync(file, executable === true ? 0o755 : 0o644);
}
