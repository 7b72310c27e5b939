/** Connections: lines in any pieces, a line too long, a client in place of another. Run by `bun test`. */

import { expect, setDefaultTimeout, test } from "bun:test";
import { acceptAll } from "../harness/backends/backends.ts";
import { printFigure } from "../harness/base/figures.ts";
import { until } from "../harness/base/wait.ts";
import { tcpCheck } from "../harness/client/checks.ts";
import { connectClient } from "../harness/client/client.ts";
import { notifications, requestStatus, stateOf } from "../harness/client/client-assertions.ts";
import { NO_REFRESH, startDaemon } from "../harness/daemon/daemon.ts";

setDefaultTimeout(30_000);

test("daemon: a line in single bytes, and one split inside a character, are lines like others", async () => {
  await using backend = acceptAll();
  await using daemon = await startDaemon();
  await using client = await connectClient(daemon.socketPath);
  const id = "13758215386640154625";
  const text = `{"type":"update_configs","configs":[${tcpCheck(id, backend, { note: "äöü€🙂" })}]}\n`;
  for (const byte of Buffer.from(text)) {
    client.sendBytes(Uint8Array.of(byte));
    // Its own turn of the event loop, so its own write.
    await Bun.sleep(0);
  }
  await stateOf(client, id, "healthy");
  expect(client.lines.filter(({ type }) => type === "error")).toEqual([]);
});

test("daemon: half a line and an end leave nothing behind", async () => {
  await using backend = acceptAll();
  await using daemon = await startDaemon();
  {
    await using client = await connectClient(daemon.socketPath);
    client.update([tcpCheck(1, backend)]);
    await stateOf(client, 1, "healthy");
    client.sendBytes(Buffer.from('{"type":"update_configs"'));
    // The end follows the half line, so both arrive.
    client.close();
    await client.closed;
  }
  await daemon.waitForLog(/Go proxy disconnected/, 5_000);
  await using client = await connectClient(daemon.socketPath);
  // Behind the half line this would be nonsense; on a new connection it is a whole one.
  client.send('{"type":"request_status"}');
  const answer = await client.waitFor(({ type }) => type === "status_response", 5_000);
  expect(answer.statuses.map(({ id, status }) => [id, status.state])).toEqual([["1", "healthy"]]);
});

const MIB = 1_024 * 1_024;

test("daemon: a line of 65 MiB gets an error and the end of the connection; its memory comes back", async () => {
  await using backend = acceptAll();
  await using daemon = await startDaemon();
  const before = daemon.rssBytes();
  let most = 0;
  for (let round = 0; round < 3; round++) {
    await using client = await connectClient(daemon.socketPath);
    client.update([tcpCheck(1, backend, { interval: "50ms" })]);
    await stateOf(client, 1, "healthy");
    const chunk = new Uint8Array(MIB).fill(0x78);
    for (let sent = 0; sent < 65; sent++) client.sendBytes(chunk);
    const error = await client.waitFor(({ type }) => type === "error", 20_000);
    most = Math.max(most, daemon.rssBytes());
    expect(error.message).toContain("longer than 67108864 bytes");
    await client.closed;
  }
  await using client = await connectClient(daemon.socketPath);
  client.update([tcpCheck(1, backend, { interval: "50ms" })]);
  await stateOf(client, 1, "healthy");
  expect((await requestStatus(client)).get("1")).toMatchObject({ failures: 0 });
  const grown = () => daemon.rssBytes() - before;
  // Not all of it at once: a part waits for the collector.
  await until(
    () => grown() < 64 * MIB,
    30_000,
    () => `memory to come back: ${grown() / MIB} MiB more than before`,
  );
  printFigure("RSS above the start after three lines of 65 MiB", grown() / MIB, "MiB");
  printFigure("RSS while taking one", most / MIB, "MiB");
}, 90_000);

test("daemon: the newest client wins, the older gets an error and is closed", async () => {
  await using backend = acceptAll();
  await using daemon = await startDaemon({ config: NO_REFRESH });
  await using older = await connectClient(daemon.socketPath);
  older.update([tcpCheck(1, backend)]);
  await stateOf(older, 1, "healthy");
  await using newer = await connectClient(daemon.socketPath);
  await newer.waitFor(({ type }) => type === "ready", 2_000);
  await older.closed;
  expect(older.lines.at(-1)).toMatchObject({ type: "error" });
  expect(older.lines.at(-1)?.message).toContain("replaced by a newer client");
  const { length } = older.lines;
  newer.update([tcpCheck(1, backend)]);
  await stateOf(newer, 1, "healthy");
  backend.down();
  await stateOf(newer, 1, "unhealthy");
  expect(notifications(newer).length).toBe(2);
  expect(older.lines.length).toBe(length);
});
