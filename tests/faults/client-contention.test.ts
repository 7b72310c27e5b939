/**
 * A thousand simultaneous clients, and two that replace each other again and again: one is served, and the checks
 * continue. Run by `bun test`.
 */
// alone: measures time
import { expect, setDefaultTimeout, test } from "bun:test";
import { acceptAll } from "../harness/backends/backends.ts";
import { printFigure } from "../harness/base/figures.ts";
import { lasting } from "../harness/base/soak.ts";
import { until } from "../harness/base/wait.ts";
import { tcpCheck, times } from "../harness/client/checks.ts";
import { connectClient } from "../harness/client/client.ts";
import { requestStatus, stateOf } from "../harness/client/client-assertions.ts";
import { type Daemon, startDaemon } from "../harness/daemon/daemon.ts";

setDefaultTimeout(60_000);

const CROWD = 1_000;
const FIGHT_MS = lasting(2_000, 20_000);

async function expectServed(daemon: Daemon, fds: number): Promise<void> {
  await until(
    () => daemon.fdCount() <= fds + 2,
    10_000,
    () => `descriptors to be closed: ${daemon.fdCount()}, were ${fds}`,
  );
  await using client = await connectClient(daemon.socketPath);
  await client.waitFor(({ type }) => type === "ready", 5_000);
  expect((await requestStatus(client)).get("1")).toMatchObject({ state: "healthy", failures: 0 });
  expect(daemon.log.filter((line) => / ERROR /.test(line))).toEqual([]);
}

test("client: of 1,000 simultaneous clients the newest is served, and all others receive an error and are closed", async () => {
  await using backend = acceptAll();
  await using daemon = await startDaemon();
  {
    await using first = await connectClient(daemon.socketPath);
    first.update([tcpCheck(1, backend, { interval: "50ms", handshake: "full" })]);
    await stateOf(first, 1, "healthy");
  }
  const fds = daemon.fdCount();
  await using stack = new AsyncDisposableStack();
  // The queue of the kernel may be full: such a connect fails at once, and is tried again as a client would.
  const connect = () => connectClient(daemon.socketPath).catch(() => undefined);
  const clients = await Promise.all(times(CROWD, () => until(connect, 20_000, "a place in the queue")));
  for (const client of clients) stack.use(client);
  const served = () => clients.filter(({ lines }) => lines.length > 0 && lines.at(-1)?.type === "ready");
  const displaced = () =>
    clients.filter(({ lines }) => lines.at(-1)?.message?.includes("newer client") === true);
  await until(
    () => displaced().length === clients.length - 1,
    20_000,
    () => `all but one to be displaced: ${displaced().length} of ${clients.length}`,
  );
  await until(() => served().length === 1, 20_000, "the line for the newest");
  await Promise.all(displaced().map(({ closed }) => closed));
  const { connections } = backend;
  await until(() => backend.connections >= connections + 3, 5_000, "three more checks");
  await stack.disposeAsync();
  await expectServed(daemon, fds);
});

test("client: two replace each other for a while: the checks continue, and the last one is served", async () => {
  await using backend = acceptAll();
  await using daemon = await startDaemon();
  const check = tcpCheck(1, backend, { interval: "50ms", handshake: "full" });
  {
    await using first = await connectClient(daemon.socketPath);
    first.update([check]);
    await stateOf(first, 1, "healthy");
  }
  const fds = daemon.fdCount();
  const endMs = performance.now() + FIGHT_MS;
  let turns = 0;
  const fight = async () => {
    while (performance.now() < endMs) {
      await using client = await connectClient(daemon.socketPath);
      client.update([check]);
      turns++;
      await Promise.race([client.closed, Bun.sleep(Math.max(0, endMs - performance.now()))]);
    }
  };
  const { connections } = backend;
  await Promise.all([fight(), fight()]);
  printFigure("times that one took the other's place", turns, "");
  // On the grid of 50 ms, with leave for a busy machine.
  expect(backend.connections - connections).toBeGreaterThan(FIGHT_MS / 50 / 2);
  await expectServed(daemon, fds);
});
