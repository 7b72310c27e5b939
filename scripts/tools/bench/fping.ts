/** fping, which pings the same addresses at the same rate: the yardstick of icmp checks. Called by scenarios/pings.ts. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { findPeer } from "../../../tests/harness/base/peers.ts";
import { makeTempDir } from "../../../tests/harness/base/tempdir.ts";
import { killOnExit } from "../child-cleanup.ts";

/** CPU and pings of a run. */
export interface FpingRun {
  readonly sent: number;
  readonly received: number;
  readonly userUs: number;
  readonly kernelUs: number;
}

/** `127.0.0.1 : xmt/rcv/%loss = 5/5/0%, min/avg/max = …` */
const COUNTS = /xmt\/rcv\/%loss = ([0-9]+)\/([0-9]+)\//g;

/** Returns true when it is installed. */
export function hasFping(): boolean {
  return findPeer("fping") !== null;
}

/**
 * Pings each address once in an interval, with requests spread evenly over it.
 *
 * @param rounds - pings of each address
 * @throws Error when it does not run; a lost ping is no error
 */
export async function runFping(
  addresses: readonly string[],
  intervalMs: number,
  rounds: number,
): Promise<FpingRun> {
  const path = findPeer("fping");
  if (path === null) throw new Error("fping is not installed (Debian package fping)");
  await using dir = makeTempDir("fping");
  const file = join(dir.path, "addresses");
  writeFileSync(file, `${addresses.join("\n")}\n`);
  const gapMs = intervalMs / addresses.length;
  const args = ["-q", "-c", String(rounds), "-p", String(intervalMs), "-i", String(gapMs), "-f", file];
  const child = Bun.spawn([path, ...args], { stdin: "ignore", stdout: "ignore", stderr: "pipe" });
  using _ = killOnExit(child.pid);
  const text = await new Response(child.stderr).text();
  await child.exited;
  const counts = [...text.matchAll(COUNTS)];
  const usage = child.resourceUsage();
  if (counts.length !== addresses.length || usage === undefined)
    throw new Error(`fping did not run: ${text.slice(0, 500)}`);
  const total = (group: number) => counts.reduce((sum, found) => sum + Number(found[group]), 0);
  return {
    sent: total(1),
    received: total(2),
    userUs: Number(usage.cpuTime.user),
    kernelUs: Number(usage.cpuTime.system),
  };
}
