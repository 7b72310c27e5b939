/** The executable beside an engine with 10,000 healthchecks of all six types, which restarts under new ids. */
// alone: 10,000 checks and their reports need the whole machine
import { expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { closedPort } from "../harness/backends/backends.ts";
import { printFigure } from "../harness/base/figures.ts";
import { makeTempDir } from "../harness/base/tempdir.ts";
import { until } from "../harness/base/wait.ts";
import { startDaemon } from "../harness/daemon/daemon.ts";
import { engineConfig } from "../harness/engine/engine-checks.ts";
import { type GoEngine, startGoEngine } from "../harness/engine/goengine.ts";

setDefaultTimeout(300_000);

const CHECKS = 10_000;
const WAIT_MS = 120_000;
const RESTART_IDS = 50_000;
/** Every sixth is a ping of this host, the others find a closed port. */
const stateOf = (id: number) => ((id - 1) % 6 === 4 ? 2 : 1);

/** States that the engine has received, by id; each event is read once. */
class Received {
  readonly states = new Map<number, number[]>();
  readonly #engine: GoEngine;
  #read = 0;

  constructor(engine: GoEngine) {
    this.#engine = engine;
  }

  get size(): number {
    for (; this.#read < this.#engine.events.length; this.#read++)
      for (const { id, state } of this.#engine.events[this.#read]?.notifications ?? [])
        this.states.set(Number(id), [...(this.states.get(Number(id)) ?? []), state]);
    return this.states.size;
  }
}

async function startWith(socket: string, port: number, firstId: number): Promise<GoEngine> {
  const generate = { count: CHECKS, first_id: String(firstId), ip: "127.0.0.1", port, six: true };
  return await startGoEngine(socket, false, { generate });
}

test("engine: 10,000 healthchecks of six types are checked and reported, and so are their states under new ids", async () => {
  await using dir = makeTempDir("engine");
  const socket = join(dir.path, "engine.sock");
  await using down = closedPort();
  await using _daemon = await startDaemon({ config: engineConfig(socket) });
  const first = await startWith(socket, down.port, 1);
  let startMs = performance.now();
  const before = new Received(first);
  await until(
    () => before.size === CHECKS,
    WAIT_MS,
    () => `every state; there are ${before.size}`,
  );
  printFigure("from the engine's start to 10,000 states", performance.now() - startMs, "ms");
  for (const [id, states] of before.states) expect([id, ...new Set(states)]).toEqual([id, stateOf(id)]);
  await first[Symbol.asyncDispose]();
  await Bun.file(socket).delete();

  // The same checks in the same order: their ids are a multiple of six higher, and one more.
  const shift = RESTART_IDS - (RESTART_IDS % 6);
  await using second = await startWith(socket, down.port, 1 + shift);
  startMs = performance.now();
  const after = new Received(second);
  await until(
    () => after.size === CHECKS,
    WAIT_MS,
    () => `every state; there are ${after.size}`,
  );
  printFigure("from its restart to 10,000 states under new ids", performance.now() - startMs, "ms");
  for (const [id, states] of after.states)
    expect([id, ...new Set(states)]).toEqual([id, stateOf(id - shift)]);
  for (const { events } of [first, second]) {
    expect(events.filter(({ in_flight = 0 }) => in_flight > 1)).toEqual([]);
    expect(events.filter(({ notifications = [] }) => notifications.length > 100)).toEqual([]);
  }
});
