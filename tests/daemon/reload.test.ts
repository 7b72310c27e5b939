/** SIGHUP: the configuration file is read again while the checks continue. Run by `bun test`. */
// alone: measures time

import { expect, setDefaultTimeout, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { acceptAll, type Backend } from "../harness/backends/backends.ts";
import { until } from "../harness/base/wait.ts";
import { tcpCheck } from "../harness/client/checks.ts";
import { type Client, connectClient } from "../harness/client/client.ts";
import {
  nextNotification,
  notifications,
  requestStatus,
  resultWallMs,
} from "../harness/client/client-assertions.ts";
import { type Daemon, startDaemon } from "../harness/daemon/daemon.ts";

setDefaultTimeout(30_000);

/** Writes a new file and waits until the daemon has validated it. */
async function reload(daemon: Daemon, text: string): Promise<string[]> {
  const before = daemon.log.length;
  writeFileSync(
    join(daemon.dir, "config.yaml"),
    /^server:/m.test(text) ? text : `server:\n  proxy_socket: ${daemon.socketPath}\n${text}`,
  );
  daemon.signal("SIGHUP");
  const isReloaded = () =>
    daemon.log.slice(before).some((line) => /Configuration (loaded successfully|error)/.test(line));
  await until(isReloaded, 5_000, "the reload");
  // The changes are logged right behind; the next lines are of checks, or follow after a while.
  await Bun.sleep(50);
  return daemon.log.slice(before);
}

/** Flips the backend and measures from the result to the socket. */
async function latencyMs(client: Client, backend: Backend, up: boolean): Promise<number> {
  const { length } = notifications(client);
  if (up) backend.up();
  else backend.down();
  const wanted = up ? "healthy" : "unhealthy";
  const { status, wallMs } = await nextNotification(
    client,
    length,
    ({ status: { state } }) => state === wanted,
  );
  return wallMs - resultWallMs(status);
}

test("daemon: SIGHUP changes log level and batching; a bad file changes nothing", async () => {
  await using backend = acceptAll();
  await using daemon = await startDaemon({ config: "batching: { delay: 1s }" });
  await using client = await connectClient(daemon.socketPath);
  client.update([tcpCheck(1, backend, { interval: "50ms" })]);
  await nextNotification(client, 0, ({ id }) => id === "1");
  const debugLines = () => daemon.log.filter((line) => line.includes("DEBUG Check finished")).length;
  expect(await latencyMs(client, backend, false)).toBeGreaterThanOrEqual(950);
  expect(debugLines()).toBe(0);

  const changes = await reload(daemon, "batching: { delay: 1ms }\nlogging: { level: debug }\n");
  expect(changes.filter((line) => line.includes("Configuration changed key=")).length).toBe(2);
  expect(await latencyMs(client, backend, true)).toBeLessThan(500);
  await until(() => debugLines() >= 3, 5_000, "debug lines");

  const faults = await reload(daemon, "batching: { delay: 1h }\nlogging: { level: info }\n");
  expect(faults.join("\n")).toMatch(/config\.yaml:3:20: batching\.delay: .*1h/);
  expect(faults.join("\n")).toContain("nothing has changed");
  const before = debugLines();
  expect(await latencyMs(client, backend, false)).toBeLessThan(500);
  await until(() => debugLines() >= before + 3, 5_000, "more debug lines");

  // Keys that cannot change at run time are named, and the rest of the file takes effect.
  const moved = await reload(
    daemon,
    `server: { proxy_socket: /tmp/hc-moved.sock }\nlogging: { level: warn }\n`,
  );
  expect(moved.join("\n")).toMatch(/WARN Configuration changed, restart required key=server\.proxy_socket/);
  expect((await requestStatus(client)).get("1")?.state).toBe("unhealthy");
  // One connection and one monitor all along: nothing was started again.
  expect(client.lines.filter(({ type }) => type === "ready").length).toBe(1);
  expect(daemon.log.filter((line) => line.includes("Adding healthcheck")).length).toBe(1);
});
