/** Long work in short pieces, so that checks start on time while ten thousand configurations are applied. */

/** Longest time that work runs before the event loop has its turn; milliseconds. */
const SLICE_MS = 2;
/** Steps between two reads of the clock. */
const STEPS_PER_CLOCK_READ = 16;

/** Tasks that wait for a turn of the event loop. */
const waiting: (() => void)[] = [];
let serving = false;

/**
 * Runs one slice in each turn, for all long tasks together: ten at the same time would hold the event loop ten times as
 * long.
 */
function serveNext(): void {
  const next = waiting.shift();
  serving = next !== undefined;
  if (next === undefined) return;
  next();
  setImmediate(serveNext);
}

/** Long work in slices, for loops that do more than {@link forEachSliced} can. */
export class Slice {
  readonly #nowMs: () => number;
  // The first few steps are free; after them the work waits for its turn like any other.
  #endMs = 0;
  #steps = 0;

  /** @param nowMs - the time, in milliseconds; for tests */
  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  /** True when other tasks should have their turn; read after each step. */
  get over(): boolean {
    return this.isOverAfter(1);
  }

  /**
   * Returns true when other tasks should have their turn, after a step of unusual size. @param steps - the number of
   * usual steps that it was worth
   */
  isOverAfter(steps: number): boolean {
    this.#steps += steps;
    if (this.#steps < STEPS_PER_CLOCK_READ) return false;
    this.#steps = 0;
    return this.#nowMs() >= this.#endMs;
  }

  /** Waits for the next slice. */
  async next(): Promise<void> {
    await new Promise<void>((resolve) => {
      waiting.push(resolve);
      if (!serving) setImmediate(serveNext);
      serving = true;
    });
    this.#endMs = this.#nowMs() + SLICE_MS;
  }
}

/**
 * Calls a function with each item, and gives way to the event loop every few milliseconds.
 *
 * @param items - processed in order
 * @param step - each call must be short
 */
export async function forEachSliced<T>(
  items: Iterable<T>,
  step: (item: T, index: number) => void,
): Promise<void> {
  const slice = new Slice();
  let index = 0;
  for (const item of items) {
    step(item, index++);
    if (slice.over) await slice.next();
  }
}
