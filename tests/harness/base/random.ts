/** Numbers that look random and are the same in every run. Called by tests that need many inputs without an order. */

/**
 * Makes a generator of numbers from 0 to below 1 (mulberry32).
 *
 * @param seed - an integer; equal seeds give equal sequences
 */
export function pseudoRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
