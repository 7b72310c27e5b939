/** The proxy socket exists at its path only while it accepts connections: a client that waits for the file is never refused. Run by `bun test`. */
// alone: a client spins on one core while the daemon starts, 80 times
import { expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, lstatSync, lutimesSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { compileC } from "../harness/base/compile.ts";
import { peerTest } from "../harness/base/peers.ts";
import { readLines, stopProcess } from "../harness/base/process.ts";
import { leaveStaleSocket } from "../harness/base/stale-socket.ts";
import { makeTempDir } from "../harness/base/tempdir.ts";
import { until } from "../harness/base/wait.ts";
import { connectClient } from "../harness/client/client.ts";
import { startDaemon } from "../harness/daemon/daemon.ts";

const TIMEOUT_MS = 120_000;
setDefaultTimeout(TIMEOUT_MS);

const STARTS = 40;
const PAIRS = 10;
const CLIENT = join(import.meta.dir, "..", "harness", "client", "eager-client.c");
const RENAME_KILLED = [
  "strace",
  "-D",
  "-f",
  "-qq",
  "-o",
  "/dev/null",
  "-e",
  "inject=renameat2:signal=SIGKILL",
];
const RENAME_UNSUPPORTED = [
  "strace",
  "-D",
  "-f",
  "-qq",
  "-o",
  "/dev/null",
  "-e",
  "inject=renameat2:error=EINVAL",
];

/** Starts a client that waits for the file, and then the daemon. @returns the outcome that the client reports */
async function outcomeOf(program: string, socketPath: string): Promise<string> {
  const client = Bun.spawn([program, socketPath], { stdin: "ignore", stdout: "pipe", stderr: "inherit" });
  const reported: string[] = [];
  const reading = readLines(client.stdout, (line) => reported.push(line));
  try {
    await until(() => reported.includes("waiting"), 10_000, "the client");
    await using _daemon = await startDaemon({ socketPath });
    await until(() => reported.length > 1, 10_000, "the client's outcome");
  } finally {
    await stopProcess(client);
    await reading;
  }
  return reported.at(-1) ?? "";
}

/** Starts daemons one after the other, each with a client that connects the moment the path exists. @param prepare - makes the path ready */
async function expectConnections(prepare: (socketPath: string) => Promise<void>): Promise<void> {
  await using dir = makeTempDir("ready");
  const program = compileC(CLIENT, dir.path);
  const outcomes: string[] = [];
  for (let start = 0; start < STARTS; start++) {
    const socketPath = join(dir.path, `${start}.sock`);
    await prepare(socketPath);
    outcomes.push(await outcomeOf(program, socketPath));
  }
  expect(outcomes).toEqual(Array.from({ length: STARTS }, () => "connected"));
}

peerTest(
  "daemon: a client that connects the moment the socket's file exists is never refused",
  ["gcc"],
  () => expectConnections(async () => {}),
  TIMEOUT_MS,
);

peerTest(
  "daemon: a client that has found a stale socket never finds the path empty, and is not refused by the new one",
  ["gcc"],
  () => expectConnections(leaveStaleSocket),
  TIMEOUT_MS,
);

test("daemon: of two that start concurrently on a stale socket, one serves and the other reports that it is already running", async () => {
  await using dir = makeTempDir("ready");
  for (let pair = 0; pair < PAIRS; pair++) {
    const socketPath = join(dir.path, `${pair}.sock`);
    await leaveStaleSocket(socketPath);
    const options = { socketPath, waitForSocket: false };
    await using first = await startDaemon(options);
    await using second = await startDaemon(options);
    const both = [first, second];
    const [loser, status] = await Promise.race(both.map(async (one) => [one, await one.exited] as const));
    expect([pair, status, loser.log.join("\n")]).toEqual([
      pair,
      1,
      expect.stringContaining("already running"),
    ]);
    const winner = loser === first ? second : first;
    await winner.waitForLog(/All tasks spawned/, 10_000);
    await using client = await connectClient(socketPath);
    await client.waitFor(({ type }) => type === "ready", 5_000);
  }
});

peerTest(
  "daemon: a start that is killed before its socket is in place leaves no refusing path, and a later one cleans up",
  ["strace"],
  async () => {
    await using dir = makeTempDir("ready");
    const socketPath = join(dir.path, "proxy.sock");
    await using killed = await startDaemon({ socketPath, prefix: RENAME_KILLED, waitForSocket: false });
    await killed.exited;
    const [left = "", ...more] = readdirSync(dir.path);
    expect([left, more]).toEqual([expect.stringMatching(/^\.proxy\.sock\.[0-9a-f]{8}$/), []]);
    {
      // A recent file may belong to another server that is starting.
      await using _next = await startDaemon({ socketPath });
      expect(readdirSync(dir.path).sort()).toEqual([left, "proxy.sock"]);
    }
    expect(readdirSync(dir.path)).toEqual([left]);
    const anHourAgo = new Date(Date.now() - 3_600_000);
    lutimesSync(join(dir.path, left), anHourAgo, anHourAgo);
    await using _later = await startDaemon({ socketPath });
    expect(readdirSync(dir.path)).toEqual(["proxy.sock"]);
  },
  TIMEOUT_MS,
);

peerTest(
  "daemon: without support for renameat2, a free path is used and a stale socket is replaced",
  ["strace"],
  async () => {
    await using dir = makeTempDir("ready");
    const socketPath = join(dir.path, "proxy.sock");
    for (const isStale of [false, true]) {
      if (isStale) await leaveStaleSocket(socketPath);
      await using daemon = await startDaemon({ socketPath, prefix: RENAME_UNSUPPORTED });
      await using client = await connectClient(daemon.socketPath);
      await client.waitFor(({ type }) => type === "ready", 5_000);
      expect(readdirSync(dir.path)).toEqual(["proxy.sock"]);
    }
  },
  TIMEOUT_MS,
);

test("daemon: a path of 107 bytes works, and is empty after the stop", async () => {
  await using dir = makeTempDir("r");
  const directory = join(dir.path, "d".repeat(107 - dir.path.length - 3));
  const socketPath = join(directory, "s");
  await using daemon = await startDaemon({ socketPath });
  expect(lstatSync(socketPath).isSocket()).toBe(true);
  await using client = await connectClient(socketPath);
  await client.waitFor(({ type }) => type === "ready", 5_000);
  daemon.signal("SIGTERM");
  expect(await daemon.exited).toBe(0);
  expect([existsSync(socketPath), readdirSync(directory)]).toEqual([false, []]);
});
