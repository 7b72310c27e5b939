/** The client is killed and comes back: it receives everything, once, as it is by then. Run by `bun test`. */

import { expect, test } from "bun:test";
import { acceptAll, closedPort } from "../harness/backends/backends.ts";
import { peerTest } from "../harness/base/peers.ts";
import { until } from "../harness/base/wait.ts";
import { tcpCheck, times } from "../harness/client/checks.ts";
import { connectClient } from "../harness/client/client.ts";
import { requestStatus } from "../harness/client/client-assertions.ts";
import { type GoClient, startGoClient } from "../harness/client/goclient.ts";
import { NO_REFRESH, startDaemon } from "../harness/daemon/daemon.ts";

const BATCH_MS = 50;
const CHECKS = 60;
const CHANGED = 13;

function notified(go: GoClient) {
  return go.messages
    .filter(({ type }) => type === "notification_batch")
    .flatMap(({ statuses = [] }) => statuses);
}

peerTest(
  "daemon: a client that was killed gets ready, then after its configs every known state, once and newest",
  ["go"],
  async () => {
    await using stack = new AsyncDisposableStack();
    const backends = times(CHECKS, (n) => stack.use(n % 3 === 0 ? closedPort() : acceptAll()));
    const configs = backends.map((backend, n) => tcpCheck(n, backend));
    const update = `{"type":"update_configs","configs":[${configs.join(",")}]}`;
    const stateNow = (n: number) => (n % 3 === 0 || n === CHANGED ? "unhealthy" : "healthy");
    await using daemon = await startDaemon({ config: `${NO_REFRESH}batching: { delay: ${BATCH_MS}ms }` });
    {
      await using go = await startGoClient(daemon.socketPath);
      go.send(update);
      await until(() => notified(go).length === CHECKS, 5_000, "every first state");
      go.kill();
      await go.exited;
    }
    await daemon.waitForLog(/Go proxy disconnected/, 5_000);
    backends[CHANGED]?.down();
    await daemon.waitForLog(new RegExp(`changed id=${CHANGED} .*new_state=unhealthy`), 5_000);

    await using go = await startGoClient(daemon.socketPath);
    go.send('{"type":"request_status"}');
    await go.waitFor(({ type }) => type === "status_response", 5_000);
    // A client that has not sent a list receives nothing, with none of the next batches either.
    await Bun.sleep(5 * BATCH_MS);
    expect(go.messages.map(({ type }) => type)).toEqual(["ready", "status_response"]);
    go.send(update);
    await until(() => notified(go).length >= CHECKS, 5_000, "every known state");
    // A repeated state would come with one of the next batches.
    await Bun.sleep(5 * BATCH_MS);
    const reported = notified(go).map(({ id, state }) => [Number(id), state] as const);
    expect([...reported].sort(([a], [b]) => a - b)).toEqual(times(CHECKS, (n) => [n, stateNow(n)] as const));
  },
  120_000,
);

test("daemon: messages of a client count, even when it disconnects immediately", async () => {
  await using backend = acceptAll();
  await using daemon = await startDaemon();
  const raw = await Bun.connect({ unix: daemon.socketPath, socket: { data() {} } });
  raw.write(
    `{"type":"update_configs","configs":[${tcpCheck(7, backend, { interval: "50ms", handshake: "full" })}]}\n`,
  );
  raw.end();
  await until(() => backend.connections >= 3, 5_000, "checks of a client that has left");
  await using client = await connectClient(daemon.socketPath);
  const statuses = await requestStatus(client);
  expect([...statuses.keys()]).toEqual(["7"]);
});
