/**
 * The harness inside the test process, tested: waiting, backends, black holes, the stand-in client. Run by `bun test`.
 */

import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { acceptAll, closedPort, drip, httpAnswer, httpServer } from "../backends/backends.ts";
import { startBlackhole } from "../backends/blackhole.ts";
import { config, connectClient } from "../client/client.ts";
import { closeFd, connectTcp, TCP_STATE, tcpInfo } from "./libc.ts";
import { accepts } from "./ports.ts";
import { makeTempDir } from "./tempdir.ts";
import { until } from "./wait.ts";

const BIG_ID = "13758215386640154624";
const STATUS = `{"duration":1500,"failures":0,"successes":18446744073709551615,"state":"healthy","message":"ok"}`;
const BATCH = `{"type":"notification_batch","batch":{"notifications":[{"id":${BIG_ID},"status":${STATUS}}]}}`;

function openFds(): number {
  return readdirSync("/proc/self/fd").length;
}

test("until: gives the value, and names what it waited for", async () => {
  expect(await until(() => 0, 100, "zero")).toBe(0);
  await expect(until(() => false, 20, "a miracle")).rejects.toThrow("20 ms waiting for a miracle");
});

test("backend: goes down, comes back, and counts how its peers leave", async () => {
  await using backend = acceptAll();
  const { hostname, port } = backend;
  expect(await accepts(hostname, port)).toBe(true);
  await until(() => backend.resets === 1, 1000, "the RST of a terminated connection");
  const polite = await Bun.connect({ hostname, port, socket: { data() {} } });
  await until(() => backend.open === 1, 1000, "an open connection");
  polite.end();
  await until(() => backend.open === 0, 1000, "its end");
  expect({ connections: backend.connections, ends: backend.ends, resets: backend.resets }).toEqual({
    connections: 2,
    ends: 1,
    resets: 1,
  });
  backend.down();
  expect(await accepts(hostname, port)).toBe(false);
  backend.up();
  expect(await accepts(hostname, port)).toBe(true);
});

test("backend: listens on other loopback addresses; a closed port refuses until it is up", async () => {
  await using backend = closedPort({ hostname: "127.3.2.1" });
  expect(await accepts("127.3.2.1", backend.port)).toBe(false);
  backend.up();
  expect(await accepts("127.3.2.1", backend.port)).toBe(true);
});

test("drip and httpServer: write the given bytes", async () => {
  await using slow = drip({ everyMs: 5, text: "+OK" });
  const chunks: string[] = [];
  const data = (_: unknown, bytes: Buffer) => {
    chunks.push(bytes.toString());
  };
  const socket = await Bun.connect({ hostname: slow.hostname, port: slow.port, socket: { data } });
  await until(() => chunks.join("") === "+OK", 1000, "three bytes");
  socket.terminate();

  await using web = httpServer((_, peer) => {
    peer.end(httpAnswer(418, "teapot"));
  });
  const answer = await fetch(`http://127.0.0.1:${web.port}/tea`, { keepalive: false });
  expect([answer.status, await answer.text()]).toEqual([418, "teapot"]);
  expect(web.received).toStartWith("GET /tea HTTP/1.1\r\n");
});

test("blackhole: 300 of them drop SYNs; a revived one accepts; no descriptor stays", async () => {
  const before = openFds();
  {
    await using stack = new AsyncDisposableStack();
    const holes = await Promise.all(Array.from({ length: 300 }, () => startBlackhole()));
    for (const hole of holes) stack.use(hole);
    const probes = holes.map((hole) => connectTcp(hole.hostname, hole.port));
    for (const fd of probes) stack.defer(() => closeFd(fd));
    // A retransmitted SYN was sent twice and answered never.
    await until(() => probes.every((fd) => tcpInfo(fd).retransmits > 0), 4000, "every SYN to be sent again");
    expect(probes.every((fd) => tcpInfo(fd).state === TCP_STATE.synSent)).toBe(true);
    const [first] = holes;
    if (first === undefined) throw new Error("no black hole");
    first.revive();
    expect(await accepts(first.hostname, first.port)).toBe(true);
    expect(first.connections).toBe(1);
  }
  await until(
    () => openFds() <= before,
    2000,
    () => `descriptors to be closed: ${openFds()} of ${before}`,
  );
}, 10_000);

test("client: ids keep their digits, big messages go out whole, a pause stalls the server", async () => {
  await using dir = makeTempDir("client");
  const received: string[] = [];
  const peers: Bun.Socket[] = [];
  const unix = join(dir.path, "s");
  const server = Bun.listen({
    unix,
    socket: {
      open(socket) {
        peers.push(socket);
        socket.write('{"type":"ready"}\n');
      },
      data: (_, bytes) => {
        received.push(bytes.toString());
      },
    },
  });
  await using client = await connectClient(unix);
  await client.waitFor((line) => line.type === "ready", 1000);
  client.update([config({ id: BIG_ID, path: "x".repeat(3_000_000) })]);
  await until(() => received.join("").endsWith('"}]}\n'), 2000, "3 MB");
  expect(received.join("")).toStartWith(`{"type":"update_configs","configs":[{"id":${BIG_ID},"path":"x`);
  peers[0]?.write(`${BATCH}\n`);
  const batch = await client.waitFor((line) => line.type === "notification_batch", 1000);
  expect([batch.statuses[0]?.id, batch.byteLength]).toEqual([BIG_ID, BATCH.length + 1]);
  expect(client.latest.get(BIG_ID)?.state).toBe("healthy");

  client.pause();
  const count = client.lines.length;
  let written = 0;
  for (let line = 0; line < 1000 && (peers[0]?.write(`${BATCH}\n`) ?? 0) > 0; line++) written++;
  // A line of a second connection comes round the same event loop: the paused one had its chance by then.
  await using other = await connectClient(unix);
  await other.waitFor((line) => line.type === "ready", 1000);
  expect(client.lines.length).toBe(count);
  client.resume();
  await until(() => client.lines.length === count + written, 1000, "the lines of the pause");
  server.stop(true);
  await client.closed;
});
