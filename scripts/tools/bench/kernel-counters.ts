/**
 * Counters of the network stack. Called by cost.ts and scenarios/pings.ts.
 *
 * HAProxy ends a plain TCP check before its handshake is complete: it has the kernel hold back the last ACK (TCP_QUICKACK 0) and
 * sends RST instead. The backend then never accepts anything, and no sink can count such a check. The kernel does: as a reset
 * of a connection that was half open. The count is that of the whole host.
 */
import { readFileSync } from "node:fs";

const FILE = "/proc/net/netstat";
const GROUP = "TcpExt:";
const COUNTER = "EmbryonicRsts";
const SNMP_FILE = "/proc/net/snmp";
const ICMP_GROUP = "IcmpMsg:";

/** Connections that were reset while half open, on this host so far. */
export function halfOpenResets(): number {
  return counterOf(readFileSync(FILE, "utf8"));
}

/**
 * Computes the number of checks. A contender ends either all of its plain TCP checks half open or none.
 *
 * @param seen - by the sink
 * @param halfOpen - resets of half-open connections on the host; a few may be other programs'
 */
export function checksMade(seen: number, halfOpen: number): number {
  return halfOpen > seen ? seen + halfOpen : seen;
}

/** Pings of this host so far, by its kernel: echo requests sent and answers received (RFC 792). */
export function pingsOf(): { readonly sent: number; readonly received: number } {
  const text = readFileSync(SNMP_FILE, "utf8");
  return { sent: counterOf(text, ICMP_GROUP, "OutType8"), received: counterOf(text, ICMP_GROUP, "InType0") };
}

/** Reads it out of the file's text: a line of names, then a line of values. NaN when it is not there. */
export function counterOf(netstat: string, group = GROUP, counter = COUNTER): number {
  const [names = [], values = []] = netstat
    .split("\n")
    .filter((line) => line.startsWith(group))
    .map((line) => line.split(" "));
  return Number(values[names.indexOf(counter)]);
}
