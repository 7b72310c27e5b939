/**
 * Overrides of the compiled executable end at their time, over kills of the server and steps of the wall clock; a command that was answered
 * is not lost. The exact times are those of tests/overrides/ends.test.ts. Run by `bun test`.
 */
import { expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, renameSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { acceptAll } from "../harness/backends/backends.ts";
import { peerTest } from "../harness/base/peers.ts";
import { makeTempDir } from "../harness/base/tempdir.ts";
import { until } from "../harness/base/wait.ts";
import { tcpCheck, times } from "../harness/client/checks.ts";
import { connectClient } from "../harness/client/client.ts";
import { requestStatus, stateOf } from "../harness/client/client-assertions.ts";
import { operate, startControlled } from "../harness/daemon/operator.ts";

const WAIT_MS = 15_000;
const HOUR_S = 3_600;

function libfaketime(): string {
  const places = readdirSync("/usr/lib").map((name) => join("/usr/lib", name, "faketime/libfaketime.so.1"));
  return places.find((place) => existsSync(place)) ?? "libfaketime.so.1";
}

peerTest(
  "overrides: the wall clock is set an hour forward and back, and each ends at its time",
  ["faketime"],
  async () => {
    await using temp = makeTempDir("ends");
    const dir = temp.path;
    const shift = join(dir, "shift");
    const step = (seconds: number) => {
      writeFileSync(`${shift}.new`, seconds < 0 ? String(seconds) : `+${seconds}`);
      renameSync(`${shift}.new`, shift);
    };
    step(0);
    const env = {
      LD_PRELOAD: libfaketime(),
      FAKETIME_TIMESTAMP_FILE: shift,
      FAKETIME_NO_CACHE: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
    };
    await using backend = acceptAll();
    await using daemon = await startControlled(dir, { env });
    await using client = await connectClient(daemon.socketPath);
    client.update([tcpCheck(1, backend)]);
    await stateOf(client, 1, "healthy");
    for (const [seconds, name] of [
      [HOUR_S, "forward"],
      [-HOUR_S, "back"],
    ] as const) {
      step(0);
      const startMs = performance.now();
      await operate(dir, "force", "1", "unhealthy", "--for", "2s", "--reason", name);
      await stateOf(client, 1, "unhealthy");
      step(seconds);
      await until(
        async () => {
          const checked = (await requestStatus(client)).get("1")?.last_check ?? "";
          return Math.abs(Date.parse(checked) - Date.now()) > 60_000;
        },
        WAIT_MS,
        "the daemon on another time",
      );
      await stateOf(client, 1, "healthy", WAIT_MS);
      expect(performance.now() - startMs).toBeGreaterThan(2_000);
    }
  },
  60_000,
);

test("overrides: what a command has answered survives a kill at once", async () => {
  await using temp = makeTempDir("ends");
  const dir = temp.path;
  await using backend = acceptAll();
  const checks = times(4, (at) => tcpCheck(at + 1, backend));
  for (let round = 1; round <= 3; round++) {
    await using daemon = await startControlled(dir);
    await using client = await connectClient(daemon.socketPath);
    client.update(checks);
    for (let before = 1; before < round; before++) await stateOf(client, before, "unhealthy");
    await until(() => client.latest.size === 4, WAIT_MS, "every state");
    const forced = await operate(dir, "force", String(round), "unhealthy", "--for", "1h", "--reason", "x");
    daemon.signal("SIGKILL");
    expect(forced).toMatchObject({ status: 0, err: "" });
    await daemon.exited;
  }
  await using daemon = await startControlled(dir);
  const listed = await operate(dir, "overrides", "--json");
  expect(JSON.parse(listed.out)).toMatchObject({ overrides: [{ id: "1" }, { id: "2" }, { id: "3" }] });
  expect(daemon.log.join("\n")).toMatch(/Overrides restored overrides=3/);
}, 60_000);

test("overrides: one ends at its time when the server is killed and starts again meanwhile", async () => {
  await using temp = makeTempDir("ends");
  const dir = temp.path;
  await using backend = acceptAll();
  const checks = [tcpCheck(1, backend), tcpCheck(2, backend)];
  let startMs: number;
  {
    await using daemon = await startControlled(dir);
    await using client = await connectClient(daemon.socketPath);
    client.update(checks);
    await stateOf(client, 1, "healthy");
    startMs = performance.now();
    await operate(dir, "force", "1", "unhealthy", "--for", "3s", "--reason", "x");
    daemon.signal("SIGKILL");
    await daemon.exited;
  }
  await using daemon = await startControlled(dir);
  await using client = await connectClient(daemon.socketPath);
  client.update(checks);
  await stateOf(client, 1, "healthy", WAIT_MS);
  expect(performance.now() - startMs).toBeGreaterThan(3_000);
}, 60_000);

test("overrides: one that cannot be written is in effect, and the command says that it is not kept", async () => {
  await using temp = makeTempDir("ends");
  const dir = temp.path;
  await using backend = acceptAll();
  mkdirSync(join(dir, "states"));
  await using daemon = await startControlled(dir);
  await using client = await connectClient(daemon.socketPath);
  client.update([tcpCheck(1, backend), tcpCheck(2, backend)]);
  await until(() => client.latest.size === 2, WAIT_MS, "every state");
  const force = (...more: string[]) =>
    operate(dir, "force", "1", "unhealthy", "--for", "1h", "--reason", "x", ...more);
  const forced = await force();
  expect(forced.status).toBe(0);
  expect(forced.out).toStartWith("1 healthcheck forced unhealthy until ");
  expect(forced.err).toBe(
    `warning: not kept over a restart: ${dir}/states: ${dir}/states is not a regular file\n`,
  );
  await stateOf(client, 1, "unhealthy");
  expect(JSON.parse((await force("--json")).out)).toMatchObject({
    healthchecks: 1,
    warning: expect.any(String),
  });
  rmdirSync(join(dir, "states"));
  await daemon.waitForLog(/State file is written again/, WAIT_MS);
  expect(await force()).toMatchObject({ status: 0, err: "" });
}, 60_000);
