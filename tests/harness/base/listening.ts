/** On which TCP ports a process listens. Called by the tests of the daemon's listener. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** The state of /proc/net/tcp. */
const LISTEN = "0A";

/**
 * Asks the kernel.
 * @returns the ports, ascending; 127.0.0.1 and ::1 alike
 */
export function listeningPorts(pid: number): number[] {
  const inodes = new Set(socketInodes(pid));
  const ports = ["tcp", "tcp6"].flatMap((table) =>
    readFileSync(`/proc/${pid}/net/${table}`, "utf8")
      .trimEnd()
      .split("\n")
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter(([, , , state, , , , , , inode = ""]) => state === LISTEN && inodes.has(inode))
      .map(([, address = ""]) => Number.parseInt(address.split(":")[1] ?? "", 16)),
  );
  return ports.sort((a, b) => a - b);
}

function socketInodes(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      const [, inode] = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`)) ?? [];
      return inode === undefined ? [] : [inode];
    } catch {
      // Closed since the directory was read.
      return [];
    }
  });
}
