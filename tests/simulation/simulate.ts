/**
 * Runs simulations for a time: `bun tests/simulation/simulate.ts [--seconds N] [--first-seed N] [--seed N] [--steps N] [--trace]`. The seeds
 * count up from the first one. A broken promise ends the run with status 1 and prints its seed: `--seed N` repeats that one simulation
 * exactly, `--trace` prints its results.
 */
import { parseArgs } from "node:util";
import { World } from "./world.ts";

const STEPS = 300;

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "20" },
    seed: { type: "string" },
    "first-seed": { type: "string", default: "1" },
    trace: { type: "boolean", default: false },
    steps: { type: "string", default: String(STEPS) },
  },
});

/** The real clock: inside a simulation every clock of the runtime is virtual. */
const realMs = Date.now;

const trace = (line: string) => {
  if (values.trace) process.stdout.write(`${line}\n`);
};

/** @returns the broken promise, or undefined */
async function simulate(seed: number): Promise<unknown> {
  using world = new World(seed, trace);
  try {
    await world.run(Number(values.steps));
    return undefined;
  } catch (error) {
    return error;
  }
}

const first = Number(values.seed ?? values["first-seed"]);
const endMs = realMs() + Number(values.seconds) * 1_000;
let seed = first;
do {
  const error = await simulate(seed);
  if (error !== undefined) {
    process.stdout.write(`seed ${seed}: ${error instanceof Error ? error.message : String(error)}\n`);
    if (values.trace && error instanceof Error) process.stdout.write(`${error.stack}\n`);
    process.exit(1);
  }
  seed++;
} while (values.seed === undefined && realMs() < endMs);
process.stdout.write(
  `${seed - first} simulations of ${values.steps} steps, seeds ${first} to ${seed - 1}, every promise kept\n`,
);
process.exit(0);
