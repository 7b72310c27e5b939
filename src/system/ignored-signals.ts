/** Signals without a meaning for the daemon that the runtime gives no handler for, and whose default action ends the process. */
import { libc } from "./libc.ts";

const SIG_DFL = 0n;
const SIG_IGN = 1n;
const SIGSTKFLT = 16;
/** Lower numbers belong to the C library (32 to 34 with musl, which rejects them here). */
const SIGRTMIN = 34;
const SIGRTMAX = 64;

/** Ignores SIGSTKFLT and the real-time signals, except those that have a handler in this process. */
export function ignoreStraySignals(): void {
  for (const signal of [
    SIGSTKFLT,
    ...Array.from({ length: SIGRTMAX - SIGRTMIN + 1 }, (_, n) => SIGRTMIN + n),
  ]) {
    const before = libc.signal(signal, SIG_IGN);
    if (before !== SIG_DFL && before !== SIG_IGN) libc.signal(signal, before);
  }
}
