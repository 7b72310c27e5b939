/**
 * Fuzzing by the clock: each property is tried for FUZZ_SECONDS (1.4 if not set), from a seed that is printed and can be given as
 * FUZZ_SEED. Called by tests/faults/fuzz-*.
 */

import fc from "fast-check";

const { FUZZ_SECONDS, FUZZ_SEED } = process.env;
const SECONDS = Number(FUZZ_SECONDS ?? "1.4");
const SEED = FUZZ_SEED === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(FUZZ_SEED);
/** One input takes no longer than this, however the machine is loaded. */
const MAX_MS = 2_000;
/** For the whole of a test: shrinking a counterexample, and a machine that is slow, included. */
export const FUZZ_TEST_MS = SECONDS * 1_000 + 60_000;

let isSeedPrinted = false;

/** Tries a property that must hold for whatever fast-check comes up with. @param holds - throws when it does not */
export function fuzz<Input>(what: string, inputs: fc.Arbitrary<Input>, holds: (input: Input) => void): void {
  const runs = new Runs(what);
  const timed = (input: Input) => {
    const startMs = performance.now();
    holds(input);
    runs.ended(startMs);
  };
  fc.assert(fc.property(inputs, timed), PARAMETERS);
  runs.report();
}

/** {@link fuzz} for a property that takes its time. */
export async function fuzzAsync<Input>(
  what: string,
  inputs: fc.Arbitrary<Input>,
  holds: (input: Input) => Promise<void>,
): Promise<void> {
  const runs = new Runs(what);
  const timed = async (input: Input) => {
    const startMs = performance.now();
    await holds(input);
    runs.ended(startMs);
  };
  await fc.assert(fc.asyncProperty(inputs, timed), PARAMETERS);
  runs.report();
}

const PARAMETERS = {
  seed: SEED,
  numRuns: Number.MAX_SAFE_INTEGER,
  interruptAfterTimeLimit: SECONDS * 1_000,
  markInterruptAsFailure: false,
};

/** Counts the inputs of one property, and how long they took. */
class Runs {
  readonly #what: string;
  #count = 0;
  #slowestMs = 0;

  constructor(what: string) {
    this.#what = what;
    if (!isSeedPrinted)
      process.stderr.write(`  fuzz: FUZZ_SEED=${SEED} FUZZ_SECONDS=${SECONDS} repeats this run\n`);
    isSeedPrinted = true;
  }

  ended(startMs: number): void {
    this.#count++;
    this.#slowestMs = Math.max(this.#slowestMs, performance.now() - startMs);
    if (this.#slowestMs > MAX_MS) throw new Error(`took ${Math.round(this.#slowestMs)} ms`);
  }

  report(): void {
    const slowest = this.#slowestMs.toFixed(1);
    process.stderr.write(`  fuzz: ${this.#what}: ${this.#count} inputs, the slowest ${slowest} ms\n`);
  }
}

/** Pieces of bytes, cut at any places. */
export interface InPieces {
  readonly whole: Uint8Array;
  readonly pieces: readonly Uint8Array[];
}

/** The same bytes, cut anywhere. */
export function inPieces(bytes: fc.Arbitrary<Uint8Array>): fc.Arbitrary<InPieces> {
  const places = fc.array(fc.nat(), { maxLength: 12 });
  return fc.tuple(bytes, places).map(([whole, cuts]) => {
    const at = [0, ...cuts.map((place) => place % (whole.length + 1)).sort((a, b) => a - b), whole.length];
    return { whole, pieces: at.slice(1).map((end, index) => whole.slice(at[index], end)) };
  });
}

/**
 * Good inputs gone bad: some of their bytes changed, left out, said twice, cut off, or one of the words put in.
 * @param words - what the format's grammar is made of
 */
export function mutated(bases: readonly Uint8Array[], words: readonly string[]): fc.Arbitrary<Uint8Array> {
  const at = fc.nat();
  const change = fc.oneof(
    fc.record({ kind: fc.constant("set" as const), at, byte: fc.nat({ max: 255 }) }),
    fc.record({ kind: fc.constant("insert" as const), at, word: fc.constantFrom(...words) }),
    fc.record({ kind: fc.constant("remove" as const), at, length: fc.nat({ max: 40 }) }),
    fc.record({
      kind: fc.constant("repeat" as const),
      at,
      length: fc.nat({ max: 40 }),
      times: fc.integer({ min: 2, max: 30 }),
    }),
    fc.record({ kind: fc.constant("cut" as const), at }),
  );
  type Change = typeof change extends fc.Arbitrary<infer Value> ? Value : never;
  const apply = (bytes: Buffer, done: Change): Buffer => {
    const place = done.at % (bytes.length + 1);
    const [before, after] = [bytes.subarray(0, place), bytes.subarray(place)];
    switch (done.kind) {
      case "set":
        return Buffer.concat([before, Buffer.from([done.byte]), after.subarray(1)]);
      case "insert":
        return Buffer.concat([before, Buffer.from(done.word, "latin1"), after]);
      case "remove":
        return Buffer.concat([before, after.subarray(done.length)]);
      case "repeat":
        return Buffer.concat([
          before,
          ...Array.from({ length: done.times }, () => after.subarray(0, done.length)),
          after,
        ]);
      case "cut":
        // Seldom the whole of it, or nothing else would be tried.
        return done.at % 4 === 0 ? before : bytes;
    }
  };
  return fc
    .tuple(fc.constantFrom(...bases), fc.array(change, { maxLength: 10 }))
    .map(([base, changes]) => new Uint8Array(changes.reduce(apply, Buffer.from(base))));
}

/** Texts as bytes, one byte a character. */
export function latin1(...texts: readonly string[]): Uint8Array[] {
  return texts.map((text) => Buffer.from(text, "latin1"));
}
