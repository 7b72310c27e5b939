/** The socket's path while the daemon runs: deleted with its directory, taken by a file, a directory, a link. Run by `bun test`. */
import { expect, setDefaultTimeout, test } from "bun:test";
import {
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { acceptAll } from "../harness/backends/backends.ts";
import { freePort } from "../harness/base/ports.ts";
import { makeTempDir } from "../harness/base/tempdir.ts";
import { until } from "../harness/base/wait.ts";
import { tcpCheck } from "../harness/client/checks.ts";
import { connectClient } from "../harness/client/client.ts";
import { stateOf } from "../harness/client/client-assertions.ts";
import { startDaemon } from "../harness/daemon/daemon.ts";
import { metricsConfig, sampleOf, scrape } from "../harness/daemon/metrics.ts";

setDefaultTimeout(30_000);

const OFTEN = "manager: { monitor_interval: 20ms }\n";
const SOCKET_LOST = /Proxy socket lost, clients cannot connect; retrying/;

/** Intruders in the place of the socket: how each is made, seen to be untouched, and removed again. */
const FOREIGN: Readonly<
  Record<string, { put(path: string): void; intact(path: string): boolean; take(path: string): void }>
> = {
  "a file": {
    put: (path) => writeFileSync(path, "precious"),
    intact: (path) => readFileSync(path, "utf8") === "precious",
    take: unlinkSync,
  },
  "a directory": {
    put: (path) => {
      mkdirSync(path);
      writeFileSync(join(path, "precious"), "");
    },
    intact: (path) => lstatSync(join(path, "precious")).isFile(),
    take: (path) => rmSync(path, { recursive: true }),
  },
  "a link to nowhere": {
    put: (path) => symlinkSync("/nonexistent/precious", path),
    intact: (path) => readlinkSync(path) === "/nonexistent/precious",
    take: unlinkSync,
  },
  "a file in place of its directory": {
    put: (path) => {
      rmdirSync(dirname(path));
      writeFileSync(dirname(path), "precious");
    },
    intact: (path) => readFileSync(dirname(path), "utf8") === "precious",
    take: (path) => unlinkSync(dirname(path)),
  },
};

test("host: a file that replaces the socket is left alone and logged once, and the path is reclaimed when it is free", async () => {
  await using backend = acceptAll();
  await using dir = makeTempDir("place");
  const socketPath = join(dir.path, "run", "proxy.sock");
  const port = freePort();
  const config = `server: { proxy_socket: "${socketPath}", socket_mode: 0600 }\n${OFTEN}${metricsConfig(port)}`;
  await using daemon = await startDaemon({ config, socketPath });
  await using client = await connectClient(socketPath);
  client.update([tcpCheck(1, backend, { interval: "50ms", handshake: "full" })]);
  await stateOf(client, 1, "healthy");
  const readiness = async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).status;
  const warnings = () => daemon.log.filter((line) => SOCKET_LOST.test(line)).length;
  for (const [what, { put, intact, take }] of Object.entries(FOREIGN)) {
    const before = warnings();
    unlinkSync(socketPath);
    put(socketPath);
    await until(() => warnings() > before, 5_000, `a warning about ${what}`);
    expect([what, await readiness()]).toEqual([what, 503]);
    const { connections } = backend;
    await until(() => backend.connections >= connections + 5, 5_000, "five more checks");
    // Many looks later it is still there, and nothing more was said.
    expect([what, intact(socketPath), warnings() - before]).toEqual([what, true, 1]);
    take(socketPath);
    await until(async () => (await readiness()) === 200, 5_000, `the socket to be back after ${what}`);
    expect(lstatSync(socketPath).mode & 0o777).toBe(0o600);
    await using other = await connectClient(socketPath);
    other.update([tcpCheck(1, backend, { interval: "50ms", handshake: "full" })]);
    expect((await stateOf(other, 1, "healthy")).failures).toBe(0);
  }
  const samples = await scrape(port);
  expect(sampleOf(samples, 'healthcheck_errors_total{type="socket_io"}')).toBe(Object.keys(FOREIGN).length);
  expect(daemon.log.filter((line) => line.includes("Adding healthcheck")).length).toBe(1);
});

test("host: the socket's directory is deleted: the client continues, and a new one can connect soon", async () => {
  await using backend = acceptAll();
  await using dir = makeTempDir("dir");
  const socketPath = join(dir.path, "a", "b", "proxy.sock");
  await using daemon = await startDaemon({
    socketPath,
    config: `server: { proxy_socket: "${socketPath}" }\n${OFTEN}`,
  });
  await using client = await connectClient(socketPath);
  client.update([tcpCheck(1, backend, { interval: "50ms", handshake: "full" })]);
  await stateOf(client, 1, "healthy");
  for (let round = 0; round < 3; round++) {
    const { ino } = lstatSync(socketPath);
    rmSync(join(dir.path, "a"), { recursive: true });
    const again = () => lstatSync(socketPath, { throwIfNoEntry: false });
    await until(() => again()?.isSocket() === true, 5_000, "the socket");
    expect([round, ino > 0]).toEqual([round, true]);
  }
  // The connection of before has seen nothing of it.
  backend.down();
  await stateOf(client, 1, "unhealthy");
  backend.up();
  await stateOf(client, 1, "healthy");
  await using other = await connectClient(socketPath);
  await other.waitFor(({ type }) => type === "ready", 5_000);
  await client.closed;
  expect(daemon.log.filter((line) => SOCKET_LOST.test(line))).toEqual([]);
});

test("host: a socket of another server in our place is not removed, neither on looking after it nor at the end", async () => {
  await using dir = makeTempDir("rival");
  const socketPath = join(dir.path, "proxy.sock");
  await using daemon = await startDaemon({
    socketPath,
    config: `server: { proxy_socket: "${socketPath}" }\n${OFTEN}`,
  });
  // Made beside it and moved, so that there is no moment in which the path is free.
  const rival = Bun.listen({ unix: `${socketPath}.rival`, socket: { data() {} } });
  renameSync(`${socketPath}.rival`, socketPath);
  await daemon.waitForLog(
    /clients cannot connect; retrying .*already running: another server listens on/,
    5_000,
  );
  const { ino } = lstatSync(socketPath);
  daemon.signal("SIGTERM");
  expect(await daemon.exited).toBe(0);
  expect(lstatSync(socketPath).ino).toBe(ino);
  rival.stop(true);
});
