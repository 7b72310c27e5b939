/** Metrics of the server: its client, its configuration, its errors. Run by `bun test`. */

import { expect, setDefaultTimeout, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { acceptAll } from "../harness/backends/backends.ts";
import { until } from "../harness/base/wait.ts";
import { tcpCheck } from "../harness/client/checks.ts";
import { connectClient } from "../harness/client/client.ts";
import { handled, stateOf } from "../harness/client/client-assertions.ts";
import { startMetered } from "../harness/daemon/daemon-with-metrics.ts";
import { sampleOf } from "../harness/daemon/metrics.ts";

setDefaultTimeout(30_000);

const SOON_MS = 10_000;

test("daemon: metrics show whether a client is connected, and count its lists", async () => {
  await using metered = await startMetered();
  expect(await metered.now("proxy_connected")).toBe(0);
  const client = await connectClient(metered.daemon.socketPath);
  client.update([]);
  client.update([]);
  await handled(client);
  expect(await metered.now("proxy_connected")).toBe(1);
  expect(await metered.now("config_updates_total")).toBe(2);
  client.close();
  await metered.scrapeUntil("the client to be gone", (read) => read.get("healthcheck_proxy_connected") === 0);
  expect(await metered.now("config_updates_total")).toBe(2);
});

test("daemon: metrics count what goes wrong with a client, by kind", async () => {
  await using backend = acceptAll();
  await using metered = await startMetered();
  const client = await connectClient(metered.daemon.socketPath);
  const errors = (type: string) => metered.now(`errors_total{type="${type}"}`);
  const all = async () => await Promise.all(["parse", "config", "channel", "socket_io"].map(errors));
  expect(await all()).toEqual([0, 0, 0, 0]);
  client.send("this is no JSON");
  client.send({ type: "no such type" });
  await client.waitFor(({ message }) => message?.includes("no such type") ?? false, SOON_MS);
  expect(await all()).toEqual([2, 0, 0, 0]);

  client.update([tcpCheck(1, backend), tcpCheck(2, backend, { port: 0 }), tcpCheck(3, backend, { ip: "x" })]);
  await client.waitFor(({ type, message }) => type === "error" && /port/.test(message ?? ""), SOON_MS);
  expect(await all()).toEqual([2, 2, 0, 0]);
  expect(await metered.now("config_updates_total")).toBe(1);

  // More messages at once than may wait.
  client.send(Array(20).fill('{"type":"request_status"}').join("\n"));
  await handled(client);
  expect((await all()).slice(0, 2)).toEqual([3, 2]);
  expect(await errors("channel")).toBeGreaterThanOrEqual(1);

  // Who leaves with answers unread resets the connection.
  client.pause();
  client.send(Array(2_000).fill('{"type":"request_status"}').join("\n"));
  const outbound = 'healthcheck_channel_depth{channel="proxy_message"}';
  await metered.scrapeUntil("answers to wait", (read) => sampleOf(read, outbound) > 0);
  await client[Symbol.asyncDispose]();
  await metered.scrapeUntil("the client to be gone", (read) => read.get("healthcheck_proxy_connected") === 0);
  expect(await errors("socket_io")).toBe(1);
});

test("daemon: metrics show whether the configuration could be read, and when it last could", async () => {
  await using metered = await startMetered();
  const { daemon, now } = metered;
  const reload = async (more: string) => {
    const config = `server: { proxy_socket: ${JSON.stringify(daemon.socketPath)} }\n${metered.config(more)}`;
    writeFileSync(join(daemon.dir, "config.yaml"), config);
    const before = daemon.log.filter((line) => line.includes("Reloading configuration")).length;
    daemon.signal("SIGHUP");
    const reloads = () => daemon.log.filter((line) => line.includes("Reloading configuration")).length;
    await until(() => reloads() > before, SOON_MS, "the reload");
  };
  const readAt = "config_last_reload_success_timestamp_seconds";
  expect(await now("config_last_reload_successful")).toBe(1);
  const startedAt = await now(readAt);
  expect(Math.abs(startedAt - Date.now() / 1_000)).toBeLessThan(60);
  await reload("batching: { delay: never }");
  await metered.scrapeUntil(
    "the fault",
    (read) => read.get("healthcheck_config_last_reload_successful") === 0,
  );
  expect(await now(readAt)).toBe(startedAt);
  await reload("");
  await metered.scrapeUntil(
    "the repair",
    (read) => read.get("healthcheck_config_last_reload_successful") === 1,
  );
  expect(await now(readAt)).toBeGreaterThan(startedAt);
});

test("daemon: which series each healthcheck has changes with the configuration, at run time", async () => {
  await using backend = acceptAll();
  await using metered = await startMetered();
  const { daemon } = metered;
  await using client = await connectClient(daemon.socketPath);
  client.update([tcpCheck(1, backend)]);
  await stateOf(client, 1, "healthy");
  const state = 'healthcheck_state{id="1",type="tcp"}';
  await metered.scrapeUntil("its state", (read) => read.has(state));
  const config = metered.config("").replace("enabled: true", "enabled: true, per_healthcheck: off");
  const server = `server: { proxy_socket: ${JSON.stringify(daemon.socketPath)} }\n`;
  writeFileSync(join(daemon.dir, "config.yaml"), server + config);
  daemon.signal("SIGHUP");
  const without = await metered.scrapeUntil("its series to go", (read) => !read.has(state));
  expect([...without.keys()].filter((series) => series.includes('id="1"'))).toEqual([]);
});

test("daemon: metrics of the process match those of the system", async () => {
  await using metered = await startMetered();
  const { daemon } = metered;
  const read = await metered.scrapeUntil("a scrape", () => true);
  const rss = sampleOf(read, "process_resident_memory_bytes");
  expect(Math.abs(rss - daemon.rssBytes()) / rss).toBeLessThan(0.2);
  expect(Math.abs(sampleOf(read, "process_open_fds") - daemon.fdCount())).toBeLessThanOrEqual(3);
  expect(sampleOf(read, "process_cpu_seconds_total")).toBeGreaterThan(0);
  expect(Math.abs(sampleOf(read, "process_start_time_seconds") - Date.now() / 1_000)).toBeLessThan(60);
  const [, soft] = /^Max open files\s+(\d+)/m.exec(await Bun.file(`/proc/${daemon.pid}/limits`).text()) ?? [];
  expect(sampleOf(read, "process_max_fds")).toBe(Number(soft));
  const [build = ""] = [...read.keys()].filter((series) => series.startsWith("healthcheck_build_info"));
  expect(build).toContain(`bun="${Bun.version}"`);
});

test("daemon: a socket that could be made again is no error", async () => {
  await using metered = await startMetered("manager: { monitor_interval: 50ms }");
  const { daemon } = metered;
  rmSync(daemon.socketPath);
  await daemon.waitForLog(/Proxy socket lost, listening again/, SOON_MS);
  expect(await metered.now('errors_total{type="socket_io"}')).toBe(0);
});
