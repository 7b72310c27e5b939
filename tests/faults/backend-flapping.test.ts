/** 500 backends that fail and recover within one second: the final states are reported. Run by `bun test`. */
// alone: measures time

import { expect, setDefaultTimeout, test } from "bun:test";
import { acceptAll, type Backend } from "../harness/backends/backends.ts";
import { printFigure } from "../harness/base/figures.ts";
import { until } from "../harness/base/wait.ts";
import { tcpCheck, times } from "../harness/client/checks.ts";
import { connectClient } from "../harness/client/client.ts";
import { notifications, requestStatus, stateOf } from "../harness/client/client-assertions.ts";
import { NO_REFRESH, startDaemon } from "../harness/daemon/daemon.ts";

setDefaultTimeout(60_000);

const BACKENDS = 500;
const STEADY_ID = 1_000_000;
const STEP_MS = 50;
const STEPS = 20;
const ROUNDS = 5;
const FIELDS = { interval: "200ms", timeout: "1s", retries: 0 };

test("backend: 500 fail and recover within one second: every final state is right, and a steady one is untouched", async () => {
  await using stack = new AsyncDisposableStack();
  const backends = times(BACKENDS, () => stack.use(acceptAll()));
  const steady = stack.use(acceptAll());
  await using daemon = await startDaemon({ config: NO_REFRESH });
  await using client = await connectClient(daemon.socketPath);
  client.update([
    ...backends.map((backend, id) => tcpCheck(id, backend, FIELDS)),
    tcpCheck(STEADY_ID, steady, { ...FIELDS, handshake: "full" }),
  ]);
  await until(() => client.latest.size > BACKENDS, 20_000, "every first result");

  // All of them go down and come back within the second, each in its own time, and a third of them stay down.
  const startMs = performance.now();
  for (let step = 0; step < STEPS; step++) {
    for (const [index, backend] of backends.entries()) flap(backend, index, step);
    // The backends live in this process, which must keep accepting.
    await Bun.sleep(Math.max(0, startMs + (step + 1) * STEP_MS - performance.now()));
  }
  printFigure("all of them had failed and recovered after", performance.now() - startMs, "ms");
  const rounds = async () => {
    const enough = steady.connections + ROUNDS;
    await until(() => steady.connections >= enough, 20_000, `${ROUNDS} more checks`);
  };
  // Results from the time of the flapping are reported by then.
  await rounds();
  const truth = (index: number) => (staysDown(index) ? "unhealthy" : "healthy");
  await Promise.all(backends.map((_, index) => stateOf(client, index, truth(index), 20_000)));

  // Nothing follows: the reported states are the present ones, also in a status response.
  const reported = notifications(client).length;
  await rounds();
  expect(notifications(client).length).toBe(reported);
  const statuses = await requestStatus(client);
  expect(times(BACKENDS, (index) => statuses.get(String(index))?.state)).toEqual(times(BACKENDS, truth));
  expect(statuses.get(String(STEADY_ID))).toMatchObject({ state: "healthy", failures: 0 });
  const changes = notifications(client).filter(({ id }) => Number(id) < BACKENDS).length - BACKENDS;
  printFigure("state changes reported", changes, "");
  expect(changes).toBeGreaterThan(BACKENDS / 3);
});

function staysDown(index: number): boolean {
  return index % 3 === 0;
}

/** Down at a step of its own, up seven steps later, and once more for those that stay down. */
function flap(backend: Backend, index: number, step: number): void {
  const downAt = index % (STEPS / 2);
  if (step === downAt) backend.down();
  if (step === downAt + 7) backend.up();
  if (step === STEPS - 1 && staysDown(index)) backend.down();
}
