/** The engine as control plane against an engine in Go: large sets, restarts under new ids, reports in order. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { DEFAULT_CONFIG } from "../../src/config/schema.ts";
import { EngineControl } from "../../src/control/engine.ts";
import { NO_ENGINE_TRACING } from "../../src/control/engine-tracing.ts";
import type { DesiredSet } from "../../src/manager/diff.ts";
import { makeTempDir } from "../harness/base/tempdir.ts";
import { until } from "../harness/base/wait.ts";
import { type GoEngine, startGoEngine } from "../harness/engine/goengine.ts";
import { FakeLogger, notification } from "../harness/fakes/fakes.ts";

setDefaultTimeout(120_000);

const TARGET = { ip: "127.0.0.1", port: 80 };

/** A control plane whose healthchecks are all healthy at once. */
function startControl(path: string) {
  const sets: DesiredSet[] = [];
  const log = new FakeLogger();
  const control = new EngineControl(path, {
    config: DEFAULT_CONFIG,
    log,
    count: () => {},
    fault: () => {},
    engineCalled: () => {},
    engineTracing: () => NO_ENGINE_TRACING,
  });
  const resync = () => {
    const states = sets.at(-1)?.specs.map(({ id }) => notification(Number(id))) ?? [];
    for (let at = 0; at < states.length; at += 100) control.deliver(states.slice(at, at + 100));
  };
  const started = control.start({
    applyDesiredSet: async (set) => void sets.push(set),
    resync,
    writable: () => {},
    disconnected: () => {},
    statuses: () => [],
    shutdown: () => {},
  });
  return { control, sets, log, started };
}

const statesOf = (engine: GoEngine) => engine.events.flatMap(({ notifications }) => notifications ?? []);

test("engine: 10,000 healthchecks are fetched and reported, with one call at a time", async () => {
  await using dir = makeTempDir("engine-go");
  const path = join(dir.path, "engine.sock");
  await using engine = await startGoEngine(path);
  await engine.command({ generate: { count: 10_000, first_id: "1", ...TARGET } });
  const { control, sets, started } = startControl(path);
  await started;
  await until(() => statesOf(engine).length >= 10_000, 60_000, "every state");
  expect(sets[0]?.specs.length).toBe(10_000);
  expect(new Set(statesOf(engine).map(({ id }) => id)).size).toBe(10_000);
  expect(statesOf(engine).every(({ state }) => state === 2)).toBe(true);
  expect(engine.events.filter(({ in_flight = 0 }) => in_flight > 1)).toEqual([]);
  await control.stop(AbortSignal.timeout(1_000));
});

test("engine: an engine that starts later, is killed, and comes back under new ids receives every state", async () => {
  await using dir = makeTempDir("engine-go");
  const path = join(dir.path, "engine.sock");
  const { control, sets, log, started } = startControl(path);
  await started;
  await until(() => log.messages("warn").length > 0, 10_000, "the warning");
  const first = await startGoEngine(path);
  await first.command({ generate: { count: 50, first_id: "1000", ...TARGET } });
  await until(
    () => new Set(statesOf(first).map(({ id }) => id)).size === 50,
    20_000,
    "every state of the first engine",
  );
  await first.kill();
  await until(() => !control.peer.connected, 20_000, "the loss of the engine");
  expect(sets.at(-1)?.specs.length).toBe(50);
  await Bun.file(path).delete();
  const second = await startGoEngine(path);
  await second.command({ generate: { count: 50, first_id: "2000", ...TARGET } });
  await until(
    () => new Set(statesOf(second).map(({ id }) => id)).size === 50,
    20_000,
    "every state of the second engine",
  );
  expect(
    statesOf(second)
      .map(({ id }) => Number(id))
      .every((id) => id >= 2_000),
  ).toBe(true);
  await control.stop(AbortSignal.timeout(1_000));
  await Promise.all([first, second].map((engine) => engine[Symbol.asyncDispose]()));
});
