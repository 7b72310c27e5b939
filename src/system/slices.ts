/** Long work in short pieces, so that checks start on time while ten thousand configurations are taken in. */

/** Work goes on for so long before the event loop has its turn. */
const SLICE_MS = 4;
/** The clock is looked at after so many steps. */
const STEPS_PER_LOOK = 16;

/**
 * Does something with each item, giving way to the event loop every few milliseconds.
 *
 * @param items - taken in order
 * @param step - must not take long by itself
 */
export async function inSlices<T>(items: Iterable<T>, step: (item: T, index: number) => void): Promise<void> {
  let sliceEndMs = performance.now() + SLICE_MS;
  let index = 0;
  for (const item of items) {
    step(item, index++);
    if (index % STEPS_PER_LOOK === 0 && performance.now() >= sliceEndMs) {
      await new Promise((resolve) => setImmediate(resolve));
      sliceEndMs = performance.now() + SLICE_MS;
    }
  }
}
