/** Operators overrule checks of the Seesaw engine, with the executable beside an engine in Go. Run by `bun test`. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { makeTempDir } from "../harness/base/tempdir.ts";
import { until } from "../harness/base/wait.ts";
import { startDaemon } from "../harness/daemon/daemon.ts";
import { operate } from "../harness/daemon/operator.ts";
import {
  newestStatuses as newest,
  newestStates as states,
  engineTcp as tcp,
} from "../harness/engine/engine-checks.ts";
import { type GoEngine, startGoEngine } from "../harness/engine/goengine.ts";

setDefaultTimeout(120_000);

const WAIT_MS = 40_000;
const WHY = ["--for", "1h", "--reason", "a drill"];
/** States of the engine. */
const [UNHEALTHY, HEALTHY] = [1, 2];
let up: Bun.TCPSocketListener<undefined>;

beforeAll(() => {
  up = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
});
afterAll(() => up.stop(true));

/** Waits for the newest states of healthchecks. */
async function expectStates(engine: GoEngine, expected: Readonly<Record<string, number>>): Promise<void> {
  await until(
    () => Object.entries(expected).every(([id, state]) => states(engine)[id] === state),
    WAIT_MS,
    () => `${JSON.stringify(expected)} in place of ${JSON.stringify(states(engine))}`,
  );
}

test("engine: a forced state is reported to the engine and to its successor under new ids, a kill of the server in between, until its release", async () => {
  await using temp = makeTempDir("engine");
  const dir = temp.path;
  const socket = join(dir, "engine.sock");
  const server = `control: engine, engine_socket: ${socket}, control_socket: ${dir}/control.sock, state_file: ${dir}/states`;
  const config = `server: { ${server} }\nbatching: { delay: 10ms }\n`;
  const other = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  await using first = await startGoEngine(socket);
  await first.command({ checks: [tcp(1, up.port), tcp(2, other.port)] });
  {
    await using daemon = await startDaemon({ config });
    await expectStates(first, { "1": HEALTHY, "2": HEALTHY });
    expect(await operate(dir, "force", "1", "unhealthy", ...WHY)).toMatchObject({ status: 0, err: "" });
    daemon.signal("SIGKILL");
    await daemon.exited;
  }
  await using daemon = await startDaemon({ config });
  await expectStates(first, { "1": UNHEALTHY, "2": HEALTHY });
  await until(
    () => /^forced unhealthy by \w+: a drill; checks find: L4OK/.test(newest(first).get("1")?.message ?? ""),
    WAIT_MS,
    "the reason and the finding at the engine",
  );
  await first.kill();
  await Bun.file(socket).delete();
  await using second = await startGoEngine(socket);
  await second.command({ checks: [tcp(71, up.port), tcp(72, other.port)] });
  await expectStates(second, { "71": UNHEALTHY, "72": HEALTHY });
  expect((await operate(dir, "overrides")).out).toMatch(/^71 {2}tcp:\S+ {2}unhealthy .*: a drill\n$/);
  expect(await operate(dir, "release", "71")).toMatchObject({ status: 0, err: "" });
  await expectStates(second, { "71": HEALTHY, "72": HEALTHY });
  expect(Object.keys(states(second)).sort()).toEqual(["71", "72"]);
  other.stop(true);
  expect(daemon.log.filter((line) => / ERROR /.test(line))).toEqual([]);
});
