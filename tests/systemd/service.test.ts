/** The unit under a running systemd: readiness, status, reload, watchdog, kills, stops, the journal, users and hardening. Run by `bun test`. */
// alone: its files share one booted system
import { afterAll, beforeAll, expect } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { startSink } from "../harness/backends/sink.ts";
import { testUnless } from "../harness/base/peers.ts";
import { until } from "../harness/base/wait.ts";
import { tcpCheck, times } from "../harness/client/checks.ts";
import { daemonPath } from "../harness/daemon/executable.ts";
import { newestStates } from "../harness/engine/engine-checks.ts";
import { startGoEngine } from "../harness/engine/goengine.ts";
import { type Booted, bootDebian, type JournalEntry } from "./nspawn.ts";
import { absentForNspawn, ROOT_LIMIT_MS } from "./nspawn-root.ts";
import {
  CONFIG,
  connectInside,
  installByHand,
  placeProxy,
  SOCKET,
  SOON_MS,
  UNIT,
  waitForStatus,
} from "./nspawn-server.ts";

const LIMIT_MS = 180_000;
const ABSENT = absentForNspawn();
const DROP_IN = `/etc/systemd/system/${UNIT}.d/test.conf`;
const METRICS = "metrics: { enabled: true }\n";
/** Output of the runtime when it takes a signal for a crash of its own. */
const CRASH_REPORT = /crashed|panic|github\.com/;

let booted: Booted;

beforeAll(async () => {
  if (ABSENT.length > 0) return;
  daemonPath();
  booted = await bootDebian();
  await installByHand(booted);
}, ROOT_LIMIT_MS);

afterAll(async () => await booted?.[Symbol.asyncDispose]());

/** A test in the booted system, with the service started and a configuration of its own. */
function serviceTest(name: string, config: string, fn: () => Promise<void>, dropIn = ""): void {
  const run = async () => {
    booted.write(CONFIG, config);
    booted.write(DROP_IN, `[Service]\n${dropIn}`);
    await booted.ok(`systemctl daemon-reload && systemctl restart ${UNIT}`);
    await fn();
  };
  testUnless(`service: ${name}`, ABSENT, run, LIMIT_MS);
}

const show = <Name extends string>(...names: readonly Name[]) => booted.show(UNIT, ...names);
const restarts = async () => Number((await show("NRestarts")).NRestarts);

/** Entries of the unit since a moment that {@link mark} gave. By time: --after-cursor loses the first entry that other filters leave. */
const since = async (moment: bigint, ...args: readonly string[]): Promise<JournalEntry[]> => {
  const entries = await booted.journal("-u", UNIT, ...args);
  return entries.filter(({ __REALTIME_TIMESTAMP: atUs }) => BigInt(atUs) >= moment);
};
const mark = async () => BigInt(await booted.ok("date +%s%6N"));

/** Does something that ends the server, and waits until systemd has started the next one. */
async function restartBy(act: () => unknown): Promise<JournalEntry[]> {
  const moment = await mark();
  const { MainPID: before } = await show("MainPID");
  const count = await restarts();
  await act();
  await until(async () => (await restarts()) === count + 1, SOON_MS, "systemd's restart");
  await until(
    async () => (await show("ActiveState")).ActiveState === "active",
    SOON_MS,
    "a service that is ready",
  );
  expect((await show("MainPID")).MainPID).not.toBe(before);
  return await since(moment);
}

serviceTest("the start returns when the socket is there; the status has totals and client", "", async () => {
  expect(existsSync(booted.path(SOCKET))).toBe(true);
  expect(await show("Type", "ActiveState", "SubState", "NRestarts")).toEqual({
    Type: "notify",
    ActiveState: "active",
    SubState: "running",
    NRestarts: "0",
  });
  await waitForStatus(booted, /^0 healthy, 0 unhealthy, 0 unknown; no client connected$/);
  await using sink = await startSink(1, booted.inNetwork);
  const [target = { hostname: "", port: 0 }] = sink.targets;
  await using client = await connectInside(booted);
  client.update([...times(3, (id) => tcpCheck(id, target)), tcpCheck(9, { hostname: "127.0.0.1", port: 1 })]);
  await waitForStatus(booted, /^3 healthy, 1 unhealthy, 0 unknown; client connected$/);
  expect(await booted.ok(`systemctl status ${UNIT}`)).toContain(
    'Status: "3 healthy, 1 unhealthy, 0 unknown; client connected"',
  );
});

serviceTest(
  "a reload takes a good file; a bad one is in the status and, as an error, in the journal",
  "",
  async () => {
    const { MainPID: before } = await show("MainPID");
    const reload = async (text: string) => {
      const moment = await mark();
      booted.write(CONFIG, text);
      await booted.ok(`systemctl reload ${UNIT}`);
      return moment;
    };
    await reload("batching: { delay: 0s, max_size: 0 }\n");
    const words = `${CONFIG}:1:20: batching.delay: `;
    await waitForStatus(
      booted,
      new RegExp(`no client connected; not reloaded, the former one is in effect: ${words}`),
    );
    const moment = await reload("batching: { delay: 20ms }\n");
    await waitForStatus(booted, /^0 healthy, 0 unhealthy, 0 unknown; no client connected$/);
    expect((await since(moment)).map(({ MESSAGE }) => MESSAGE).join("\n")).toContain(
      "Configuration changed key=batching.delay",
    );
    expect(await show("MainPID", "NRestarts", "Result")).toEqual({
      MainPID: before,
      NRestarts: "0",
      Result: "success",
    });
  },
);

serviceTest(
  "the journal knows errors from warnings from information, and the lines do not show it",
  "",
  async () => {
    const moment = await mark();
    booted.write(CONFIG, "batching: { max_size: 0, dely: 1s }\n");
    await booted.ok(`systemctl reload ${UNIT}`);
    await until(
      async () => (await since(moment, "-g", "'nothing has changed'")).length === 1,
      SOON_MS,
      "the end of the reload",
    );
    const all = (await since(moment)).filter(({ _PID }) => _PID !== "1");
    // The last lines of the start may be read by the journal after it has returned.
    const entries = all.slice(
      all.findIndex(({ MESSAGE }) => MESSAGE.endsWith("INFO Reloading configuration")),
    );
    const priorities = entries.map(({ MESSAGE, PRIORITY }) => [
      PRIORITY,
      / (ERROR|WARN|INFO) /.exec(MESSAGE)?.[1],
    ]);
    expect(priorities).toEqual([
      ["6", "INFO"],
      ["6", "INFO"],
      ["3", "ERROR"],
      ["4", "WARN"],
      ["4", "WARN"],
    ]);
    expect(entries.filter(({ MESSAGE }) => MESSAGE.includes("<"))).toEqual([]);
    const errors = await since(moment, "-p", "err");
    expect(errors.map(({ MESSAGE }) => MESSAGE)).toEqual([
      expect.stringContaining(`Configuration error: ${CONFIG}:1:23: batching.max_size: 0 `),
    ]);
  },
);

serviceTest("JSON lines are whole JSON in the journal", "logging: { format: json }\n", async () => {
  const { InvocationID } = await show("InvocationID");
  const messages = async () => {
    const entries = await booted.journal(`_SYSTEMD_INVOCATION_ID=${InvocationID}`);
    return entries.map(({ MESSAGE }) => JSON.parse(MESSAGE).message);
  };
  const last = "All tasks spawned, server running";
  await until(async () => (await messages()).includes(last), SOON_MS, "the last line of the start");
});

serviceTest(
  "one that is stopped is killed by the watchdog, in two lines of systemd, and started again",
  "",
  async () => {
    const { MainPID } = await show("MainPID");
    const entries = await restartBy(() => booted.ok(`kill -STOP ${MainPID}`));
    const messages = entries.map(({ MESSAGE }) => MESSAGE);
    expect(messages.filter((message) => CRASH_REPORT.test(message))).toEqual([]);
    expect(messages.join("\n")).toMatch(/Watchdog timeout \(limit 2s\)!/);
    expect(messages.join("\n")).toMatch(/Failed with result 'watchdog'/);
  },
  "WatchdogSec=2s\n",
);

serviceTest(
  "kill -9 and the client's shutdown: it is started again, and the next client receives everything",
  "",
  async () => {
    await using sink = await startSink(1, booted.inNetwork);
    const [target = { hostname: "", port: 0 }] = sink.targets;
    const checks = times(20, (id) => tcpCheck(id, target));
    const { MainPID } = await show("MainPID");
    await restartBy(() => booted.ok(`kill -9 ${MainPID}`));
    await using client = await connectInside(booted);
    client.update(checks);
    await waitForStatus(booted, /^20 healthy, 0 unhealthy/);
    await restartBy(() => client.send({ type: "shutdown" }));
    await using next = await connectInside(booted);
    next.update(checks);
    await until(
      () => times(20, (id) => next.latest.get(String(id))?.state === "healthy").every(Boolean),
      SOON_MS,
      "every state",
    );
  },
);

/** A backend in the booted system, which can be away. */
const BACKEND = { hostname: "127.0.0.1", port: 7_000 };
const startBackend = () =>
  booted.ok(
    `systemctl stop backend 2>/dev/null; systemd-run --quiet --collect --unit=backend socat TCP-LISTEN:${BACKEND.port},fork,reuseaddr EXEC:cat && ` +
      `until ss -ltn | grep -q :${BACKEND.port}; do sleep 0.1; done`,
  );
const stopBackend = () => booted.ok("systemctl stop backend");
/** Failures in a row of a healthcheck, of the server that runs now. */
const failuresOf = async (id: number): Promise<number> => {
  const { out } = await booted.run(`curl -fsS http://127.0.0.1:9090/api/healthchecks/${id}`);
  return out === "" ? 0 : Number(JSON.parse(out).position.consecutive_failures);
};

serviceTest(
  "a restart and a kill keep the states in the unit's directory: a backend that is away just then is not reported",
  METRICS,
  async () => {
    const count = 20;
    const file = "/run/seesaw/healthcheck-server.state";
    const checks = times(count, (at) => tcpCheck(at + 1, BACKEND, { interval: "500ms", retries: 200 }));
    const ids = times(count, (at) => at + 1);
    await startBackend();
    {
      await using client = await connectInside(booted);
      client.update(checks);
      await waitForStatus(booted, /^20 healthy/);
    }
    expect(await booted.ok(`stat -c '%U %G %a' ${file}`)).toBe("seesaw seesaw 600\n");
    const written = () => readFileSync(booted.path(file), "utf8").match(/"state":"healthy"/g)?.length ?? 0;
    for (const act of ["systemctl restart", "systemctl kill -s KILL"]) {
      await until(() => written() >= count, SOON_MS, "every state in the file");
      const moment = await mark();
      const { MainPID: before } = await show("MainPID");
      await stopBackend();
      await booted.ok(`${act} ${UNIT}`);
      await until(
        async () => {
          const { MainPID, ActiveState } = await show("MainPID", "ActiveState");
          return MainPID !== before && ActiveState === "active";
        },
        SOON_MS,
        "the next server",
      );
      await using client = await connectInside(booted);
      client.update(checks);
      const missed = async () => (await Promise.all(ids.map(failuresOf))).every((failures) => failures > 0);
      await until(missed, SOON_MS, "a check that every backend misses");
      expect(client.latest.size).toBe(0);
      await startBackend();
      await until(() => client.latest.size === count, SOON_MS, "every state");
      const lines = (await since(moment)).map(({ MESSAGE }) => MESSAGE);
      expect(lines.filter((line) => line.includes("Health state changed"))).toEqual([]);
      const restored = lines.flatMap((line) => /States restored .*states=(\d+)/.exec(line)?.[1] ?? []);
      // Those of the tests before this one may count still.
      expect(restored.length).toBe(1);
      expect(Number(restored[0])).toBeGreaterThanOrEqual(count);
      expect([...client.latest.values()].every(({ state }) => state === "healthy")).toBe(true);
    }
    await stopBackend();
  },
  // systemd sorts them, and the state file is in the first.
  "RuntimeDirectory=seesaw-extra\n",
);

/** The drop-in of docs/deployment.md for the engine. */
const [, ENGINE = ""] =
  /engine\.conf <<'END'\n\[Service\]\n([\s\S]*?)END\n/.exec(
    readFileSync(join(import.meta.dir, "..", "..", "docs", "deployment.md"), "utf8"),
  ) ?? [];

serviceTest(
  "with the engine's drop-in of docs/deployment.md the states are kept too",
  METRICS,
  async () => {
    expect(ENGINE).toContain("--engine");
    await booted.ok("mkdir -p -m 700 /run/seesaw/engine");
    const socket = booted.path("/run/seesaw/engine/engine.sock");
    await startBackend();
    const check = {
      id: "1",
      interval_ns: 5e8,
      timeout_ns: 4e8,
      retries: 200,
      type: "TCPChecker",
      checker: { IP: BACKEND.hostname, Port: BACKEND.port, Proto: 6 },
    };
    await using engine = await startGoEngine(socket, false, { checks: [check] });
    await until(() => newestStates(engine)["1"] === 2, SOON_MS, "the state");
    await stopBackend();
    const reported = engine.events.length;
    await booted.ok(`systemctl restart ${UNIT}`);
    expect(await booted.ok("stat -c '%U %a' /run/healthcheck-server/healthcheck-server.state")).toBe(
      "root 600\n",
    );
    await until(async () => (await failuresOf(1)) > 0, SOON_MS, "a check that the backend misses");
    await startBackend();
    const after = () => engine.events.slice(reported).flatMap(({ notifications = [] }) => notifications);
    await until(() => after().some(({ state }) => state === 2), SOON_MS, "the state again");
    expect(after().filter(({ state }) => state !== 2)).toEqual([]);
    await stopBackend();
    await booted.ok("rm -r /run/seesaw/engine");
  },
  ENGINE,
);

serviceTest(
  "a stop lasts while the proxy's unit runs, and a start brings both together again",
  "",
  async () => {
    placeProxy(booted);
    await booted.ok("systemctl daemon-reload && systemctl start healthcheck-proxy");
    await waitForStatus(booted, /client connected$/);
    await booted.ok(`systemctl stop ${UNIT}`);
    const proxyRestarts = async () => Number((await booted.show("healthcheck-proxy", "NRestarts")).NRestarts);
    const before = await proxyRestarts();
    // Each of them would have started a server that it wants.
    await until(async () => (await proxyRestarts()) >= before + 2, SOON_MS, "two restarts of the proxy");
    expect(await show("ActiveState", "Result")).toEqual({ ActiveState: "inactive", Result: "success" });
    await booted.ok(`systemctl start ${UNIT}`);
    await waitForStatus(booted, /; client connected$/);
    await booted.ok("systemctl stop healthcheck-proxy");
  },
);

serviceTest(
  "a socket that is taken, by a program or by a socket unit, is named; the service comes when it is free",
  "",
  async () => {
    const listen = `[Socket]\nListenStream=${SOCKET}\n[Install]\nWantedBy=sockets.target\n`;
    booted.write("/run/systemd/system/squatter.socket", listen);
    booted.write("/run/systemd/system/squatter.service", "[Service]\nExecStart=/bin/cat\n");
    await booted.ok(`systemctl stop ${UNIT}; systemctl daemon-reload; systemctl start squatter.socket`);
    expect((await booted.run(`systemctl start ${UNIT}`)).status).toBe(1);
    await waitForStatus(booted, /^cannot start: already running: another server listens on /);
    // It is tried again and again, so it never counts as failed.
    expect((await booted.run(`systemctl is-failed ${UNIT}`)).status).toBe(1);
    await booted.ok("systemctl stop squatter.socket");
    await waitForStatus(booted, /^0 healthy/);
  },
);

serviceTest(
  "a directory that is gone is in the status and in the log with its reason, and made again by a restart",
  "",
  async () => {
    const moment = await mark();
    await booted.ok("rm -r /run/seesaw");
    await waitForStatus(booted, /; the proxy socket is missing or was replaced by another process$/);
    await until(
      async () => (await since(moment, "-p", "err")).length > 0,
      SOON_MS,
      "an error in the journal",
    );
    const errors = await since(moment, "-p", "err");
    expect(errors.map(({ MESSAGE }) => MESSAGE)).toEqual([
      expect.stringMatching(
        /Proxy socket lost, clients cannot connect; retrying .*(read-only file system|permission denied)/,
      ),
    ]);
    await booted.ok(`systemctl restart ${UNIT}`);
    expect((await booted.ok(`stat -c '%U %G %a' ${SOCKET} /run/seesaw`)).split("\n")).toEqual([
      "seesaw seesaw 660",
      "seesaw seesaw 755",
      "",
    ]);
  },
);

serviceTest(
  "a socket directory without write permission is an error with a reason, not only a path",
  "",
  async () => {
    const moment = await mark();
    booted.write(CONFIG, "server: { proxy_socket: /etc/seesaw/proxy.sock }\n");
    expect((await booted.run(`systemctl restart ${UNIT}`)).status).toBe(1);
    await waitForStatus(
      booted,
      /^cannot start: listen on \/etc\/seesaw\/proxy\.sock: read-only file system$/,
    );
    const [first] = await since(moment, "-g", "'Cannot start'");
    expect(first?.MESSAGE).toEndWith(
      'Cannot start error="listen on /etc/seesaw/proxy.sock: read-only file system"',
    );
  },
);

/** The lines that the drop-in of docs/deployment.md adds to the section `[Service]`. */
const [, GRANT = ""] = readFileSync(
  join(import.meta.dir, "..", "..", "examples", "systemd", "healthcheck-server-net-raw.conf"),
  "utf8",
).split("[Service]\n");

/** Runs a check with a mark and one without, of a backend that is up. */
async function checkWithMark(status: RegExp): Promise<void> {
  await using sink = await startSink(1, booted.inNetwork);
  const [target = { hostname: "", port: 0 }] = sink.targets;
  await using client = await connectInside(booted);
  client.update([tcpCheck(1, target, { mark: 7 }), tcpCheck(2, target)]);
  await waitForStatus(booted, status);
}

serviceTest("a check with a mark is inconclusive, because the unit grants no capability", "", async () => {
  const moment = await mark();
  await checkWithMark(/^1 healthy, 0 unhealthy, 1 unknown; client connected$/);
  const lines = (await since(moment)).map(({ MESSAGE }) => MESSAGE);
  expect(lines.filter((line) => line.includes("cause=permission")).join("\n")).toContain("set mark 7");
});

serviceTest(
  "with the drop-in of docs/deployment.md a check has its mark",
  "",
  async () => {
    expect(GRANT).toContain("AmbientCapabilities=");
    await checkWithMark(/^2 healthy, 0 unhealthy, 0 unknown; client connected$/);
  },
  GRANT,
);

serviceTest("a user of the group may connect, another one may not", "", async () => {
  await booted.ok("useradd --groups seesaw alice && useradd bob");
  const connect = (user: string) =>
    booted.run(`runuser -u ${user} -- socat -u -T 1 UNIX-CONNECT:${SOCKET} STDOUT`);
  const alice = await connect("alice");
  expect([alice.status, JSON.parse(alice.out).type]).toEqual([0, "ready"]);
  const bob = await connect("bob");
  expect([bob.status, bob.out]).toEqual([1, ""]);
  expect(bob.err).toContain("Permission denied");
});

serviceTest(
  "a user who may not read the configuration learns that, and still gets the status",
  METRICS,
  async () => {
    await booted.ok(
      `useradd carol && chown root:seesaw ${CONFIG} && chmod 640 ${CONFIG} && systemctl restart ${UNIT}`,
    );
    const ask = () => booted.run("runuser -u carol -- healthcheck-server status");
    expect(await ask()).toEqual({ status: 0, out: expect.stringMatching(/^ready\n/), err: "" });
    await booted.ok(`systemctl stop ${UNIT}`);
    expect(await ask()).toEqual({
      status: 1,
      out: "",
      err: `not ready: cannot reach http://127.0.0.1:9090: connection refused (cannot read ${CONFIG}: permission denied; use --addr)\n`,
    });
  },
);
