/** The path of the socket: another server's, a dead one's, or no socket at all. Run by `bun test`. */

import { expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { acceptAll } from "../harness/backends/backends.ts";
import { makeTempDir } from "../harness/base/tempdir.ts";
import { tcpCheck } from "../harness/client/checks.ts";
import { connectClient } from "../harness/client/client.ts";
import { notifications, stateOf } from "../harness/client/client-assertions.ts";
import { NO_REFRESH, startDaemon } from "../harness/daemon/daemon.ts";

setDefaultTimeout(30_000);

test("daemon: a second instance exits 1 as already running, and leaves the first alone", async () => {
  await using backend = acceptAll();
  await using first = await startDaemon({ config: NO_REFRESH });
  await using client = await connectClient(first.socketPath);
  client.update([tcpCheck(1, backend)]);
  await stateOf(client, 1, "healthy");
  const { ino } = statSync(first.socketPath);
  for (let start = 0; start < 2; start++) {
    await using second = await startDaemon({ socketPath: first.socketPath, waitForSocket: false });
    expect(await second.exited).toBe(1);
    expect(second.log.join("\n")).toContain(`already running: another server listens on ${first.socketPath}`);
  }
  expect(statSync(first.socketPath).ino).toBe(ino);
  const { length } = notifications(client);
  backend.down();
  await stateOf(client, 1, "unhealthy");
  expect(notifications(client).length).toBe(length + 1);
  // Only one client was ever seen, and it is still the one.
  expect(first.log.filter((line) => line.includes("Go proxy connected")).length).toBe(1);
  expect(client.lines.filter(({ type }) => type === "ready" || type === "error").length).toBe(1);
});

test("daemon: after kill -9 it starts again over the stale path", async () => {
  await using dir = makeTempDir("stale");
  await using backend = acceptAll();
  const socketPath = join(dir.path, "proxy.sock");
  {
    await using killed = await startDaemon({ socketPath });
    killed.signal("SIGKILL");
    expect(await killed.exited).toBe(137);
  }
  expect(statSync(socketPath).isSocket()).toBe(true);
  await using daemon = await startDaemon({ socketPath });
  await using client = await connectClient(daemon.socketPath);
  client.update([tcpCheck(1, backend)]);
  await stateOf(client, 1, "healthy");
});

test("daemon: something at the path that is not a socket is left untouched, exit 1", async () => {
  await using dir = makeTempDir("other");
  const file = join(dir.path, "file.sock");
  writeFileSync(file, "precious");
  const directory = join(dir.path, "dir.sock");
  mkdirSync(directory);
  for (const socketPath of [file, directory]) {
    await using daemon = await startDaemon({ socketPath, waitForSocket: false });
    expect(await daemon.exited).toBe(1);
    expect(daemon.log.join("\n")).toContain(`${socketPath}: path exists and is not a socket`);
  }
  expect(readFileSync(file, "utf8")).toBe("precious");
  expect(readdirSync(dir.path).sort()).toEqual(["dir.sock", "file.sock"]);
});

test("daemon: makes missing directories, and the socket with its mode", async () => {
  await using dir = makeTempDir("mode");
  const socketPath = join(dir.path, "a", "b", "proxy.sock");
  const server = `server: { proxy_socket: "${socketPath}", socket_mode: 0600 }`;
  await using daemon = await startDaemon({ socketPath, config: server });
  expect(statSync(daemon.socketPath).mode & 0o777).toBe(0o600);
  expect(statSync(dirname(socketPath)).isDirectory()).toBe(true);
  await using client = await connectClient(socketPath);
  await client.waitFor(({ type }) => type === "ready", 2_000);
});
