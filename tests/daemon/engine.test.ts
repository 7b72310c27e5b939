/** The executable with `server.control: engine`, beside an engine in Go: checks, reports, restarts of the engine, senseless configs. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { makeTempDir } from "../harness/base/tempdir.ts";
import { until } from "../harness/base/wait.ts";
import { startDaemon } from "../harness/daemon/daemon.ts";
import {
  engineConfig,
  newestStatuses as newest,
  newestStates as states,
  engineTcp as tcp,
} from "../harness/engine/engine-checks.ts";
import { startGoEngine } from "../harness/engine/goengine.ts";

setDefaultTimeout(120_000);

/** For what takes seconds on an idle machine. */
const WAIT_MS = 40_000;
let up: Bun.TCPSocketListener<undefined>;
let closedPort: number;

beforeAll(() => {
  up = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const closed = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  closedPort = closed.port;
  closed.stop(true);
});
afterAll(() => up.stop(true));

async function startOn(socket: string) {
  return await startDaemon({ config: engineConfig(socket) });
}

test("engine: healthchecks of the engine are run and reported, also to its successor under new ids", async () => {
  await using dir = makeTempDir("engine");
  const socket = join(dir.path, "engine.sock");
  // The engine is started after the server.
  await using daemon = await startOn(socket);
  await daemon.waitForLog(/Cannot fetch healthchecks from the engine.*no such file or directory/, WAIT_MS);
  await using first = await startGoEngine(socket);
  await first.command({ checks: [tcp(1, up.port), tcp(2, closedPort)] });
  await until(() => newest(first).size === 2, WAIT_MS, "both states");
  expect(states(first)).toEqual({ "1": 2, "2": 1 });
  expect(newest(first).get("2")?.message).toStartWith("L4CON TCP connect to 127.0.0.1:");
  await first.kill();
  await Bun.file(socket).delete();
  await using second = await startGoEngine(socket);
  await second.command({ checks: [tcp(71, up.port), tcp(72, closedPort)] });
  await until(() => newest(second).size === 2, WAIT_MS, "both states under new ids");
  expect(states(second)).toEqual({ "71": 2, "72": 1 });
  daemon.signal("SIGTERM");
  expect(await daemon.exited).toBe(0);
});

test("engine: of a hundred healthchecks, each senseless one is rejected alone", async () => {
  await using dir = makeTempDir("engine");
  const socket = join(dir.path, "engine.sock");
  await using engine = await startGoEngine(socket);
  const senseless = [
    tcp(1_001, up.port, { interval_ns: 0 }),
    tcp(1_002, up.port, { interval_ns: -1 }),
    tcp(1_003, up.port, { timeout_ns: 0 }),
    tcp(1_004, up.port, { retries: -1 }),
    tcp(1_005, 0),
    tcp(1_006, -1),
    tcp(1_007, 70_000),
    tcp(1_008, up.port, {}, { IP: "" }),
    tcp(1_009, up.port, {}, { Mode: 9 }),
    tcp(1_010, up.port, { type: "FancyChecker" }),
    tcp(1_011, up.port, { type: "" }),
    tcp(1_012, up.port, { type: "HTTPChecker" }, { Method: "GE T" }),
  ];
  const good = Array.from({ length: 88 }, (_, index) => tcp(index + 1, up.port));
  await engine.command({ checks: [...senseless, ...good] });
  await using daemon = await startOn(socket);
  await until(() => newest(engine).size === good.length, WAIT_MS, "the states of the good ones");
  expect(new Set(Object.values(states(engine)))).toEqual(new Set([2]));
  for (const { id } of senseless)
    await daemon.waitForLog(new RegExp(`healthcheck ${id} rejected: `), WAIT_MS);
  expect(daemon.log.filter((line) => line.includes(" rejected: ")).length).toBe(senseless.length);
});

test("engine: an engine that answers with an error, or slowly, is asked again, and no state is lost or unknown", async () => {
  await using dir = makeTempDir("engine");
  const socket = join(dir.path, "engine.sock");
  await using engine = await startGoEngine(socket);
  await engine.command({ checks: [tcp(1, up.port)], error: "out of order", delay_ms: 200 });
  await using daemon = await startOn(socket);
  await daemon.waitForLog(/Cannot fetch healthchecks from the engine.*out of order/, WAIT_MS);
  await engine.command({ error: "" });
  await until(() => newest(engine).get("1")?.state === 2, WAIT_MS, "the state");
  const received = engine.events.flatMap(({ notifications = [] }) => notifications);
  expect(received.filter(({ state, zero_time }) => state === 0 || zero_time)).toEqual([]);
  expect(engine.events.filter(({ in_flight = 0 }) => in_flight > 1)).toEqual([]);
});
