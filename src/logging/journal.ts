/**
 * Priorities for journald: with a prefix such as `<3>` in front of a line (sd-daemon(3)), `journalctl -p err` finds what the log calls an
 * error. Called by `run` and main.ts, which write to the two streams that the journal may read.
 */
import { fstatSync } from "node:fs";

/** syslog(3)'s numbers by the levels of the log. The journal has no level below debug. */
const PRIORITIES = { error: 3, warn: 4, info: 6, debug: 7, trace: 7 } as const;

/**
 * Returns true when the journal reads a descriptor: systemd sets JOURNAL_STREAM to the device and inode of the stream
 * that it has connected. A process that inherits the variable while its output goes to a file or a pipe has another
 * inode there.
 */
export function isJournalStream(fd: number, env: Readonly<Record<string, string | undefined>>): boolean {
  const named = env["JOURNAL_STREAM"] ?? "";
  if (named === "") return false;
  try {
    const { dev, ino } = fstatSync(fd, { bigint: true });
    return named === `${dev}:${ino}`;
  } catch {
    return false;
  }
}

/** Puts the priority of a level in front of each line of a text; without it journald takes every line for info. */
export function withPriority(level: keyof typeof PRIORITIES, text: string): string {
  return text.replace(/^(?=.)/gm, `<${PRIORITIES[level]}>`);
}
