/** The notification socket: where it is, and what gets there. Run by `bun test`. */
import { expect, test } from "bun:test";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { monotonicUs, NotifySocket, notifySettings } from "../../src/systemd/notify-socket.ts";
import { makeTempDir } from "../harness/base/tempdir.ts";
import { listenForNotifications } from "../harness/daemon/notify-socket.ts";

const none = () => expect.unreachable();

test("systemd: without NOTIFY_SOCKET nothing is sent, whatever else is set", () => {
  expect(notifySettings({}, 1)).toBeUndefined();
  expect(notifySettings({ NOTIFY_SOCKET: "", WATCHDOG_USEC: "1000000" }, 1)).toBeUndefined();
});

test.each([
  [{}, undefined],
  [{ WATCHDOG_USEC: "30000000" }, 30_000],
  [{ WATCHDOG_USEC: "30000000", WATCHDOG_PID: "77" }, 30_000],
  [{ WATCHDOG_USEC: "30000000", WATCHDOG_PID: "78" }, undefined],
  [{ WATCHDOG_USEC: "1500" }, 1.5],
  [{ WATCHDOG_USEC: "0" }, undefined],
  [{ WATCHDOG_USEC: "-1" }, undefined],
  [{ WATCHDOG_USEC: "30s" }, undefined],
  [{ WATCHDOG_USEC: "" }, undefined],
])("systemd: the watchdog of %j for process 77 is %p ms", (env, watchdogMs) => {
  expect(notifySettings({ NOTIFY_SOCKET: "@x", ...env }, 77)).toEqual({ address: "@x", watchdogMs });
});

test("systemd: a datagram arrives, at a path and at an abstract address", async () => {
  await using dir = makeTempDir("notify");
  for (const address of [join(dir.path, "notify"), `@healthcheck-test-${process.pid}`]) {
    using listener = listenForNotifications(address);
    const socket = new NotifySocket(address, none);
    expect(socket.send("READY=1\nSTATUS=ü")).toBe(true);
    listener.read();
    expect(listener.messages.map(({ text }) => text)).toEqual(["READY=1\nSTATUS=ü"]);
    socket.close();
  }
});

test("systemd: a full queue is no fault; what did not fit can be sent later", async () => {
  await using dir = makeTempDir("notify");
  using listener = listenForNotifications(join(dir.path, "notify"));
  listener.pause();
  const socket = new NotifySocket(listener.address, none);
  let sent = 0;
  // net.unix.max_dgram_qlen datagrams, and the bytes of the sender's buffer.
  while (sent < 100_000 && socket.send("WATCHDOG=1")) sent++;
  expect(sent).toBeGreaterThan(0);
  expect(sent).toBeLessThan(100_000);
  listener.read();
  expect(listener.messages.length).toBe(sent);
  expect(socket.send("READY=1")).toBe(true);
  socket.close();
});

test("systemd: a missing manager is logged, and one that has created its socket again is found", async () => {
  await using dir = makeTempDir("notify");
  const address = join(dir.path, "notify");
  const faults: string[] = [];
  const socket = new NotifySocket(address, (why) => faults.push(why));
  expect(socket.send("READY=1")).toBe(false);
  {
    using _former = listenForNotifications(address);
    expect(socket.send("READY=1")).toBe(true);
  }
  rmSync(address, { force: true });
  using listener = listenForNotifications(address);
  expect(socket.send("WATCHDOG=1")).toBe(true);
  listener.read();
  expect(listener.messages.map(({ text }) => text)).toEqual(["WATCHDOG=1"]);
  expect(faults).toEqual(["no such file or directory"]);
  socket.close();
});

test.each(["relative/path", "@", "vsock:2:1234", `/${"x".repeat(107)}`, `@${"x".repeat(108)}`])(
  "systemd: %p is not an address: that is logged once, and nothing waits for it",
  (address) => {
    const faults: string[] = [];
    const socket = new NotifySocket(address, (why) => faults.push(why));
    expect([socket.send("READY=1"), socket.send("WATCHDOG=1")]).toEqual([true, true]);
    expect(faults).toEqual(["not a path, not @ and a name, or too long"]);
  },
);

test("systemd: monotonic time is that of the machine, not of the process", () => {
  // Time since boot passes while the machine is suspended, CLOCK_MONOTONIC does not.
  const upUs = Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]) * 1e6;
  const first = monotonicUs();
  expect(Number(first)).toBeGreaterThan(performance.now() * 1e3 + 1e6);
  expect(Number(first)).toBeLessThan(upUs + 1e6);
  expect(monotonicUs()).toBeGreaterThanOrEqual(first);
});
