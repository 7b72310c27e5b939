/** The executable in the place of Google's health checker: started by Seesaw's watchdog, under its name, with its flags. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { acceptAll, closedPort } from "../harness/backends/backends.ts";
import { peerTest, rootTest } from "../harness/base/peers.ts";
import { isCaught } from "../harness/base/process.ts";
import { makeTempDir } from "../harness/base/tempdir.ts";
import { until } from "../harness/base/wait.ts";
import { startDaemon } from "../harness/daemon/daemon.ts";
import { daemonPath } from "../harness/daemon/executable.ts";
import { startByWatchdog } from "../harness/daemon/watchdog.ts";
import { type EngineCheck, type GoEngine, startGoEngine } from "../harness/engine/goengine.ts";

setDefaultTimeout(120_000);

/** For events that take seconds on an idle machine. */
const WAIT_MS = 40_000;
const SIGUSR1 = 10;
const STARTED = /All tasks spawned, server running/;

function tcp(id: number, { port }: { readonly port: number }): EngineCheck {
  return {
    id: String(id),
    interval_ns: 1e9,
    timeout_ns: 5e8,
    type: "TCPChecker",
    checker: { IP: "127.0.0.1", Port: port, Proto: 6 },
  };
}

const reports = (engine: GoEngine) => engine.events.flatMap(({ notifications = [] }) => notifications);

/** The states that the engine has received of each healthcheck, without repetitions. */
function states(engine: GoEngine): Record<string, number[]> {
  const found: Record<string, number[]> = {};
  for (const { id, state } of reports(engine)) found[id] = [...new Set([...(found[id] ?? []), state])];
  return found;
}

/** Lines of /proc/PID/FILE, or of one that separates them by NUL. */
const procFile = (pid: number, file: string) =>
  readFileSync(`/proc/${pid}/${file}`, "latin1").split(/[\n\0]/);

for (const [umask, cwd] of [
  ["0", "/"],
  ["077", "/proc"],
] as const) {
  rootTest(
    `seesaw_healthcheck: started by the stock watchdog, with umask ${umask} in ${cwd}, it checks and reports`,
    ["go", "bash", "unshare"],
    async () => {
      await using dir = makeTempDir("watchdog");
      await using up = acceptAll();
      await using down = closedPort();
      await using engine = await startGoEngine(join(dir.path, "engine.sock"));
      await engine.command({ checks: [tcp(1, up), tcp(2, down)] });
      await using watched = startByWatchdog({
        args: ["-log_dir=/var/log/seesaw"],
        umask,
        cwd,
        engineDirectory: dir.path,
      });
      await until(() => isCaught(watched.pid, SIGUSR1), WAIT_MS, "the handlers");
      watched.signal("SIGUSR1");
      await watched.waitForLog(/ INFO Server state /, WAIT_MS);
      await watched.waitForLog(STARTED, WAIT_MS);
      expect(procFile(watched.pid, "cmdline")).toEqual([
        "seesaw_healthcheck",
        "-log_dir=/var/log/seesaw",
        "",
      ]);
      expect(procFile(watched.pid, "environ")).toEqual([""]);
      expect(procFile(watched.pid, "limits").find((line) => line.startsWith("Max open files"))).toMatch(
        / 8192 +8192 /,
      );
      await until(() => Object.keys(states(engine)).length === 2, WAIT_MS, "both states");
      watched.signal("SIGUSR1");
      await watched.waitForLog(/ INFO Server state healthchecks=2 unknown=0 healthy=1 unhealthy=1 /, WAIT_MS);
      watched.signal("SIGTERM");
      expect(await watched.exited).toBe(0);
      expect(states(engine)).toEqual({ "1": [2], "2": [1] });
      expect(watched.log.filter((line) => line.includes("Flag has no effect"))).toEqual([
        expect.stringContaining(" INFO Flag has no effect flag=-log_dir reason="),
      ]);
      expect(watched.log.filter((line) => / (WARN|ERROR) /.test(line))).toEqual([]);
      expect(watched.out).toEqual([]);
    },
    120_000,
  );
}

peerTest("seesaw_healthcheck: its name counts, however the executable comes by it", ["bash"], async () => {
  await using dir = makeTempDir("watchdog");
  const link = join(dir.path, "seesaw_healthcheck");
  symlinkSync(daemonPath(), link);
  const copy = join(dir.path, "copy", "seesaw_healthcheck");
  await Bun.write(copy, Bun.file(daemonPath()));
  Bun.spawnSync(["chmod", "755", copy]);
  for (const start of [
    { executable: link, argv0: link },
    { executable: copy, argv0: "copy/seesaw_healthcheck" },
    { argv0: "seesaw_healthcheck" },
    // Another name, with the flags.
    { argv0: "healthcheck-server", args: ["-log_dir=/var/log/seesaw"] },
  ]) {
    await using watched = startByWatchdog({ args: [], ...start });
    // Without an engine, which is waited for.
    await watched.waitForLog(/Cannot fetch healthchecks from the engine/, WAIT_MS);
    watched.signal("SIGTERM");
    expect(await watched.exited).toBe(0);
  }
});

peerTest(
  "seesaw_healthcheck: wrong usage exits 2, and a request for help 0, before anything starts",
  ["bash"],
  async () => {
    for (const [flag, status] of [
      ["-nonsense", 2],
      ["-batch_size=x", 2],
      ["-help", 0],
    ] as const) {
      await using watched = startByWatchdog({ args: [flag] });
      expect([flag, await watched.exited, watched.out]).toEqual([flag, status, []]);
      expect(watched.log).toContain("Usage of seesaw_healthcheck:");
    }
  },
);

peerTest(
  "seesaw_healthcheck: flags and the name take precedence over the configuration file, also an invalid one",
  ["bash"],
  async () => {
    await using dir = makeTempDir("watchdog");
    const file = join(dir.path, "config.yaml");
    const socket = join(dir.path, "engine.sock");
    for (const [text, line] of [
      ["server: { control: proxy }\nlogging: { format: json }\n", /^\{.*"Configuration loaded successfully"/],
      ["server: { control: nonsense }\n", / WARN The configuration file is invalid, using the defaults$/],
    ] as const) {
      writeFileSync(file, text);
      await using watched = startByWatchdog({
        args: ["-engine", socket],
        variable: `HEALTHCHECK_CONFIG=${file}`,
      });
      await watched.waitForLog(line, WAIT_MS);
      const fetching = await watched.waitForLog(/Fetching healthchecks from the engine/, WAIT_MS);
      expect(fetching).toContain(socket);
    }
  },
);

peerTest(
  "seesaw_healthcheck: a dry run makes no check, and every healthcheck is reported healthy",
  ["go", "bash"],
  async () => {
    await using dir = makeTempDir("watchdog");
    await using up = acceptAll();
    await using down = closedPort();
    const socket = join(dir.path, "engine.sock");
    await using engine = await startGoEngine(socket);
    await engine.command({ checks: [tcp(1, up), tcp(2, down)] });
    await using watched = startByWatchdog({ args: ["-dry_run", `-engine=${socket}`] });
    await watched.waitForLog(/ WARN Dry run: no check is made/, WAIT_MS);
    await until(() => Object.keys(states(engine)).length === 2, WAIT_MS, "both states");
    expect(states(engine)).toEqual({ "1": [2], "2": [2] });
    for (const { message } of reports(engine))
      expect(message).toBe("L4OK dry run: the backend was not checked");
    expect(up.connections).toBe(0);
  },
);

test("engine: --engine takes precedence over the configuration file, also at a reload", async () => {
  await using dir = makeTempDir("engine");
  const socket = join(dir.path, "engine.sock");
  await using daemon = await startDaemon({
    config: "server: { control: proxy, engine_socket: /nonexistent/engine.sock }\n",
    args: ["--engine", socket],
  });
  await daemon.waitForLog(new RegExp(`Fetching healthchecks from the engine socket=${socket}$`), WAIT_MS);
  writeFileSync(join(daemon.dir, "config.yaml"), "batching: { delay: 50ms }\n");
  daemon.signal("SIGHUP");
  await daemon.waitForLog(/Configuration changed key=batching.delay/, WAIT_MS);
  expect(daemon.log.filter((line) => line.includes("restart required"))).toEqual([]);
});

test("engine: --engine without a path uses the socket of the configuration file", async () => {
  await using dir = makeTempDir("engine");
  const socket = join(dir.path, "engine.sock");
  await using daemon = await startDaemon({
    config: `server: { engine_socket: ${socket} }\n`,
    args: ["--engine"],
  });
  await daemon.waitForLog(new RegExp(`Fetching healthchecks from the engine socket=${socket}$`), WAIT_MS);
});
