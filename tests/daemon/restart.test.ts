/** A restart goes unnoticed: the states of the killed process are provisional, and count once a check agrees. Run by `bun test`. */
import { expect, test } from "bun:test";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { makeTempDir } from "../harness/base/tempdir.ts";
import { until } from "../harness/base/wait.ts";
import { times } from "../harness/client/checks.ts";
import { startDaemon } from "../harness/daemon/daemon.ts";
import { reports, runAndKill, STATE_PERIOD_MS, site } from "../harness/daemon/restart-site.ts";

const COLD = /State file not usable/;

test("restart: a kill, and backends that fail once then, change no reported state", async () => {
  await using place = site(20);
  await runAndKill(place);
  for (const one of place.backends.slice(0, 8)) one.fail(1);
  place.backends[10]?.fail(1_000_000);
  await using daemon = await place.start();
  expect(daemon.log.join("\n")).toMatch(/States restored from before the restart .*states=20/);
  await using client = await place.connect(daemon);
  await until(() => client.latest.size === 20, STATE_PERIOD_MS, "every state");
  const expected = times(20, (at) => `${at + 1} ${at === 10 ? "unhealthy" : "healthy"}`);
  expect(reports(client).sort()).toEqual(expected.sort());
  expect(daemon.log.filter((line) => line.includes("Health state changed")).length).toBe(1);
  expect(daemon.log.some((line) => COLD.test(line))).toBe(false);
}, 60_000);

test("restart: a clean stop keeps the states and the newest counters", async () => {
  await using place = site(3);
  let successes = 0;
  {
    await using daemon = await place.start();
    await using client = await place.connect(daemon);
    await until(() => client.latest.size === 3, STATE_PERIOD_MS, "every state");
    daemon.signal("SIGTERM");
    await daemon.exited;
    const counts = readFileSync(place.file, "utf8").matchAll(/"successes":(\d+)/g);
    successes = Math.min(...[...counts].map(([, count]) => Number(count)));
  }
  expect(successes).toBeGreaterThanOrEqual(1);
  expect(statSync(place.file).mode & 0o777).toBe(0o600);
  await using daemon = await place.start();
  await using client = await place.connect(daemon);
  await until(() => client.latest.size === 3, STATE_PERIOD_MS, "every state");
  for (const { successes: count } of client.latest.values()) expect(Number(count)).toBeGreaterThan(successes);
}, 60_000);

test("restart: a backend that was damped stays so, and its penalty is that of before", async () => {
  const damping = "{ half_life: 1h, suppress: 1100, reuse: 1000 }";
  await using place = site(1, { config: `checks: { damping: ${damping} }\n`, retries: 0 });
  const [one] = place.backends;
  const written = () => {
    const penalties = readFileSync(place.file, "utf8").matchAll(/"penalty":(\d+)[^}]*"isDamped":true/g);
    return [...penalties].at(-1)?.[1];
  };
  {
    await using daemon = await place.start();
    await using client = await place.connect(daemon);
    await until(() => client.latest.size === 1, STATE_PERIOD_MS, "the state");
    one?.fail(1);
    await daemon.waitForLog(/Backend is flapping/, STATE_PERIOD_MS);
    await until(() => Number(written()) > 1_900, STATE_PERIOD_MS, "the penalty in the file");
    // Another outage adds to it, although the reported state does not change.
    one?.fail(1);
    await until(() => Number(written()) > 3_900, STATE_PERIOD_MS, "the higher penalty in the file");
    daemon.signal("SIGKILL");
    await daemon.exited;
  }
  await using daemon = await place.start();
  await using client = await place.connect(daemon);
  await until(() => reports(client).length > 0, STATE_PERIOD_MS, "the state again");
  expect(reports(client)).toEqual(["1 unhealthy"]);
  expect(client.latest.get("1")?.message).toEndWith("(damped: stays unhealthy until it stops flapping)");
  await until(() => Number(written()) > 3_900, STATE_PERIOD_MS, "the penalty in the file of the next server");
  expect(daemon.log.filter((line) => line.includes("Health state changed"))).toEqual([]);
}, 60_000);

test.each([
  ["a runtime directory keeps", "", true],
  ["off keeps no", "server: { state_file: off, proxy_socket: proxy.sock }", false],
  ["an empty path keeps no", 'server: { state_file: "", proxy_socket: proxy.sock }', false],
])("restart: %s states by default", async (_name, text, kept) => {
  await using dir = makeTempDir("runtime");
  const runtime = { RUNTIME_DIRECTORY: `${dir.path}:/nowhere` };
  const socket = text === "" ? {} : { socketPath: "proxy.sock" };
  await using daemon = await startDaemon({ config: text, env: runtime, ...socket });
  daemon.signal("SIGTERM");
  expect(await daemon.exited).toBe(0);
  expect(existsSync(join(dir.path, "healthcheck-server.state"))).toBe(kept);
});
