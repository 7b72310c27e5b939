/** Callers that wait for a condition, each for as long as its own AbortSignal allows. Nothing polls. */

/** The callers that wait for one condition, e.g. for a queue to become empty. */
export class Waiters {
  readonly #waiting = new Set<() => void>();

  /**
   * Waits for the next {@link release}.
   *
   * @returns settles then, or when the signal aborts; never rejects
   */
  wait(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    const done = () => {
      signal.removeEventListener("abort", done);
      this.#waiting.delete(done);
      resolve();
    };
    this.#waiting.add(done);
    signal.addEventListener("abort", done);
    return promise;
  }

  /** Ends the wait of every caller. */
  release(): void {
    for (const done of [...this.#waiting]) done();
  }
}
