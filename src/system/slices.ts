/** Long work in short pieces, so that checks start on time while ten thousand configurations are taken in. */

/** Work goes on for so long before the event loop has its turn. */
const SLICE_MS = 4;
/** The clock is looked at after so many steps. */
const STEPS_PER_LOOK = 16;

/** One piece of work, for loops that do more than {@link inSlices} can. */
export class Slice {
  #endMs = performance.now() + SLICE_MS;
  #steps = 0;

  /** Whether the event loop should have its turn; asked after each step. */
  get over(): boolean {
    return ++this.#steps % STEPS_PER_LOOK === 0 && performance.now() >= this.#endMs;
  }

  /** Gives way; then the next piece begins. */
  async next(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.#endMs = performance.now() + SLICE_MS;
  }
}

/**
 * Does something with each item, giving way to the event loop every few milliseconds.
 *
 * @param items - taken in order
 * @param step - must not take long by itself
 */
export async function inSlices<T>(items: Iterable<T>, step: (item: T, index: number) => void): Promise<void> {
  const slice = new Slice();
  let index = 0;
  for (const item of items) {
    step(item, index++);
    if (slice.over) await slice.next();
  }
}
