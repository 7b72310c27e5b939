/** The desired set: an empty one stops everything, a bad config affects only itself. Run by `bun test`. */

import { expect, setDefaultTimeout, test } from "bun:test";
import { acceptAll } from "../harness/backends/backends.ts";
import { until } from "../harness/base/wait.ts";
import { tcpCheck, times } from "../harness/client/checks.ts";
import { type Client, connectClient } from "../harness/client/client.ts";
import { handled, requestStatus } from "../harness/client/client-assertions.ts";
import { startDaemon } from "../harness/daemon/daemon.ts";

setDefaultTimeout(30_000);

const INTERVAL_MS = 50;
/** The backends count connections, so the checks open them. */
const INTERVAL = { interval: `${INTERVAL_MS}ms`, handshake: "full" };

test("daemon: update_configs without configs stops every check", async () => {
  await using stack = new AsyncDisposableStack();
  const backends = times(5, () => stack.use(acceptAll()));
  const connections = () => backends.map((backend) => backend.connections);
  await using daemon = await startDaemon();
  await using client = await connectClient(daemon.socketPath);
  client.update(backends.map((backend, id) => tcpCheck(id, backend, INTERVAL)));
  await until(() => connections().every((count) => count >= 5), 5_000, "five checks of each");
  client.send('{"type":"update_configs"}');
  expect((await requestStatus(client)).size).toBe(0);
  // One interval for connections that this process has not accepted yet, then ten in which nothing may come.
  await Bun.sleep(INTERVAL_MS);
  const before = connections();
  await Bun.sleep(10 * INTERVAL_MS);
  expect(connections()).toEqual(before);
  // The silence was of the empty list's making: the same list starts them again.
  client.update(backends.map((backend, id) => tcpCheck(id, backend, INTERVAL)));
  await until(() => connections().every((count, index) => count >= (before[index] ?? 0) + 5), 5_000, "more");
});

const FAULTS = [{ ip: "<nil>" }, { interval: "soon" }, { port: 70_000 }, { checker_type: "carrier-pigeon" }];

async function successesOf(client: Client): Promise<Map<string, number>> {
  return new Map([...(await requestStatus(client))].map(([id, { successes }]) => [id, successes]));
}

for (const fault of FAULTS) {
  test(`daemon: one config with ${JSON.stringify(fault)} among 100 leaves 99 running and is named`, async () => {
    await using backend = acceptAll();
    await using daemon = await startDaemon();
    await using client = await connectClient(daemon.socketPath);
    const badId = "13758215386640154674";
    const ids = times(100, (n) => String(BigInt(badId) - 50n + BigInt(n)));
    client.update(ids.map((id) => tcpCheck(id, backend, { ...INTERVAL, ...(id === badId ? fault : {}) })));
    const error = await client.waitFor(({ type }) => type === "error", 5_000);
    expect(error.message).toContain(badId);
    expect(error.message).toContain(Object.keys(fault)[0] ?? "");
    const good = ids.filter((id) => id !== badId);
    expect([...(await successesOf(client)).keys()].sort()).toEqual([...good].sort());
    const running = async () => [...(await successesOf(client)).values()].every((count) => count >= 3);
    await until(running, 5_000, "three successes of each of the 99");
    expect(await daemon.waitForLog(new RegExp(`rejected.*${badId}`), 1_000)).toContain("WARN");
  });
}

test("daemon: a bad new config for an id that runs leaves the old one running", async () => {
  await using backend = acceptAll();
  await using other = acceptAll();
  await using daemon = await startDaemon();
  await using client = await connectClient(daemon.socketPath);
  client.update([tcpCheck(7, backend, INTERVAL), tcpCheck(8, other, INTERVAL)]);
  await until(async () => ((await successesOf(client)).get("7") ?? 0) >= 3, 5_000, "successes");
  for (const fault of FAULTS) {
    const before = await successesOf(client);
    const { connections } = backend;
    client.update([tcpCheck(7, backend, { ...INTERVAL, ...fault }), tcpCheck(8, other, INTERVAL)]);
    await handled(client);
    await until(() => backend.connections >= connections + 3, 5_000, "three more checks of the old config");
    const after = await successesOf(client);
    expect(after.get("7")).toBeGreaterThan(before.get("7") ?? Number.POSITIVE_INFINITY);
    expect(after.get("8")).toBeGreaterThan(before.get("8") ?? Number.POSITIVE_INFINITY);
  }
  const errors = client.lines.filter(({ message }) => /healthcheck 7\b/.test(message ?? ""));
  expect(errors.length).toBe(FAULTS.length);
  // Left out for good, it ends.
  client.update([tcpCheck(8, other, INTERVAL)]);
  expect([...(await requestStatus(client)).keys()]).toEqual(["8"]);
});

test("daemon: a config that is no JSON leaves the healthcheck running that it had before", async () => {
  await using backend = acceptAll();
  await using daemon = await startDaemon();
  await using client = await connectClient(daemon.socketPath);
  client.update([tcpCheck(1, backend, INTERVAL), tcpCheck(2, backend, INTERVAL)]);
  await handled(client);
  client.update(['{"id":1,"port":080}', tcpCheck(2, backend, INTERVAL)]);
  const isRefusal = ({ message }: { message?: string }) => message?.includes("rejected") === true;
  const error = await client.waitFor(isRefusal, 5_000);
  expect(error.message).toBe(
    "config 0 of the list rejected: not JSON (19 bytes, not shown), perhaps of healthcheck 1; " +
      "no healthcheck is stopped by this list",
  );
  const before = (await successesOf(client)).get("1") ?? 0;
  const went = async () => ((await successesOf(client)).get("1") ?? 0) >= before + 3;
  await until(went, 5_000, "three more successes of the healthcheck whose config was refused");
});

/** In place of a list's configs; 1, 2, … stand for good ones. */
const UNCLEAR: Readonly<Record<string, { configs: string; runs: string[] }>> = {
  "nothing but garbage": { configs: "@@", runs: ["1", "2"] },
  "garbage in place of one": { configs: "1,@@,3", runs: ["1", "2", "3"] },
  "a comma too many": { configs: "1,", runs: ["1", "2"] },
  "no id": { configs: '{"checker_type":"tcp"}', runs: ["1", "2"] },
  "an invalid id": { configs: '1,{"id":2.5}', runs: ["1", "2"] },
  null: { configs: "null", runs: ["1", "2"] },
  "quotes left out, so that one config swallows the others": {
    configs: '{"id":1,"ip":"x},{"id":2,"ip":"y"},{"id":3,"ip":"z}',
    runs: ["1", "2"],
  },
  "a line that has no end of its list": { configs: '{"id":1,"ip":"x},{"id":2,"ip":"y"}', runs: ["1", "2"] },
};

test("daemon: a list with an unreadable config stops no healthcheck", async () => {
  await using backend = acceptAll();
  await using daemon = await startDaemon();
  await using client = await connectClient(daemon.socketPath);
  const good = (id: string | number) => tcpCheck(Number(id), backend, INTERVAL);
  for (const [what, { configs, runs }] of Object.entries(UNCLEAR)) {
    client.update([good(1), good(2)]);
    await handled(client);
    const before = client.lines.length;
    const list = configs.replace(/(?<=^|,)[1-9](?=,|$)/g, good);
    client.send(`{"type":"update_configs","configs":[${list}]}`);
    await handled(client);
    const [error, barrier] = client.lines.slice(before).filter(({ type }) => type === "error");
    expect([what, error?.message]).toEqual([
      what,
      expect.stringMatching(/; no healthcheck is stopped by this list$|^the line is not a JSON object/),
    ]);
    expect(barrier?.message).toContain("barrier-");
    expect([what, [...(await requestStatus(client)).keys()].sort()]).toEqual([what, runs]);
  }
  expect(daemon.log.filter((line) => line.includes("Adding healthcheck id=1 ")).length).toBe(1);
  // The next one that is understood counts wholly.
  client.update([good(3)]);
  expect([...(await requestStatus(client)).keys()]).toEqual(["3"]);
});
