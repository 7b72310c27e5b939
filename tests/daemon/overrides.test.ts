/** Operators overrule checks through the control socket of the compiled executable. Run by `bun test`. */
import { expect, test } from "bun:test";
import { statSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { acceptAll } from "../harness/backends/backends.ts";
import { runCommand } from "../harness/base/command.ts";
import { freePort } from "../harness/base/ports.ts";
import { makeTempDir } from "../harness/base/tempdir.ts";
import { until } from "../harness/base/wait.ts";
import { tcpCheck, times } from "../harness/client/checks.ts";
import { connectClient } from "../harness/client/client.ts";
import { stateOf } from "../harness/client/client-assertions.ts";
import { operate, raw, startControlled } from "../harness/daemon/operator.ts";

const WAIT_MS = 15_000;

const WHY = ["--for", "1h", "--reason", "a drill"];

test("overrides: forced, listed, kept over a new list and a kill, and released", async () => {
  await using temp = makeTempDir("force");
  const dir = temp.path;
  await using backend = acceptAll();
  const checks = times(3, (at) => tcpCheck(at + 1, backend));
  {
    await using daemon = await startControlled(dir);
    expect(statSync(join(dir, "control.sock")).mode & 0o777).toBe(0o600);
    await using client = await connectClient(daemon.socketPath);
    client.update(checks);
    await until(() => client.latest.size === 3, WAIT_MS, "every state");
    const forced = await operate(dir, "force", "2", "unhealthy", ...WHY);
    expect(forced).toMatchObject({ status: 0, err: "" });
    expect(forced.out).toStartWith("1 healthcheck forced unhealthy until ");
    expect((await stateOf(client, 2, "unhealthy")).message).toMatch(
      /^forced unhealthy by \w+: a drill; checks find: L4OK/,
    );
    await daemon.waitForLog(
      /WARN Override set action=unhealthy .*user=\w+ uid=\d+ pid=\d+ until=.* reason="a drill"/,
      WAIT_MS,
    );
    client.update(checks.slice(0, 1));
    client.update(checks);
    await until(
      () => daemon.log.filter((line) => line.includes("Adding healthcheck id=2")).length === 2,
      WAIT_MS,
      "it is added",
    );
    expect((await operate(dir, "overrides")).out).toMatch(
      /^2 {2}tcp:\S+ {2}unhealthy .* by \w+ \(pid \d+\): a drill\n$/,
    );
    daemon.signal("SIGKILL");
    await daemon.exited;
  }
  // Overrides have their own end, and states are too old by then.
  utimesSync(join(dir, "states"), new Date(), new Date(Date.now() - 300_000));
  await using daemon = await startControlled(dir);
  await using client = await connectClient(daemon.socketPath);
  client.update(checks);
  await stateOf(client, 2, "unhealthy");
  await stateOf(client, 3, "healthy");
  expect(await operate(dir, "release", "2")).toMatchObject({ status: 0, out: "1 healthcheck released\n" });
  await stateOf(client, 2, "healthy");
  expect(await operate(dir, "overrides")).toMatchObject({ out: "no overrides\n" });
}, 60_000);

test("overrides: one ends at its time, and with another target of its id", async () => {
  await using temp = makeTempDir("force");
  const dir = temp.path;
  await using backend = acceptAll();
  await using other = acceptAll();
  await using daemon = await startControlled(dir);
  await using client = await connectClient(daemon.socketPath);
  client.update([tcpCheck(1, backend), tcpCheck(2, backend)]);
  await until(() => client.latest.size === 2, WAIT_MS, "every state");
  await operate(dir, "force", "1", "unhealthy", "--for", "300ms", "--reason", "short");
  await stateOf(client, 1, "unhealthy");
  await stateOf(client, 1, "healthy");
  await daemon.waitForLog(/Override ended healthchecks=1 ids=1 reason="its time is over"/, WAIT_MS);
  await operate(dir, "force", "2", "unhealthy", ...WHY);
  await stateOf(client, 2, "unhealthy");
  client.update([tcpCheck(1, backend), tcpCheck(2, other)]);
  await stateOf(client, 2, "healthy");
  await daemon.waitForLog(
    /Override ended healthchecks=1 ids=2 reason="the healthcheck has another check"/,
    WAIT_MS,
  );
}, 60_000);

test("overrides: all unhealthy needs --all, a target selects, a pause starts no check", async () => {
  await using temp = makeTempDir("force");
  const dir = temp.path;
  await using backend = acceptAll();
  await using daemon = await startControlled(dir);
  await using client = await connectClient(daemon.socketPath);
  client.update([tcpCheck(1, backend), tcpCheck(2, { hostname: "127.0.0.1", port: backend.port })]);
  await until(() => client.latest.size === 2, WAIT_MS, "every state");
  const refused = await operate(dir, "force", "--target", "127.0.0.0/8", "unhealthy", ...WHY);
  expect(refused).toMatchObject({ status: 1, out: "" });
  expect(refused.err).toMatch(/every healthcheck unhealthy; add --all/);
  // Nor one after the other.
  expect(await operate(dir, "force", "1", "unhealthy", ...WHY)).toMatchObject({ status: 0 });
  expect(await operate(dir, "force", "2", "unhealthy", ...WHY)).toMatchObject({ status: 1 });
  const all = await operate(
    dir,
    "force",
    "--target",
    `127.0.0.0/8:${backend.port}`,
    "unhealthy",
    "--all",
    ...WHY,
  );
  expect(all.out).toStartWith("2 healthchecks forced unhealthy");
  await stateOf(client, 2, "unhealthy");
  expect((await operate(dir, "pause", "--all", ...WHY)).out).toStartWith("2 healthchecks paused");
  await stateOf(client, 2, "healthy");
  const { connections } = backend;
  backend.down();
  await Bun.sleep(500);
  expect([backend.connections, client.latest.get("1")?.state]).toEqual([connections, "healthy"]);
  await operate(dir, "release", "--all");
  await stateOf(client, 1, "unhealthy");
}, 60_000);

test.each([
  [["force", "1", "sick", ...WHY], 2, /state: missing or not valid/],
  [["force", "1", "healthy", "--reason", "x"], 2, /--for: missing/],
  [["force", "1", "healthy", "--for", "1h"], 2, /--reason: missing/],
  [["force", "1", "healthy", "--for", "169h", "--reason", "x"], 2, /--for: .*168h/],
  [["force", "healthy", ...WHY], 2, /id: missing/],
  [["force", "1", "healthy", "--target", "::1", ...WHY], 2, /--target: not allowed/],
  [["release"], 2, /id: missing/],
  [["pause", "9", ...WHY], 1, /no healthcheck matches id 9/],
  [["pause", "--target", "a", ...WHY], 1, /--target: .*must be/],
  [["release", "9"], 1, /no override matches id 9/],
])(
  "overrides: %j is rejected with status %d",
  async (args, status, message) => {
    await using temp = makeTempDir("force");
    await using daemon = await startControlled(temp.path);
    const result = await operate(temp.path, ...args);
    expect([daemon.log.some((line) => line.includes("Override set")), result.status, result.out]).toEqual([
      false,
      status,
      "",
    ]);
    expect(result.err).toMatch(message);
  },
  60_000,
);

test("overrides: silent, long and wrong requests are answered or cut off, and others are served", async () => {
  await using temp = makeTempDir("force");
  const dir = temp.path;
  await using daemon = await startControlled(dir);
  const silent = times(10, () => raw(dir, '{"command":'));
  expect(await raw(dir, "nonsense\n")).toBe('{"error":"the request is not a JSON object"}\n');
  expect(await raw(dir, "[]\n")).toBe('{"error":"the request is not a JSON object"}\n');
  expect(await raw(dir, '{"command":"drop"}\n')).toBe('{"error":"command: must be set, release or list"}\n');
  expect(await raw(dir, "x".repeat(100_000))).toMatch(/longer than 16384 bytes/);
  const set = { command: "set", action: "healthy", all: true, reason: "x" };
  for (const duration_ms of [0, -1, null, "1h", 1e12, undefined])
    expect(await raw(dir, `${JSON.stringify({ ...set, duration_ms })}\n`)).toMatch(/"--for: must be/);
  for (const reason of ["", "  ", 5, "x".repeat(201)])
    expect(await raw(dir, `${JSON.stringify({ ...set, duration_ms: 1_000, reason })}\n`)).toMatch(
      /"--reason: must be/,
    );
  expect(await raw(dir, '{"command":"list"}\n{"command":"list"}\n')).toBe('{"overrides":[]}\n');
  const many = await Promise.all([...silent, ...times(30, () => raw(dir, '{"command":'))]);
  expect(many).toEqual(times(40, () => ""));
  expect((await operate(dir, "overrides")).out).toBe("no overrides\n");
  expect(daemon.log.some((line) => / ERROR /.test(line))).toBe(false);
}, 60_000);

test("overrides: everything that shows a state shows that it is forced", async () => {
  await using temp = makeTempDir("force");
  const dir = temp.path;
  await using backend = acceptAll();
  const port = freePort();
  const metrics = `metrics: { enabled: true, listen_addr: "127.0.0.1:${port}" }\n`;
  await using daemon = await startControlled(dir, {}, metrics);
  await using client = await connectClient(daemon.socketPath);
  client.update(times(3, (at) => tcpCheck(at + 1, backend)));
  await until(() => client.latest.size === 3, WAIT_MS, "every state");
  await operate(dir, "force", "1", "unhealthy", ...WHY);
  await operate(dir, "pause", "2", ...WHY);
  await stateOf(client, 1, "unhealthy");
  const get = async (path: string) => await (await fetch(`http://127.0.0.1:${port}${path}`)).text();
  expect(JSON.parse(await get("/api/healthchecks"))).toMatchObject({
    totals: { healthy: 2, unhealthy: 1, overridden: 2 },
    healthchecks: [
      { id: "1", state: "unhealthy", override: { action: "unhealthy", reason: "a drill" } },
      { id: "2", state: "healthy", override: { action: "paused" } },
      { id: "3", state: "healthy" },
    ],
  });
  const text = await get("/metrics");
  expect(text).toMatch(/^healthcheck_forced\{id="1",type="tcp",action="unhealthy"\} 1$/m);
  expect(text).toMatch(/^healthcheck_forced\{id="2",type="tcp",action="paused"\} 1$/m);
  const run = (...args: string[]) => runCommand([...args, "--addr", `127.0.0.1:${port}`]);
  expect((await run("status")).out).toMatch(/^ {2}overridden +2$/m);
  expect(JSON.parse((await run("status", "--json")).out)).toMatchObject({ overridden: 2, unhealthy: 1 });
  expect((await run("explain", "1")).out).toMatch(
    /override +forced unhealthy .*a drill(.|\n)*measured +healthy/,
  );
  backend.down();
  await daemon.waitForLog(/Health state changed .*id=1 .*new_state=unhealthy .*forced=unhealthy/, WAIT_MS);
}, 60_000);
