/**
 * Too large input of a client: lines of 100 MB, half lines of 60 MB, 200,000 healthchecks. Memory returns. Run by `bun
 * test`.
 */
// alone: needs the whole machine
import { expect, setDefaultTimeout, test } from "bun:test";
import { acceptAll } from "../harness/backends/backends.ts";
import { printFigure } from "../harness/base/figures.ts";
import { until } from "../harness/base/wait.ts";
import { tcpCheck, times } from "../harness/client/checks.ts";
import { connectClient } from "../harness/client/client.ts";
import { requestStatus, stateOf } from "../harness/client/client-assertions.ts";
import { NO_REFRESH, startDaemon } from "../harness/daemon/daemon.ts";

setDefaultTimeout(90_000);

const MB = 1e6;
const CHUNK = new Uint8Array(MB).fill(0x78);
const MANY = 200_000;

test("client: a line of 100 MB is refused in one error, half a line of 60 MB is forgotten with its client", async () => {
  await using backend = acceptAll();
  await using daemon = await startDaemon({ config: NO_REFRESH });
  const check = tcpCheck(1, backend, { interval: "50ms" });
  {
    await using first = await connectClient(daemon.socketPath);
    first.update([check]);
    await stateOf(first, 1, "healthy");
  }
  const before = daemon.rssBytes();
  for (const megabytes of [100, 60, 100, 60]) {
    await using client = await connectClient(daemon.socketPath);
    for (let sent = 0; sent < megabytes; sent++) client.sendBytes(CHUNK);
    if (megabytes < 64) {
      await until(() => daemon.rssBytes() > before + 50 * MB, 20_000, "half a line to be there");
      continue;
    }
    await client.waitFor(({ type }) => type === "error", 20_000);
    await client.closed;
    expect(client.lines.map(({ type }) => type)).toEqual(["ready", "error"]);
    expect(client.lines[1]?.message).toContain("longer than 67108864 bytes");
  }
  await using client = await connectClient(daemon.socketPath);
  client.update([check]);
  expect(await stateOf(client, 1, "healthy")).toMatchObject({ failures: 0 });
  const grown = () => daemon.rssBytes() - before;
  await until(
    () => grown() < 64 * MB,
    30_000,
    () => `memory to come back: ${grown() / MB} MB more than before`,
  );
  printFigure("RSS above the start after 320 MB of lines", grown() / MB, "MB");
});

test("client: 200,000 healthchecks are taken in, others are checked meanwhile, and their memory returns", async () => {
  await using backend = acceptAll();
  await using daemon = await startDaemon({
    config: `${NO_REFRESH}logging: { level: warn }\n`,
    waitForSocket: false,
  });
  const connect = () => connectClient(daemon.socketPath).catch(() => undefined);
  await using client = await until(connect, 10_000, "the daemon's socket");
  const own = tcpCheck(1, backend, { interval: "50ms" });
  client.update([own]);
  await stateOf(client, 1, "healthy");
  const before = daemon.rssBytes();
  // Nothing listens on port 1, and each is checked once in this test at the most.
  const target = { hostname: "127.0.0.1", port: 1 };
  const startMs = performance.now();
  client.update([own, ...times(MANY, (n) => tcpCheck(n + 2, target, { interval: "1h", timeout: "1s" }))]);
  client.send({ type: "request_status" });
  const count = () =>
    client.lines.filter(({ type }) => type === "status_response").flatMap(({ statuses }) => statuses);
  await until(() => count().length >= MANY, 60_000, "200,000 healthchecks");
  printFigure("200,000 healthchecks applied and reported", performance.now() - startMs, "ms");
  printFigure("RSS of them", (daemon.rssBytes() - before) / MB, "MB");
  client.update([own]);
  await until(async () => (await requestStatus(client)).size === 1, 30_000, "them to be gone");
  expect((await requestStatus(client)).get("1")).toMatchObject({ state: "healthy", failures: 0 });
  const grown = () => daemon.rssBytes() - before;
  await until(
    () => grown() < 200 * MB,
    30_000,
    () => `memory to come back: ${grown() / MB} MB more than before`,
  );
  printFigure("RSS above the start when they are gone", grown() / MB, "MB");
});
