/** The control socket of the compiled executable: whatever is at its path or connects to it, checks run on, and operators are served. Run by `bun test`. */
import { expect, setDefaultTimeout, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { acceptAll } from "../harness/backends/backends.ts";
import { leaveStaleSocket } from "../harness/base/stale-socket.ts";
import { makeTempDir } from "../harness/base/tempdir.ts";
import { until } from "../harness/base/wait.ts";
import { tcpCheck, times } from "../harness/client/checks.ts";
import { connectClient } from "../harness/client/client.ts";
import { requestStatus, stateOf } from "../harness/client/client-assertions.ts";
import { startDaemon } from "../harness/daemon/daemon.ts";
import { operate, operateAs, raw, startControlled } from "../harness/daemon/operator.ts";

setDefaultTimeout(60_000);

const WAIT_MS = 15_000;
const NO_OVERRIDES = { status: 0, out: "no overrides\n", err: "" };
/** A user and a group besides those of this process. */
const OTHER_UID = 65_534;
const AS_OTHER = ["setpriv", `--reuid=${OTHER_UID}`, `--regid=${OTHER_UID}`, "--clear-groups"];
const isRoot = process.getuid?.() === 0 && Bun.which("setpriv") !== null;

const controlOf = (dir: string) => join(dir, "control.sock");
const isSocket = (path: string) => lstatSync(path, { throwIfNoEntry: false })?.isSocket() === true;

test("control socket: it is placed again with its mode when its file is removed or renamed", async () => {
  await using temp = makeTempDir("ctl");
  const path = controlOf(temp.path);
  await using daemon = await startControlled(temp.path);
  for (const lose of [() => rmSync(path), () => renameSync(path, `${path}.old`)]) {
    lose();
    await until(() => isSocket(path), WAIT_MS, "the socket");
    expect(lstatSync(path).mode & 0o777).toBe(0o600);
    expect(await operate(temp.path, "overrides")).toEqual(NO_OVERRIDES);
  }
  const lost = () => daemon.log.filter((line) => /Control socket lost, listening again/.test(line));
  await until(() => lost().length === 2, WAIT_MS, "both lines");
});

test("control socket: a stale one is replaced, and none is left after the end", async () => {
  await using temp = makeTempDir("ctl");
  const path = controlOf(temp.path);
  await leaveStaleSocket(path);
  await using daemon = await startControlled(temp.path);
  expect(await operate(temp.path, "overrides")).toEqual(NO_OVERRIDES);
  daemon.signal("SIGTERM");
  await daemon.exited;
  expect(readdirSync(temp.path).filter((name) => name.includes("control"))).toEqual([]);
});

/** Puts something in the way of the socket. @returns how it goes away */
const OBSTACLES: readonly (readonly [name: string, reason: RegExp, make: (path: string) => () => void])[] = [
  [
    "a directory",
    /exists and is not a socket/,
    (path) => {
      mkdirSync(path);
      return () => rmdirSync(path);
    },
  ],
  [
    "a file",
    /exists and is not a socket/,
    (path) => {
      writeFileSync(path, "precious");
      return () => rmSync(path);
    },
  ],
  [
    "a symbolic link",
    /exists and is not a socket/,
    (path) => {
      symlinkSync("/dev/null", path);
      return () => rmSync(path);
    },
  ],
  [
    "another server's socket",
    /another server listens on/,
    (path) => {
      const other = Bun.listen({ unix: path, socket: { data() {} } });
      return () => void other.stop(true);
    },
  ],
];

test.each(OBSTACLES)(
  "control socket: %s in its place is left alone, checks run, and the socket is opened later",
  async (_name, reason, make) => {
    await using temp = makeTempDir("ctl");
    const path = controlOf(temp.path);
    const remove = make(path);
    const { ino } = lstatSync(path);
    await using backend = acceptAll();
    await using daemon = await startControlled(temp.path);
    await using client = await connectClient(daemon.socketPath);
    client.update([tcpCheck(1, backend)]);
    await stateOf(client, 1, "healthy");
    const lines = () => daemon.log.filter((line) => /ERROR Control socket not open/.test(line));
    expect(lines().join()).toMatch(reason);
    expect(lstatSync(path).ino).toBe(ino);
    remove();
    await daemon.waitForLog(/Listening for operators/, WAIT_MS);
    expect(await operate(temp.path, "overrides")).toEqual(NO_OVERRIDES);
    // The reason is logged once, not at every attempt.
    expect(lines()).toHaveLength(1);
  },
);

test("control socket: a directory that is missing is made, one that cannot be is an error and no end", async () => {
  await using temp = makeTempDir("ctl");
  const file = join(temp.path, "file");
  writeFileSync(file, "");
  const start = (path: string) =>
    startDaemon({
      socketPath: join(temp.path, "proxy.sock"),
      config: `server: { proxy_socket: ${temp.path}/proxy.sock, control_socket: ${path} }\n`,
    });
  {
    await using _ = await start(`${temp.path}/a/b/control.sock`);
    expect(isSocket(`${temp.path}/a/b/control.sock`)).toBe(true);
  }
  await using daemon = await start(`${file}/control.sock`);
  expect(daemon.log.join("\n")).toMatch(
    /ERROR Control socket not open, .*error="make the directory .*: file already exists"/,
  );
});

test("control socket: a path that is too long is an error of the configuration", async () => {
  const config = `server: { control_socket: "/${"d".repeat(107)}" }`;
  await using daemon = await startDaemon({ config, args: ["--strict-config"], waitForSocket: false });
  expect(await daemon.exited).toBe(1);
  expect(daemon.log.join("\n")).toMatch(/server\.control_socket: .*at most 107 bytes/);
});

test.skipIf(!isRoot)(
  "control socket: another user is rejected by the mode, and also without it",
  async () => {
    await using temp = makeTempDir("ctl");
    const dir = temp.path;
    chmodSync(dir, 0o755);
    await using daemon = await startControlled(dir);
    const attempt = () => operateAs(AS_OTHER, dir, "pause", "--all", "--for", "1h", "--reason", "x");
    expect(await attempt()).toMatchObject({
      status: 1,
      err: expect.stringMatching(/permission denied; only the/),
    });
    chmodSync(controlOf(dir), 0o666);
    expect(await attempt()).toMatchObject({
      status: 1,
      err: expect.stringMatching(/^error: only the server's user and root give commands; \w+ is neither\n$/),
    });
    await daemon.waitForLog(/WARN Command of another user rejected user=\w+ uid=65534 pid=\d+/, WAIT_MS);
    expect(await operate(dir, "overrides")).toEqual(NO_OVERRIDES);
  },
);

test("control socket: hostile clients are cut off, the operator between them is served, and checks continue", async () => {
  await using temp = makeTempDir("ctl");
  const dir = temp.path;
  await using backend = acceptAll();
  await using daemon = await startControlled(dir);
  await using client = await connectClient(daemon.socketPath);
  client.update(times(50, (at) => tcpCheck(at + 1, backend)));
  await until(() => client.latest.size === 50, WAIT_MS, "every state");
  const mebibyte = "x".repeat(1_048_576);
  const deep = `{"command":"list","x":${"[".repeat(8_000)}${"]".repeat(8_000)}}\n`;
  const hostile = [
    ...times(2_000, () => raw(dir, '{"command":')),
    ...times(8, () => raw(dir, mebibyte)),
    ...times(8, () => raw(dir, deep)),
    ...times(8, () => raw(dir, Buffer.from([0x7b, 0xff, 0xfe, 0xc0, 0x80, 0x0a]))),
    ...times(8, () => raw(dir, '{"command":"set","id":1,"all":true,"action":"unhealthy"}\n')),
  ];
  const operator = operate(dir, "pause", "1", "--for", "1h", "--reason", "x");
  const answers = await Promise.all(hostile);
  expect(answers.filter((answer) => answer !== "" && !answer.startsWith('{"error":'))).toEqual([]);
  await operator;
  expect(await operate(dir, "pause", "2", "--for", "1h", "--reason", "x")).toMatchObject({ status: 0 });
  const before = (await requestStatus(client)).get("3")?.successes ?? 0;
  await until(
    async () => ((await requestStatus(client)).get("3")?.successes ?? 0) > before,
    WAIT_MS,
    "checks",
  );
  expect([...client.latest.values()].filter(({ state }) => state !== "healthy")).toEqual([]);
  expect(daemon.log.filter((line) => / ERROR /.test(line))).toEqual([]);
  await until(() => daemon.fdCount() < 100, WAIT_MS, "the end of every connection");
  expect(existsSync(controlOf(dir))).toBe(true);
});

test("control socket: a client that does not read its answer is cut off, and the next one is served", async () => {
  await using temp = makeTempDir("ctl");
  const dir = temp.path;
  await using daemon = await startControlled(dir);
  await using client = await connectClient(daemon.socketPath);
  await using backend = acceptAll();
  client.update(times(2_000, (at) => tcpCheck(at + 1, backend, { interval: "60s" })));
  await until(() => client.latest.size === 2_000, WAIT_MS, "every state");
  const reason = "r".repeat(200);
  expect(await operate(dir, "pause", "--all", "--for", "1h", "--reason", reason)).toMatchObject({
    status: 0,
  });
  await Promise.all(
    times(16, () =>
      Bun.connect({
        unix: controlOf(dir),
        socket: {
          open: (socket) => {
            socket.pause();
            socket.write('{"command":"list"}\n');
          },
          data() {},
        },
      }),
    ),
  );
  await until(async () => (await operate(dir, "overrides")).status === 0, 4 * WAIT_MS, "a served operator");
  const { out } = await operate(dir, "overrides", "--json");
  expect(JSON.parse(out).overrides).toHaveLength(2_000);
});
