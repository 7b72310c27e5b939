/**
 * Waiting in tests: polls a condition against a deadline instead of sleeping for a guessed time.
 * Called by the other files of tests/harness and by every test that waits for another process.
 */

const POLL_MS = 5;

/**
 * Polls until the condition gives something other than `false`, `null` or `undefined`.
 * @param cond the condition; may be async
 * @param timeoutMs time limit, in milliseconds
 * @param what what is waited for, for the error; a function is asked only when time is up
 * @returns what the condition gave
 * @throws Error naming `what` when the deadline has passed
 * @example await until(() => backend.connections > 0, 2000, "the first check");
 */
export async function until<T>(
  cond: () => T | Promise<T>,
  timeoutMs: number,
  what: string | (() => string),
): Promise<Exclude<T, false | null | undefined>> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const value = await cond();
    // The cast restates the test of its own line: TypeScript does not narrow a bare type parameter by it.
    if (value !== false && value !== null && value !== undefined) return value as Settled<T>;
    if (performance.now() >= deadline) {
      const name = typeof what === "string" ? what : what();
      throw new Error(`timed out after ${timeoutMs} ms waiting for ${name}`);
    }
    await Bun.sleep(POLL_MS);
  }
}

type Settled<T> = Exclude<T, false | null | undefined>;
