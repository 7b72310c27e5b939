/**
 * Waiting without timers: with VirtualTime no timer fires alone, but sockets work. Called by tests that have both.
 */

/** Number of turns, far more than anything on loopback needs. */
const MAX_TURNS = 100_000;

/**
 * Lets the event loop turn until the condition holds.
 * @throws Error naming `what` when it never does
 */
export async function turnsUntil(cond: () => boolean, what: string): Promise<void> {
  for (let turn = 0; turn < MAX_TURNS; turn++) {
    if (cond()) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error(`the event loop has turned ${MAX_TURNS} times without ${what}`);
}

/** Lets the event loop turn some times, for what should not happen. */
export async function someTurns(turns = 200): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
}
