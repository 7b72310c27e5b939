/** Notifications to a service manager, on a real notification socket. Run by `bun test`. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { monotonicUs, NotifySocket } from "../../src/systemd/notify-socket.ts";
import { acceptAll, closedPort } from "../harness/backends/backends.ts";
import { printFigure } from "../harness/base/figures.ts";
import { makeTempDir } from "../harness/base/tempdir.ts";
import { until } from "../harness/base/wait.ts";
import { tcpCheck } from "../harness/client/checks.ts";
import { connectClient } from "../harness/client/client.ts";
import { stateOf } from "../harness/client/client-assertions.ts";
import { type Daemon, type DaemonOptions, startDaemon } from "../harness/daemon/daemon.ts";
import {
  listenAbstract,
  listenForNotifications,
  type NotifyListener,
} from "../harness/daemon/notify-socket.ts";
import { canUnshare, inMountNamespace } from "../harness/machines/namespace.ts";

setDefaultTimeout(40_000);

const WATCHDOG_MS = 1_000;
const FEED_MS = WATCHDOG_MS / 2;
const WATCHDOG = { WATCHDOG_USEC: String(WATCHDOG_MS * 1_000) };

function start(listener: NotifyListener, options: DaemonOptions = {}): Promise<Daemon> {
  return startDaemon({ ...options, env: { NOTIFY_SOCKET: listener.address, ...options.env } });
}

test.each(["a path", "an abstract address"])(
  "systemd: READY=1 comes to %s, first of all, when the socket can be connected to",
  async (kind) => {
    await using dir = makeTempDir("notify");
    using listener = kind === "a path" ? listenForNotifications(join(dir.path, "notify")) : listenAbstract();
    await using daemon = await start(listener, { waitForSocket: false });
    const ready = await listener.waitFor("READY=1", 10_000);
    await using client = await connectClient(daemon.socketPath);
    await client.waitFor(({ type }) => type === "ready", 5_000);
    expect(listener.messages[0]).toBe(ready);
    await listener.waitFor("STATUS=0 healthy, 0 unhealthy, 0 unknown; client connected", 20_000);
    // No watchdog is set.
    expect(listener.times("WATCHDOG=1")).toEqual([]);
  },
);

test("systemd: a start that fails is never called ready", async () => {
  await using dir = makeTempDir("notify");
  using listener = listenAbstract();
  const socketPath = join(dir.path, "not-a-socket");
  writeFileSync(socketPath, "");
  const starts: [DaemonOptions, RegExp][] = [
    [{ socketPath }, /^listen on .*\/not-a-socket: path exists and is not a socket$/],
    [{ args: ["--checks", join(dir.path, "none.yaml")] }, /none\.yaml/],
    [
      { config: "batching: { max_size: 0 }\n", args: ["--strict-config"] },
      /config\.yaml:\d+:\d+: batching\.max_size: 0 /,
    ],
  ];
  for (const [options, why] of starts) {
    const { length } = listener.messages;
    await using daemon = await start(listener, { ...options, env: WATCHDOG, waitForSocket: false });
    expect(await daemon.exited).toBe(1);
    expect(daemon.log.at(-1)).toMatch(/ ERROR (Cannot start|Configuration error)/);
    listener.read();
    // Nothing but the reason, which `systemctl status` shows between the tries.
    const said = listener.messages
      .slice(length)
      .map(({ text }) => /^STATUS=cannot start: (.*)$/.exec(text)?.[1]);
    expect(said).toEqual([expect.stringMatching(why)]);
  }
});

test("systemd: the status reports a rejected configuration file, with its first error, until a valid one is loaded", async () => {
  using listener = listenAbstract();
  await using daemon = await start(listener);
  const reload = (text: string, status: RegExp) => {
    const { length } = listener.messages;
    writeFileSync(join(daemon.dir, "config.yaml"), `server: { proxy_socket: ${daemon.socketPath} }\n${text}`);
    daemon.signal("SIGHUP");
    return listener.waitFor(status, 10_000, length);
  };
  await listener.waitFor(/^STATUS=.*; no client connected$/, 10_000);
  const kept =
    /no client connected; not reloaded, the former one is in effect: \S+config\.yaml:2:\d+: batching\.delay: /;
  await reload("batching: { delay: 0s, max_size: 0 }\n", kept);
  await reload("batching: { delay: 20ms }\n", /^STATUS=.*; no client connected$/);
});

test.skipIf(!canUnshare())(
  "systemd: the status says that it runs on the defaults, and why (needs root)",
  async () => {
    using listener = listenAbstract();
    await using _daemon = await start(listener, {
      config: "batching: { max_size: 0 }\n",
      prefix: inMountNamespace('mount -t tmpfs tmpfs "$(readlink -f /var/run)"'),
    });
    const why = /^STATUS=.*; running on the defaults: \S+config\.yaml:3:\d+: batching\.max_size: 0 /;
    await listener.waitFor(why, 10_000);
  },
);

test("systemd: the status reports a checks file that was not reloaded", async () => {
  using listener = listenAbstract();
  await using daemon = await start(listener, {
    files: { "checks.yaml": "healthchecks: []\n" },
    args: ["--checks", "checks.yaml"],
    waitForSocket: false,
  });
  await listener.waitFor(/^STATUS=.*; checks from a file$/, 10_000);
  writeFileSync(join(daemon.dir, "checks.yaml"), "healthchecks: [\n");
  daemon.signal("SIGHUP");
  await listener.waitFor(
    /checks from a file; not reloaded, the former one is in effect: .*checks\.yaml/,
    10_000,
  );
});

test("systemd: the status reports a lost socket that cannot be created again", async () => {
  await using dir = makeTempDir("gone");
  using listener = listenAbstract();
  const socketPath = join(dir.path, "directory", "proxy.sock");
  await using _daemon = await start(listener, { socketPath });
  await listener.waitFor(/^STATUS=/, 10_000);
  rmSync(join(dir.path, "directory"), { recursive: true });
  writeFileSync(join(dir.path, "directory"), "in its place");
  await listener.waitFor(/; the proxy socket is missing or was replaced by another process$/, 10_000);
  rmSync(join(dir.path, "directory"));
  await listener.waitFor(/^STATUS=.*; no client connected$/, 10_000, listener.messages.length);
});

test("systemd: READY=1 is not lost in a queue that is full for the moment", async () => {
  using listener = listenAbstract();
  listener.pause();
  const crowd = new NotifySocket(listener.address, () => expect.unreachable());
  while (crowd.send("STATUS=another process"));
  crowd.close();
  await using daemon = await start(listener, { env: WATCHDOG });
  listener.read();
  await listener.waitFor("WATCHDOG=1", 10_000);
  const own = listener.messages.filter(({ text }) => text !== "STATUS=another process");
  expect(own[0]?.text).toBe("READY=1");
  expect(own[1]?.text).toContain("STATUS=0 healthy");
  expect(daemon.log.filter((line) => line.includes("Cannot notify systemd"))).toEqual([]);
});

test("systemd: SIGHUP is RELOADING=1 with its time and then READY=1, also when the file is invalid", async () => {
  using listener = listenAbstract();
  await using daemon = await start(listener);
  await listener.waitFor(/^STATUS=/, 5_000);
  for (const text of ["logging: { level: debug }\n", "logging: { level: none }\n", "batching: [\n"]) {
    writeFileSync(join(daemon.dir, "config.yaml"), `server: { proxy_socket: ${daemon.socketPath} }\n${text}`);
    const { length } = listener.messages;
    const beforeUs = monotonicUs();
    daemon.signal("SIGHUP");
    await listener.waitFor("READY=1", 5_000, length);
    const changes = listener.messages.slice(length).map((entry) => entry.text);
    const [first, second, ...others] = changes.filter((words) => !words.startsWith("STATUS="));
    expect(second).toBe("READY=1");
    expect(others).toEqual([]);
    const [, us = ""] = /^RELOADING=1\nMONOTONIC_USEC=([0-9]+)$/.exec(first ?? "") ?? [];
    expect(BigInt(us)).toBeGreaterThanOrEqual(beforeUs);
    expect(BigInt(us)).toBeLessThanOrEqual(monotonicUs());
  }
  const refused = () => daemon.log.filter((line) => line.includes("nothing has changed")).length;
  await until(() => refused() === 2, 5_000, "two invalid files");
});

test("systemd: the status has the totals and the client, and is sent only when it changes", async () => {
  using listener = listenAbstract();
  await using backend = acceptAll();
  await using closed = closedPort();
  await using daemon = await start(listener);
  {
    await using client = await connectClient(daemon.socketPath);
    const slow = { interval: "50ms" };
    client.update([tcpCheck(1, backend, slow), tcpCheck(2, backend, slow), tcpCheck(3, closed, slow)]);
    await listener.waitFor("STATUS=2 healthy, 1 unhealthy, 0 unknown; client connected", 10_000);
    const { length } = listener.messages;
    await Bun.sleep(2_500);
    expect(listener.messages.slice(length)).toEqual([]);
    backend.down();
    await listener.waitFor("STATUS=0 healthy, 3 unhealthy, 0 unknown; client connected", 10_000);
  }
  await listener.waitFor("STATUS=0 healthy, 3 unhealthy, 0 unknown; no client connected", 10_000);
});

test.each(["SIGTERM", "SIGINT", "shutdown"] as const)(
  "systemd: %s is STOPPING=1, and nothing takes that back",
  async (how) => {
    using listener = listenAbstract();
    await using daemon = await start(listener);
    await using client = await connectClient(daemon.socketPath);
    if (how === "shutdown") client.send({ type: "shutdown" });
    else daemon.signal(how);
    expect(await daemon.exited).toBe(0);
    listener.read();
    const states = listener.messages.map(({ text }) => text).filter((text) => !text.startsWith("STATUS="));
    expect(states).toEqual(["READY=1", "STOPPING=1"]);
  },
);

test("systemd: STOPPING=1 comes before what is pending is flushed, and a reload takes nothing of it back", async () => {
  using listener = listenAbstract();
  await using daemon = await start(listener, { env: WATCHDOG });
  await using client = await connectClient(daemon.socketPath);
  // An answer that does not fit into the socket: the flush waits for a client that does not read.
  await using closed = closedPort();
  client.update(Array.from({ length: 2_000 }, (_, id) => tcpCheck(id, closed, { interval: "60s" })));
  await until(() => client.latest.size === 2_000, 30_000, "2,000 states");
  client.pause();
  for (let asked = 0; asked < 20; asked++) client.send({ type: "request_status" });
  await Bun.sleep(200);
  daemon.signal("SIGTERM");
  const { atMs } = await listener.waitFor("STOPPING=1", 5_000);
  daemon.signal("SIGHUP");
  // The flush is under way, or the message would not have been received.
  await daemon.waitForLog(/Reloading configuration/, 5_000);
  await listener.waitFor(/^STATUS=stopping; 0 healthy, 2000 unhealthy/, 5_000);
  expect(await daemon.exited).toBe(0);
  printFigure("from STOPPING=1 to the end", performance.now() - atMs, "ms");
  listener.read();
  const later = listener.messages.slice(listener.messages.findIndex(({ text }) => text === "STOPPING=1") + 1);
  expect(later.filter(({ text }) => /READY|RELOADING/.test(text))).toEqual([]);
});

/** Returns the number of open Unix datagram sockets of a process. */
function datagramSockets(pid: number): number {
  const links = readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
  return readFileSync("/proc/net/unix", "utf8")
    .split("\n")
    .map((line) => line.split(/\s+/))
    .filter(([, , , , type, , inode]) => type === "0002" && links.includes(`socket:[${inode}]`)).length;
}

test("systemd: without NOTIFY_SOCKET no notification is sent", async () => {
  await using daemon = await startDaemon({ env: WATCHDOG });
  expect(datagramSockets(daemon.pid)).toBe(0);
  using listener = listenAbstract();
  await using supervised = await start(listener);
  expect(datagramSockets(supervised.pid)).toBe(1);
});

test("systemd: a service manager that cannot be reached is one warning and nothing else", async () => {
  await using backend = acceptAll();
  for (const NOTIFY_SOCKET of ["/nonexistent/notify", "nonsense"]) {
    await using daemon = await startDaemon({ env: { NOTIFY_SOCKET, ...WATCHDOG } });
    await using client = await connectClient(daemon.socketPath);
    client.update([tcpCheck(1, backend)]);
    await stateOf(client, 1, "healthy");
    await Bun.sleep(3 * FEED_MS);
    daemon.signal("SIGHUP");
    await daemon.waitForLog(/Configuration loaded successfully/, 5_000);
    daemon.signal("SIGTERM");
    expect(await daemon.exited).toBe(0);
    const warnings = daemon.log.filter((line) => line.includes("Cannot notify systemd"));
    expect(warnings.length).toBe(1);
    const words = ` WARN Cannot notify systemd socket=${NOTIFY_SOCKET} error=`;
    expect(warnings[0]).toContain(words);
  }
});
