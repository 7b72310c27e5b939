/** Metrics of notifications. Run by `bun test`. */

import { expect, setDefaultTimeout, test } from "bun:test";
import { acceptAll } from "../harness/backends/backends.ts";
import { until } from "../harness/base/wait.ts";
import { tcpCheck, times } from "../harness/client/checks.ts";
import { type Client, connectClient } from "../harness/client/client.ts";
import { handled, notifications, stateOf } from "../harness/client/client-assertions.ts";
import { startMetered } from "../harness/daemon/daemon-with-metrics.ts";
import { type Samples, sampleOf } from "../harness/daemon/metrics.ts";

setDefaultTimeout(30_000);

const SOON_MS = 10_000;
const MAX_SIZE = 10;

/** Batches and notifications that a client has received. */
function received(client: Client) {
  const batches = client.lines.filter(({ type }) => type === "notification_batch").length;
  return { batches, notifications: notifications(client).length };
}

test("daemon: metrics count notifications, batches by their trigger, and how long they took", async () => {
  await using backend = acceptAll();
  await using metered = await startMetered(`batching: { delay: 300ms, max_size: ${MAX_SIZE} }`);
  const { daemon, scrapeUntil } = metered;
  await using client = await connectClient(daemon.socketPath);
  client.update(times(MAX_SIZE, (id) => tcpCheck(id, backend, { interval: "100ms" })));
  await until(() => client.latest.size === MAX_SIZE, SOON_MS, "every first state");
  const batched = "healthcheck_notifications_batched_total";
  const before = await scrapeUntil("them to be counted", (read) => sampleOf(read, batched) >= MAX_SIZE);
  expect(sampleOf(before, batched)).toBe(received(client).notifications);

  // All at once: the batch is full before its delay is over.
  backend.down();
  const full = 'healthcheck_notifications_sent_total{trigger="size_limit"}';
  const sent = await scrapeUntil("a full batch", (read) => sampleOf(read, full) > sampleOf(before, full));
  const latency = (samples: Samples, name: string) =>
    sampleOf(samples, `healthcheck_notification_latency_seconds_${name}`);
  expect(latency(sent, "count") - latency(before, "count")).toBe(MAX_SIZE);
  expect(sampleOf(sent, `healthcheck_batch_size_bucket{le="${MAX_SIZE}"}`)).toBeGreaterThan(
    sampleOf(sent, 'healthcheck_batch_size_bucket{le="5"}'),
  );

  // One alone waits out the delay.
  await until(() => received(client).notifications === 2 * MAX_SIZE, SOON_MS, "every second state");
  client.update([tcpCheck(0, backend, { interval: "100ms" })]);
  await handled(client);
  backend.up();
  await stateOf(client, 0, "healthy");
  const late = 'healthcheck_notifications_sent_total{trigger="time_delay"}';
  const after = await scrapeUntil("a batch of one", (read) => sampleOf(read, late) > sampleOf(sent, late));
  expect(sampleOf(after, batched)).toBe(received(client).notifications);
  expect(sampleOf(after, late) + sampleOf(after, full)).toBe(received(client).batches);
  expect(sampleOf(after, "healthcheck_batch_size_count")).toBe(received(client).batches);
  expect(sampleOf(after, "healthcheck_batch_size_sum")).toBe(received(client).notifications);
  expect(sampleOf(after, "healthcheck_batch_delay_seconds_sum")).toBeGreaterThanOrEqual(0.3);
  expect(latency(after, "sum") - latency(sent, "sum")).toBeGreaterThanOrEqual(0.3);
});

test("daemon: a repeated notification has no latency", async () => {
  await using backend = acceptAll();
  await using metered = await startMetered();
  {
    await using first = await connectClient(metered.daemon.socketPath);
    first.update([tcpCheck(1, backend)]);
    await stateOf(first, 1, "healthy");
  }
  const observed = await metered.now("notification_latency_seconds_count");
  await using second = await connectClient(metered.daemon.socketPath);
  second.update([tcpCheck(1, backend)]);
  await stateOf(second, 1, "healthy");
  expect(await metered.now("notification_latency_seconds_count")).toBe(observed);
  expect(await metered.now("notifications_batched_total")).toBe(2);
});
