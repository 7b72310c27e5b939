/** The openssl command, and its form of a time. Called by the makers of certificates. */
import { peerPath } from "../base/peers.ts";

const DAY_MS = 86_400_000;

/** Formats a time some days from now, as `YYYYMMDDHHMMSSZ`. @param days - negative for the past */
export function asn1Time(days: number): string {
  const iso = new Date(Date.now() + days * DAY_MS).toISOString();
  return `${iso.slice(0, 19).replaceAll(/[-:T]/g, "")}Z`;
}

/** Runs openssl to its end. @param cwd - its working directory @throws Error with its message when it fails */
export function openssl(cwd: string, args: readonly string[]): void {
  const run = Bun.spawnSync([peerPath("openssl"), ...args], { cwd, stdin: "ignore", stdout: "ignore" });
  if (run.exitCode !== 0) throw new Error(`openssl ${args.join(" ")}: ${run.stderr.toString().trim()}`);
}
