/**
 * The proxy socket: who may connect is decided by its mode and owner alone, from its first moment on; and whatever else is at its path
 * is neither followed nor touched. Run by `bun test`.
 */

import { expect, setDefaultTimeout, test } from "bun:test";
import {
  chmodSync,
  lstatSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { makeTempDir, type TempDir } from "../harness/base/tempdir.ts";
import { connectClient } from "../harness/client/client.ts";
import { type Daemon, startDaemon } from "../harness/daemon/daemon.ts";

setDefaultTimeout(30_000);

/** An unprivileged user and group of Debian; any other would do. */
const OTHER_ID = 65_534;
const AS_OTHER_USER = ["setpriv", `--reuid=${OTHER_ID}`, `--regid=${OTHER_ID}`, "--clear-groups"];
const isRoot = process.getuid?.() === 0 && Bun.which("setpriv") !== null;
const PRECIOUS = "precious";

const modeOf = (path: string) => lstatSync(path).mode & 0o7777;

/** Starts a daemon on a path, with a mode, under a umask; does not wait. */
function startOn(socketPath: string, mode: string, umask = "022"): Promise<Daemon> {
  return startDaemon({
    socketPath,
    config: `server: { proxy_socket: ${JSON.stringify(socketPath)}, socket_mode: "${mode}", socket_mode_allow_others: true }`,
    prefix: ["sh", "-c", `umask ${umask} && exec "$0" "$@"`],
    waitForSocket: false,
  });
}

/** Every mode that a path is seen with until the daemon runs. */
async function modesSeen(daemon: Daemon): Promise<ReadonlySet<number>> {
  const seen = new Set<number>();
  const running = () => daemon.log.some((line) => line.includes("All tasks spawned"));
  for (const endMs = performance.now() + 10_000; performance.now() < endMs && !running(); ) {
    // As often as it goes: what is looked for would last some microseconds.
    for (let look = 0; look < 200; look++) {
      const stat = lstatSync(daemon.socketPath, { throwIfNoEntry: false });
      if (stat !== undefined) seen.add(stat.mode & 0o7777);
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  return seen;
}

test.each([
  ["0600", "000"],
  ["0660", "000"],
  ["0660", "077"],
  ["0666", "077"],
  ["0777", "777"],
  ["0700", "000"],
])("security: the socket has mode %s under a umask of %s, and never another", async (mode, umask) => {
  await using dir = makeTempDir("sec");
  await using daemon = await startOn(join(dir.path, "proxy.sock"), mode, umask);
  const seen = await modesSeen(daemon);
  expect([...seen]).toEqual([Number.parseInt(mode, 8)]);
});

test("security: a socket that is made again has its mode again", async () => {
  await using dir = makeTempDir("sec");
  await using daemon = await startOn(join(dir.path, "proxy.sock"), "0600", "000");
  await modesSeen(daemon);
  rmSync(daemon.socketPath);
  await daemon.waitForLog(/Proxy socket lost, listening again/, 10_000);
  expect(modeOf(daemon.socketPath)).toBe(0o600);
});

/** Makers of foreign files at a path; the function that each returns reads the file again, for comparison. */
const FOREIGN: readonly (readonly [name: string, make: (dir: TempDir, path: string) => () => unknown])[] = [
  [
    "a file",
    (_dir, path) => {
      writeFileSync(path, PRECIOUS, { mode: 0o640 });
      return () => [readFileSync(path, "utf8"), modeOf(path)];
    },
  ],
  [
    "a link to a file",
    (dir, path) => {
      const target = join(dir.path, "target");
      writeFileSync(target, PRECIOUS, { mode: 0o640 });
      symlinkSync(target, path);
      return () => [readlinkSync(path), readFileSync(target, "utf8"), modeOf(target)];
    },
  ],
  [
    "a link to nothing",
    (dir, path) => {
      const target = join(dir.path, "nothing");
      symlinkSync(target, path);
      return () => [readlinkSync(path), lstatSync(target, { throwIfNoEntry: false }) === undefined];
    },
  ],
  [
    "a link to a live socket",
    (dir, path) => {
      const target = join(dir.path, "other.sock");
      Bun.listen({ unix: target, socket: { data() {} } }).unref();
      chmodSync(target, 0o640);
      symlinkSync(target, path);
      return () => [readlinkSync(path), lstatSync(target).ino, modeOf(target)];
    },
  ],
  [
    "a link to a dead socket",
    (dir, path) => {
      const target = join(dir.path, "dead.sock");
      const script = `Bun.listen({ unix: ${JSON.stringify(target)}, socket: { data() {} } }); process.kill(process.pid, "SIGKILL");`;
      Bun.spawnSync([process.execPath, "-e", script]);
      symlinkSync(target, path);
      return () => [readlinkSync(path), lstatSync(target).ino, modeOf(target)];
    },
  ],
  [
    "a pipe",
    (_dir, path) => {
      Bun.spawnSync(["mkfifo", "-m", "640", path]);
      return () => [lstatSync(path).isFIFO(), lstatSync(path).ino, modeOf(path)];
    },
  ],
];

test.each(FOREIGN)(
  "security: %s at the socket's path is neither followed nor touched, exit 1",
  async (_name, make) => {
    await using dir = makeTempDir("sec");
    const path = join(dir.path, "proxy.sock");
    const look = make(dir, path);
    const before = look();
    await using daemon = await startOn(path, "0666");
    expect(await daemon.exited).toBe(1);
    expect(daemon.log.join("\n")).toContain(`listen on ${path}: path exists and is not a socket`);
    expect(look()).toEqual(before);
  },
);

test("security: a file that replaces the socket of the running server is left alone, also when it stops", async () => {
  await using dir = makeTempDir("sec");
  const target = join(dir.path, "target");
  writeFileSync(target, PRECIOUS, { mode: 0o640 });
  await using daemon = await startOn(join(dir.path, "proxy.sock"), "0666");
  await modesSeen(daemon);
  // In one step: there is no moment in which nothing is there.
  symlinkSync(target, join(dir.path, "link"));
  Bun.spawnSync(["mv", "-T", join(dir.path, "link"), daemon.socketPath]);
  await daemon.waitForLog(/path exists and is not a socket/, 10_000);
  daemon.signal("SIGTERM");
  expect(await daemon.exited).toBe(0);
  expect(readlinkSync(daemon.socketPath)).toBe(target);
  expect([readFileSync(target, "utf8"), modeOf(target)]).toEqual([PRECIOUS, 0o640]);
});

/** The configuration file lies where the user cannot read it, and is found by the environment: the daemon's own directory is root's. */
function startAsNobody(dir: TempDir, socketPath: string, waitForSocket: boolean): Promise<Daemon> {
  const file = join(dir.path, "config.yaml");
  writeFileSync(file, `server: { proxy_socket: ${JSON.stringify(socketPath)}, socket_mode: "0660" }`);
  return startDaemon({
    socketPath,
    prefix: [...AS_OTHER_USER, "sh", "-c", 'exec "$0"'],
    env: { HEALTHCHECK_CONFIG: file },
    waitForSocket,
  });
}

/** Reports whether another user gets a first line from the socket. */
function strangerConnects(path: string): boolean {
  const script = `const s = await Bun.connect({ unix: ${JSON.stringify(path)}, socket: { data: () => process.exit(0) } });`;
  const run = Bun.spawnSync([...AS_OTHER_USER, process.execPath, "-e", script], { timeout: 5_000, cwd: "/" });
  return run.exitCode === 0;
}

test.skipIf(!isRoot)("security: another user connects only where the mode admits others", async () => {
  for (const [mode, admitted] of [
    ["0660", false],
    ["0600", false],
    ["0666", true],
  ] as const) {
    await using dir = makeTempDir("sec");
    chmodSync(dir.path, 0o755);
    await using daemon = await startOn(join(dir.path, "proxy.sock"), mode);
    await modesSeen(daemon);
    expect([mode, strangerConnects(daemon.socketPath)]).toEqual([mode, admitted]);
    if (admitted) await daemon.waitForLog(/Go proxy connected/, 5_000);
    else expect(daemon.log.join("\n")).not.toContain("Go proxy connected");
  }
});

test.skipIf(!isRoot)(
  "security: the socket belongs to the user and group that the server runs as",
  async () => {
    await using dir = makeTempDir("sec");
    chmodSync(dir.path, 0o777);
    const socketPath = join(dir.path, "proxy.sock");
    await using daemon = await startAsNobody(dir, socketPath, true);
    const { uid, gid } = lstatSync(socketPath);
    expect([uid, gid, modeOf(socketPath)]).toEqual([OTHER_ID, OTHER_ID, 0o660]);
    await using client = await connectClient(socketPath);
    await client.waitFor(({ type }) => type === "ready", 5_000);
    expect(daemon.log.join("\n")).not.toContain("ERROR");
  },
);

test.skipIf(!isRoot)(
  "security: a server without rights leaves another user's dead socket alone, and says why",
  async () => {
    await using dir = makeTempDir("sec");
    chmodSync(dir.path, 0o1777);
    const socketPath = join(dir.path, "proxy.sock");
    const script = `process.umask(0o117); Bun.listen({ unix: ${JSON.stringify(socketPath)}, socket: { data() {} } }); process.kill(process.pid, "SIGKILL");`;
    Bun.spawnSync([process.execPath, "-e", script]);
    const { ino } = lstatSync(socketPath);
    await using daemon = await startAsNobody(dir, socketPath, false);
    expect(await daemon.exited).toBe(1);
    expect(daemon.log.join("\n")).toContain(`probe socket ${socketPath}: permission denied`);
    expect(lstatSync(socketPath).ino).toBe(ino);
  },
);
