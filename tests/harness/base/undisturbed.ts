/** For tests of how long the event loop is held by its own work, on machines that other processes keep busy. Called by tests/faults. */

const REALTIME = ["chrt", "--fifo", "1"];

/** A prefix for a command: it runs before other processes, where that is allowed; otherwise nothing. */
export const UNDISTURBED: readonly string[] = Bun.spawnSync([...REALTIME, "true"]).success ? REALTIME : [];
