/** From a backend's death to the line on the socket. Listed in ../scenarios.ts. */
import { stateOf } from "../../../../tests/harness/client/client-assertions.ts";
import { largest, median, quantile } from "../arithmetic.ts";
import { type Fleet, startFleet } from "../fleet.ts";
import type { Group, Outcome, Scenario } from "../scenario.ts";
import { digits } from "../table.ts";

const CHECKS = 400;
const INTERVAL_MS = 100;
const DELAYS_MS = [10, 100];
const DEATHS = 30;
const WARM_UP_MS = 3_000;
const MAX_MS = 5_000;
/** So that deaths fall anywhere in the interval. */
const PAUSE_MS = INTERVAL_MS;

const GROUP: Group = {
  title: `From a backend's death to the line on the socket: ${CHECKS} tcp checks × ${INTERVAL_MS} ms, fall 1`,
  note: "Waiting for the next check takes between nothing and the interval, half of it on average; then the batching delay.",
  head: ["batching delay", "median", "p90", "largest"],
};

export const failoverLatency: Scenario = {
  name: "failover-latency",
  group: GROUP,
  summary: "from a backend's death to the line on the socket",
  quick: false,
  run,
};

async function run(): Promise<Outcome> {
  const measured = [];
  for (const delayMs of DELAYS_MS) measured.push({ delayMs, tookMs: await deaths(delayMs) });
  return {
    figures: Object.fromEntries(measured.map(({ delayMs, tookMs }) => [`delay${delayMs}Ms`, tookMs])),
    rows: measured.map(({ delayMs, tookMs }) => [
      `${delayMs} ms`,
      ...[median(tookMs), quantile(tookMs, 0.9), largest(tookMs)].map((ms) => `${digits(ms)} ms`),
    ]),
    regressions: [],
  };
}

async function deaths(delayMs: number): Promise<number[]> {
  const plan = { kind: "tcp", checks: CHECKS, intervalMs: INTERVAL_MS, timeoutMs: 1_000 } as const;
  await using fleet = await startFleet(plan, { config: `batching: { delay: ${delayMs}ms }\n` });
  await Bun.sleep(WARM_UP_MS);
  const tookMs: number[] = [];
  for (let index = 0; index < DEATHS; index++) {
    tookMs.push(await oneDeath(fleet, index));
    await Bun.sleep(Math.random() * PAUSE_MS);
  }
  return tookMs;
}

async function oneDeath({ sink, subject: { client } }: Fleet, index: number): Promise<number> {
  const id = String(index);
  const seen = client.lines.length;
  const diedMs = await sink.down(index, index + 1);
  await stateOf(client, id, "unhealthy", MAX_MS);
  const notification = client.lines
    .slice(seen)
    .find(({ statuses }) => statuses.some((entry) => entry.id === id && entry.status.state === "unhealthy"));
  await sink.up(index, index + 1);
  await stateOf(client, id, "healthy", MAX_MS);
  return performance.timeOrigin + (notification?.receivedAtMs ?? Number.NaN) - diedMs;
}
