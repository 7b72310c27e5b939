/** The simulation of the whole server (tests/simulation), for longer than in the tests and from a seed of its own. Called by main.ts. */
import { randomInt } from "node:crypto";
import { join } from "node:path";
import { killOnExit } from "../child-cleanup.ts";

const ROOT = join(import.meta.dir, "..", "..", "..");
const MAX_SEED = 2 ** 31;

/**
 * Runs simulations, each with the next seed. A seed that breaks a promise is in the output: `bun tests/simulation/simulate.ts --seed N`
 * repeats it.
 *
 * @param seconds - how long
 * @returns whether every promise was kept
 */
export async function simulationHolds(seconds: number): Promise<boolean> {
  const script = join("tests", "simulation", "simulate.ts");
  const options = ["--seconds", seconds.toFixed(0), "--first-seed", String(randomInt(1, MAX_SEED))];
  const child = Bun.spawn([process.execPath, script, ...options], {
    cwd: ROOT,
    stdio: ["ignore", "inherit", "inherit"],
  });
  using _ = killOnExit(child.pid);
  return (await child.exited) === 0;
}
