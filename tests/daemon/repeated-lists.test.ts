/** The client sends its list every 15 s: what is to be said of it is said once a change, and counted each time. Run by `bun test`. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { acceptAll } from "../harness/backends/backends.ts";
import { freePort } from "../harness/base/ports.ts";
import { tcpCheck, times } from "../harness/client/checks.ts";
import { type Client, config, connectClient } from "../harness/client/client.ts";
import { handled, requestStatus } from "../harness/client/client-assertions.ts";
import { type Daemon, startDaemon } from "../harness/daemon/daemon.ts";

setDefaultTimeout(30_000);

const errors = (client: Client) =>
  client.lines.filter(({ type, message }) => type === "error" && / (?:refused|rejected)/.test(message ?? ""));
const logged = (daemon: Daemon, pattern: RegExp) => daemon.log.filter((line) => pattern.test(line)).length;
const dns = (id: number, fields: object = {}) =>
  config({ id, interval: "1h", timeout: "1s", checker_type: "dns", query: "localhost", ...fields });

test("daemon: whatever is wrong in a list is sent and logged once, and counted each time", async () => {
  await using backend = acceptAll();
  const port = freePort();
  await using daemon = await startDaemon({
    config: `metrics: { enabled: true, listen_addr: "127.0.0.1:${port}" }\n`,
  });
  await using client = await connectClient(daemon.socketPath);
  const list = [
    tcpCheck(1, backend),
    tcpCheck(2, backend, { port: 0 }),
    tcpCheck(3, backend, { checker_type: "carrier-pigeon" }),
    // Invalid JSON, no id, an invalid id, the same id twice, the same id twice with the last one refused.
    '{"id":4,"port":080}',
    "{}",
    '{"id":-1}',
    tcpCheck(5, backend),
    tcpCheck(5, backend, { interval: "2s" }),
    tcpCheck(6, backend),
    tcpCheck(6, backend, { ip: "<nil>" }),
  ];
  const counted = async () =>
    Number(
      /^healthcheck_errors_total\{type="config"\} (\d+)/m.exec(
        await (await fetch(`http://127.0.0.1:${port}/metrics`)).text(),
      )?.[1],
    );
  for (let sent = 1; sent <= 6; sent++) {
    client.update(sent % 2 === 0 ? list.toReversed().slice() : list);
    await handled(client);
    // Reversed, another of the two with id 6 is the last one.
    expect(await counted()).toBe(6 * sent);
  }
  expect(errors(client).length).toBe(6);
  expect(logged(daemon, /Configuration error: healthcheck rejected/)).toBe(6);
  expect(logged(daemon, /Duplicate healthcheck id in update/)).toBe(2);
  expect(logged(daemon, /Received \d+ healthcheck configs from proxy refused=6/)).toBe(1);
  // A new error is reported; a known one is not repeated.
  client.update([...list, tcpCheck(7, backend, { port: 70_000 })]);
  await handled(client);
  expect(errors(client).length).toBe(7);
  expect(errors(client).at(-1)?.message).toMatch(/^healthcheck 7 rejected: port: 70000/);
  // Gone and back is a change.
  client.update([tcpCheck(1, backend)]);
  client.update(list);
  await handled(client);
  expect(errors(client).length).toBe(13);
});

test("daemon: a client that reconnects receives the errors of its list; the log does not repeat them", async () => {
  await using backend = acceptAll();
  await using daemon = await startDaemon();
  const list = [tcpCheck(1, backend), tcpCheck(2, backend, { port: 0 })];
  for (let round = 1; round <= 3; round++) {
    await using client = await connectClient(daemon.socketPath);
    for (let sent = 0; sent < 3; sent++) client.update(list);
    await handled(client);
    expect(errors(client).length).toBe(1);
  }
  expect(logged(daemon, /Configuration error: healthcheck rejected/)).toBe(1);
  expect(logged(daemon, /Received 2 healthcheck configs from proxy refused=1$/)).toBe(1);
});

test("daemon: a list with more refused configs than lines are sent ends with their number", async () => {
  await using backend = acceptAll();
  await using daemon = await startDaemon();
  await using client = await connectClient(daemon.socketPath);
  client.update(times(250, (id) => tcpCheck(id, backend, { port: 0 })));
  await handled(client);
  expect(errors(client).length).toBe(101);
  expect(errors(client).at(-1)?.message).toBe("150 more healthchecks rejected");
  await daemon.waitForLog(/ more healthchecks rejected count=150$/, 5_000);
  expect(logged(daemon, /Configuration error: healthcheck rejected/)).toBe(100);
});

test("daemon: dns healthchecks that ask this host's resolver are warned about once a change", async () => {
  await using daemon = await startDaemon();
  await using client = await connectClient(daemon.socketPath);
  const lists = [
    [dns(1), dns(2), dns(3, { ip: "127.0.0.1", port: 1 })],
    [dns(2), dns(1), dns(3, { ip: "127.0.0.1", port: 1 })],
    [dns(2), dns(1), dns(3, { ip: "127.0.0.1", port: 2 })],
    [dns(2), dns(1), dns(4), dns(3, { ip: "127.0.0.1", port: 2 })],
    [dns(4), dns(3, { ip: "127.0.0.1", port: 2 })],
    [dns(3, { ip: "127.0.0.1", port: 2 })],
    [dns(3, { ip: "127.0.0.1", port: 1 })],
  ];
  for (const list of lists) {
    client.update(list);
    await requestStatus(client);
  }
  const warnings = daemon.log.filter((line) => /ask this host's resolver, not the backend/.test(line));
  expect(warnings.map((line) => line.replace(/^.* count=/, "count="))).toEqual([
    "count=2 example=1",
    "count=3 example=4",
    "count=1 example=4",
  ]);
  expect(warnings.every((line) => line.includes(" WARN "))).toBe(true);
});

test("daemon: a client that reconnects in a loop causes one line a second, with the number of those left out", async () => {
  await using daemon = await startDaemon();
  const startMs = performance.now();
  const rounds = 300;
  for (let round = 0; round < rounds; round++) {
    await using client = await connectClient(daemon.socketPath);
    client.send("nonsense");
    client.update([]);
    await handled(client);
  }
  await daemon.waitForLog(/left_out=\d+/, 5_000);
  const seconds = (performance.now() - startMs) / 1_000;
  const connections = logged(daemon, /Go proxy|newer client/);
  const messages = logged(daemon, /Message rejected/);
  expect(connections).toBeLessThanOrEqual(4 + seconds + 1);
  expect(messages).toBeLessThanOrEqual(10 + seconds + 1);
  expect(connections).toBeGreaterThan(3);
});
