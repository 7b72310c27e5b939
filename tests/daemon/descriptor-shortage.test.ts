/** More healthchecks than descriptors: said when a list begins it, with what to set. Run by `bun test`. */
// alone: needs the whole machine
import { expect, setDefaultTimeout, test } from "bun:test";
import { acceptAll } from "../harness/backends/backends.ts";
import { until } from "../harness/base/wait.ts";
import { tcpCheck, times } from "../harness/client/checks.ts";
import { connectClient } from "../harness/client/client.ts";
import { requestStatus } from "../harness/client/client-assertions.ts";
import { startDaemon } from "../harness/daemon/daemon.ts";

setDefaultTimeout(30_000);

const LIMIT = 100;
/** Descriptors that the limit leaves for checks. */
const ROOM = 50;

test("daemon: a list that needs more descriptors than there are is warned of, once, until one fits again", async () => {
  await using backend = acceptAll();
  await using daemon = await startDaemon({ prefix: ["prlimit", `--nofile=${LIMIT}:${LIMIT}`] });
  await using client = await connectClient(daemon.socketPath);
  const warnings = () => daemon.log.filter((line) => line.includes("File descriptor limit may be too low"));
  const becomes = async (count: number) => {
    client.update(times(count, (id) => tcpCheck(id, backend, { interval: "10s" })));
    await until(async () => (await requestStatus(client)).size === count, 10_000, `${count} healthchecks`);
  };
  const warned = (count: number) => until(() => warnings().length >= count, 10_000, `${count} warnings`);
  await becomes(ROOM);
  await becomes(ROOM + 1);
  await warned(1);
  expect(warnings()[0]).toEndWith(
    "checks would queue if every backend hangs; raise LimitNOFILE healthchecks=51 limit=100 needed=102",
  );
  await becomes(ROOM + 20);
  await becomes(ROOM + 21);
  await becomes(ROOM);
  await becomes(ROOM + 1);
  await warned(2);
  // With its end all of its log is read.
  daemon.signal("SIGTERM");
  expect(await daemon.exited).toBe(0);
  expect(warnings().map((line) => line.replace(/.* healthchecks=/, ""))).toEqual(
    times(2, () => `${ROOM + 1} limit=${LIMIT} needed=102`),
  );
});

test("daemon: the soft limit is raised to the hard one before it is called too low", async () => {
  await using backend = acceptAll();
  await using daemon = await startDaemon({ prefix: ["prlimit", "--nofile=100:1000"] });
  await using client = await connectClient(daemon.socketPath);
  client.update(times(ROOM + 1, (id) => tcpCheck(id, backend)));
  await until(async () => (await requestStatus(client)).size === ROOM + 1, 10_000, "the list");
  daemon.signal("SIGTERM");
  expect(await daemon.exited).toBe(0);
  expect(daemon.log.filter((line) => line.includes("File descriptor limit may be too low"))).toEqual([]);
});
