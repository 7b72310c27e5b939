/**
 * Checks that only root can change a file. A server that runs as root and obeys a file that another user can change
 * does what that user wants. Called at the start and on SIGHUP, before the configuration file is read.
 */
import { lstatSync, readlinkSync, type Stats } from "node:fs";
import { dirname, join, resolve } from "node:path";

const ROOT_ID = 0;
const GROUP_WRITE = 0o020;
const OTHERS_WRITE = 0o002;
/** In such a directory only its owner can replace a file: /tmp. */
const STICKY = 0o1000;
/** The kernel follows as many symbolic links. */
const MAX_LINKS = 40;

/** The kernel's information about a regular file, a directory or a link. */
export interface Ownership {
  readonly uid: number;
  readonly gid: number;
  /** Permission bits, the sticky bit included. */
  readonly mode: number;
  readonly kind: "file" | "directory" | "link";
}

/**
 * Describes why root must not obey a file, directory or link, in a sentence that ends with the remedy.
 *
 * @returns undefined when only root can change it
 */
export function distrust(path: string, { uid, gid, mode, kind }: Ownership): string | undefined {
  if (uid !== ROOT_ID) return `${path} is owned by user ${uid}; run chown root ${path}`;
  // Permissions of a link mean nothing; its directory decides.
  if (kind === "link" || (kind === "directory" && (mode & STICKY) !== 0)) return undefined;
  const byGroup = (mode & GROUP_WRITE) !== 0 && gid !== ROOT_ID;
  if (!byGroup && (mode & OTHERS_WRITE) === 0) return undefined;
  return `${path} is writable by ${byGroup ? `group ${gid}` : "every user"}; run chmod go-w ${path}`;
}

/**
 * Reads the ownership of a file, and of every directory and link that leads to it.
 *
 * @returns why root must not obey it; undefined when only root can change it, or when it does not exist
 */
export function findDistrust(path: string): string | undefined {
  let target = resolve(path);
  for (let links = 0; links < MAX_LINKS; links++) {
    const step = walk(target);
    if (step === undefined || "distrust" in step) return step?.distrust;
    target = step.linkedTo;
  }
  // Reading it fails.
  return undefined;
}

/** Goes from the root directory to the file, up to the first link. */
function walk(target: string): { readonly distrust: string } | { readonly linkedTo: string } | undefined {
  const names = target.split("/").filter((name) => name !== "");
  for (let count = 0; count <= names.length; count++) {
    const path = `/${names.slice(0, count).join("/")}`;
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat === undefined) return undefined;
    const kind = kindOf(stat);
    // /dev/null is writable for all users; a pipe or another device is not read at all.
    if (kind === undefined) return undefined;
    const reason = distrust(path, { uid: stat.uid, gid: stat.gid, mode: stat.mode, kind });
    if (reason !== undefined) return { distrust: reason };
    if (kind === "link") {
      return { linkedTo: join(resolve(dirname(path), readlinkSync(path)), ...names.slice(count)) };
    }
  }
  return undefined;
}

function kindOf(stat: Stats): Ownership["kind"] | undefined {
  if (stat.isSymbolicLink()) return "link";
  if (stat.isDirectory()) return "directory";
  return stat.isFile() ? "file" : undefined;
}

/** Returns true when this process runs as root. */
export function isRoot(): boolean {
  return process.geteuid?.() === ROOT_ID;
}
