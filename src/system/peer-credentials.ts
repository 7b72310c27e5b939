/** The process at the other end of a Unix socket, as the kernel describes it (unix(7), SO_PEERCRED). */

import { libc, SO_PEERCRED, SOL_SOCKET } from "./libc.ts";
import { readTextFile } from "./text-file.ts";

const PASSWD = "/etc/passwd";
const MAX_PASSWD_BYTES = 4 * 1_024 * 1_024;

/** A user's process. */
export interface Peer {
  readonly uid: number;
  /** Name of the user; its number if it has none. */
  readonly user: string;
  readonly pid: number;
}

/** Returns the process that has connected; undefined if the kernel does not say. @param socket - of the runtime, whose types lack the descriptor */
export function peerOf(socket: object): Peer | undefined {
  const fd: unknown = Reflect.get(socket, "fd");
  if (typeof fd !== "number" || fd < 0) return undefined;
  // `struct ucred`: pid, uid, gid.
  const credentials = new Int32Array(3);
  const length = new Uint32Array([credentials.byteLength]);
  if (libc.getsockopt(fd, SOL_SOCKET, SO_PEERCRED, credentials, length) !== 0) return undefined;
  const [pid = 0, signedUid = 0] = credentials;
  const uid = signedUid >>> 0;
  return { uid, user: userName(uid), pid };
}

/** Returns the name of a user of this host. */
function userName(uid: number): string {
  try {
    for (const line of readTextFile(PASSWD, MAX_PASSWD_BYTES).split("\n")) {
      const [name, , number] = line.split(":");
      if (name !== undefined && name !== "" && number === String(uid)) return name;
    }
  } catch {
    // A container may have no list of users.
  }
  return String(uid);
}
