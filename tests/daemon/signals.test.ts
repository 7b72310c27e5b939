/** Signals: which end the daemon, which it answers with a line, and how early it can. Run by `bun test`. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { acceptAll } from "../harness/backends/backends.ts";
import { isCaught } from "../harness/base/process.ts";
import { until } from "../harness/base/wait.ts";
import { tcpCheck } from "../harness/client/checks.ts";
import { connectClient } from "../harness/client/client.ts";
import { stateOf } from "../harness/client/client-assertions.ts";
import { type Daemon, startDaemon } from "../harness/daemon/daemon.ts";

setDefaultTimeout(30_000);

const SIGHUP = 1;
const SIGRTMIN = 34;
const SIGRTMAX = 64;

/** Sends a signal as often as it can until the daemon runs, or has ended. */
async function signalUntilStarted(daemon: Daemon, signal: NodeJS.Signals): Promise<void> {
  let ended = false;
  void daemon.exited.then(() => {
    ended = true;
  });
  while (!ended && !daemon.log.some((line) => line.includes("server running"))) {
    daemon.signal(signal);
    await Bun.sleep(1);
  }
}

/** Ends the daemon, and proves that it was alive until then. */
async function stopped(daemon: Daemon): Promise<number> {
  daemon.signal("SIGTERM");
  return await daemon.exited;
}

test("signals: SIGUSR1 logs one line with the daemon's state, and nothing else happens", async () => {
  await using backend = acceptAll();
  await using daemon = await startDaemon();
  daemon.signal("SIGUSR1");
  const before = await daemon.waitForLog(/Server state/, 5_000);
  expect(before).toMatch(
    / INFO Server state healthchecks=0 unknown=0 healthy=0 unhealthy=0 provisional=0 in_flight=0 /,
  );
  expect(before).toMatch(
    / proxy_connected=false notification_depth=0 config_update_depth=0 proxy_message_depth=0 /,
  );
  await using client = await connectClient(daemon.socketPath);
  client.update([tcpCheck(1, backend), tcpCheck(2, { hostname: "127.0.0.1", port: 1 })]);
  await stateOf(client, 1, "healthy");
  await stateOf(client, 2, "unhealthy");
  daemon.signal("SIGUSR1");
  const after = await daemon.waitForLog(/Server state healthchecks=2/, 5_000);
  expect(after).toMatch(/ unknown=0 healthy=1 unhealthy=1 .* proxy_connected=true /);
  expect(daemon.log.filter((line) => line.includes("Server state")).length).toBe(2);
  expect(await stopped(daemon)).toBe(0);
});

test.each(["SIGUSR2", "SIGALRM", "SIGVTALRM", "SIGPROF", "SIGIO", "SIGXCPU"] as const)(
  "signals: %s is ignored, with one line",
  async (signal) => {
    await using daemon = await startDaemon();
    daemon.signal(signal);
    await daemon.waitForLog(new RegExp(` INFO Signal ignored signal=${signal}$`), 5_000);
    expect(daemon.log.filter((line) => line.includes("Signal ignored")).length).toBe(1);
    expect(await stopped(daemon)).toBe(0);
  },
);

test("signals: SIGPIPE, SIGXFSZ, SIGPWR, SIGSTKFLT and the real-time signals are ignored without a log line", async () => {
  await using daemon = await startDaemon();
  const lines = daemon.log.length;
  const numbers = Array.from({ length: SIGRTMAX - SIGRTMIN + 1 }, (_, n) => String(SIGRTMIN + n));
  for (const signal of ["PIPE", "XFSZ", "PWR", "STKFLT", ...numbers]) {
    expect(Bun.spawnSync(["kill", `-${signal}`, String(daemon.pid)]).exitCode).toBe(0);
  }
  daemon.signal("SIGUSR2");
  await daemon.waitForLog(/Signal ignored/, 5_000);
  expect(daemon.log.length).toBe(lines + 1);
  expect(await stopped(daemon)).toBe(0);
});

test("signals: SIGQUIT stops in good order, as SIGTERM does", async () => {
  await using daemon = await startDaemon();
  daemon.signal("SIGQUIT");
  expect(await daemon.exited).toBe(0);
  expect(daemon.log.some((line) => line.endsWith("Signal received signal=SIGQUIT"))).toBe(true);
  expect(daemon.log.at(-1)).toMatch(/Healthcheck server stopped$/);
});

test("signals: a thousand of them are a few lines, with the number of those left out", async () => {
  await using daemon = await startDaemon();
  for (let sent = 0; sent < 1_000; sent++) {
    daemon.signal("SIGUSR2");
    daemon.signal("SIGUSR1");
    // A pending signal is delivered once.
    if (sent % 20 === 0) await Bun.sleep(1);
  }
  await daemon.waitForLog(/left_out=\d+$/, 5_000);
  expect(daemon.log.filter((line) => /Signal ignored|Server state/.test(line)).length).toBeLessThan(40);
  expect(await stopped(daemon)).toBe(0);
});

test("signals: SIGHUP and SIGUSR1 from the first moment on are answered once the server runs", async () => {
  for (const signal of ["SIGHUP", "SIGUSR1"] as const) {
    await using daemon = await startDaemon({ waitForSocket: false });
    await until(() => isCaught(daemon.pid, SIGHUP), 10_000, "the handlers");
    await signalUntilStarted(daemon, signal);
    const answer = signal === "SIGHUP" ? /Reloading configuration/ : /Server state/;
    await daemon.waitForLog(answer, 5_000);
    expect(await stopped(daemon)).toBe(0);
    const at = (pattern: RegExp) => daemon.log.findIndex((line) => pattern.test(line));
    expect(at(answer)).toBeGreaterThan(at(/server running/));
  }
});

test("signals: a flood of SIGHUP is a few reloads, and SIGTERM still ends the server", async () => {
  await using daemon = await startDaemon();
  const flood = 'n=0; while [ $n -lt 20000 ]; do kill -HUP "$1" || exit 1; n=$((n+1)); done';
  expect(await Bun.spawn(["sh", "-c", flood, "sh", String(daemon.pid)]).exited).toBe(0);
  expect(await stopped(daemon)).toBe(0);
  const reloads = daemon.log.filter((line) => line.includes("Reloading configuration"));
  expect(reloads.length).toBeGreaterThan(0);
  expect(reloads.length).toBeLessThan(20_000);
});

test("signals: of a parent that ignores SIGHUP, none ends the server, from its very start on", async () => {
  const ignoring = ["sh", "-c", 'trap "" HUP; echo ignored; exec "$@"', "sh"];
  await using daemon = await startDaemon({ prefix: ignoring, waitForSocket: false });
  await daemon.waitForLog(/^ignored$/, 10_000);
  await signalUntilStarted(daemon, "SIGHUP");
  daemon.signal("SIGHUP");
  await daemon.waitForLog(/Reloading configuration/, 5_000);
  expect(await stopped(daemon)).toBe(0);
});

test("signals: SIGTERM during the start ends it with status 0", async () => {
  await using daemon = await startDaemon({ waitForSocket: false });
  await until(() => isCaught(daemon.pid, SIGHUP), 10_000, "the handlers");
  await until(() => isCaught(daemon.pid, 15), 10_000, "the handlers");
  daemon.signal("SIGTERM");
  expect(await daemon.exited).toBe(0);
});
