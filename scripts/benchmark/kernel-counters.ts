/**
 * Counters of the network stack. Called by cost.ts.
 *
 * HAProxy ends a plain TCP check before its handshake is complete: it has the kernel hold back the last ACK (TCP_QUICKACK 0) and
 * sends RST instead. The backend then never accepts anything, and no sink can count such a check. The kernel does: as a reset
 * of a connection that was half open. Nothing else on a quiet machine does that.
 */
import { readFileSync } from "node:fs";

const FILE = "/proc/net/netstat";
const GROUP = "TcpExt:";
const COUNTER = "EmbryonicRsts";

/** Connections that were reset while half open, on this host so far. */
export function halfOpenResets(): number {
  return counterOf(readFileSync(FILE, "utf8"));
}

/** Reads it out of the file's text: a line of names, then a line of values. NaN when it is not there. */
export function counterOf(netstat: string): number {
  const [names = [], values = []] = netstat
    .split("\n")
    .filter((line) => line.startsWith(GROUP))
    .map((line) => line.split(" "));
  return Number(values[names.indexOf(COUNTER)]);
}
