/** The executable with the Seesaw engine is killed: its successor continues with the states, also under the new ids of a restarted engine. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { makeTempDir } from "../harness/base/tempdir.ts";
import { until } from "../harness/base/wait.ts";
import { startDaemon } from "../harness/daemon/daemon.ts";
import { type Backend, backend } from "../harness/daemon/restart-site.ts";
import { newestStates } from "../harness/engine/engine-checks.ts";
import {
  type EngineCheck,
  type EngineStatus,
  type GoEngine,
  startGoEngine,
} from "../harness/engine/goengine.ts";

const WAIT_MS = 40_000;
const HEALTHY = 2;
const UNHEALTHY = 1;

/** An HTTP check with fall 3. */
function check(id: number, { port }: Backend): EngineCheck {
  const times = { interval_ns: 2e8, timeout_ns: 5e9, retries: 2 };
  const request = { Method: "GET", Request: "/", ResponseCode: 200 };
  const checker = { IP: "127.0.0.1", Port: port, Proto: 6, ...request };
  return { id: String(id), type: "HTTPChecker", ...times, checker };
}

/** Statuses of an id that the engine has received, oldest first; equal states that follow one another are one. */
function changes({ events }: GoEngine, from: number, id: number): EngineStatus[] {
  const all = events.slice(from).flatMap(({ notifications = [] }) => notifications);
  const own = all.filter((one) => one.id === String(id));
  return own.filter(({ state }, at) => state !== own[at - 1]?.state);
}

test.each([
  ["the same ids", 0, false],
  ["new ids of an engine that has restarted too", 70, true],
] as const)(
  "engine restart: with %s each state continues, and fall counts from it",
  async (_name, shift, isEngineRestarted) => {
    await using dir = makeTempDir("engine-restart");
    const socket = join(dir.path, "engine.sock");
    const file = join(dir.path, "states");
    using stack = new DisposableStack();
    const [fine, once, twice, dead, revived] = [0, 0, 0, 0, 0].map(() => stack.use(backend()));
    const backends = [fine, once, twice, dead, revived].flatMap((one) => one ?? []);
    const start = () =>
      startDaemon({
        config: `server: { control: engine, engine_socket: ${socket}, state_file: ${file} }\n`,
      });
    revived?.fail(Number.POSITIVE_INFINITY);
    await using first = await startGoEngine(socket, false, {
      checks: backends.map((one, at) => check(at + 1, one)),
    });
    {
      await using daemon = await start();
      const expected = { "1": HEALTHY, "2": HEALTHY, "3": HEALTHY, "4": HEALTHY, "5": UNHEALTHY };
      await until(() => Bun.deepEquals(newestStates(first), expected), WAIT_MS, "every state");
      const written = () => readFileSync(file, "utf8").match(/"state":"(un)?healthy"/g)?.length ?? 0;
      await until(() => written() >= backends.length, WAIT_MS, "every state in the file");
      daemon.signal("SIGKILL");
      await daemon.exited;
    }
    once?.fail(1);
    twice?.fail(2);
    dead?.fail(Number.POSITIVE_INFINITY);
    revived?.fail(0);
    if (isEngineRestarted) {
      await first.kill();
      await Bun.file(socket).delete();
    }
    await using second = isEngineRestarted ? await startGoEngine(socket) : undefined;
    const engine = second ?? first;
    await engine.command({ checks: backends.map((one, at) => check(at + 1 + shift, one)) });
    const from = engine.events.length;
    await using daemon = await start();
    const seen = () => backends.map((_, at) => changes(engine, from, at + 1 + shift));
    await until(() => seen().every((statuses) => statuses.length > 0), WAIT_MS, "every state again");
    expect(daemon.log.join("\n")).toMatch(/States restored from before the restart .*states=5/);
    const states = seen().map((statuses) => statuses.map(({ state }) => state));
    expect(states).toEqual([[HEALTHY], [HEALTHY], [HEALTHY], [UNHEALTHY], [HEALTHY]]);
    // Those of before are counted: the dead one had none, and was checked until its third failure in a row.
    expect(
      seen()
        .map(([status]) => status?.failures)
        .slice(0, 4),
    ).toEqual(["0", "1", "2", "3"]);
    const changed = daemon.log.filter((line) => line.includes("Health state changed"));
    expect(changed.map((line) => /old_state=\w+ new_state=\w+/.exec(line)?.[0]).sort()).toEqual([
      "old_state=healthy new_state=unhealthy",
      "old_state=unhealthy new_state=healthy",
    ]);
  },
  120_000,
);
