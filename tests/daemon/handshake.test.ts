/**
 * The extent of the handshake of a TCP check: a bare check is SYN, SYN-ACK, RST, and no application of a backend ever sees it; a check that
 * speaks opens exactly one connection, whose last ACK rides on its first data. Run by `bun test`.
 */
// alone: a process that stalls longer than the kernel delays an ACK would open connections
import { expect, test } from "bun:test";
import { decode, encode } from "dns-packet";
import { acceptAll, drip, httpAnswer, httpServer } from "../harness/backends/backends.ts";
import { makeCa } from "../harness/backends/certs.ts";
import { type Counter, startCounter } from "../harness/backends/counter.ts";
import { framed } from "../harness/backends/rogue-dns-server.ts";
import { peerTest, rootTest } from "../harness/base/peers.ts";
import { freePort } from "../harness/base/ports.ts";
import { UNDISTURBED } from "../harness/base/undisturbed.ts";
import { until } from "../harness/base/wait.ts";
import { dnsCheck, httpCheck, tcpCheck, times } from "../harness/client/checks.ts";
import { type Client, connectClient } from "../harness/client/client.ts";
import { requestStatus, stateOf } from "../harness/client/client-assertions.ts";
import { startDaemon } from "../harness/daemon/daemon.ts";
import { startLink } from "../harness/machines/link.ts";
import { startCapture } from "../harness/observers/packets.ts";

const BARE = 10_000;
const FULL = 1_000;
/** One check each while the test runs. */
const ONCE = { interval: "10m", timeout: "30s" };
const RESULTS_MS = 30_000;
const TRUNCATED = 0x8380;
const ANSWERED = 0x8180;

/** Waits until every healthcheck has a result, and expects a success of each. */
async function expectAllHealthy(client: Client, count: number): Promise<void> {
  const all = async () => {
    const statuses = [...(await requestStatus(client)).values()];
    return statuses.length === count && statuses.every(({ state }) => state !== "unknown")
      ? statuses
      : undefined;
  };
  const statuses = await until(all, RESULTS_MS, `${count} results`);
  expect(statuses.filter(({ state, message }) => state !== "healthy" || !message.includes("OK "))).toEqual(
    [],
  );
}

async function expectAccepted(counter: Counter, count: number): Promise<void> {
  await until(async () => (await counter.accepted()).silent >= count, 5_000, `${count} connections`);
  expect((await counter.accepted()).silent).toBe(count);
}

test("daemon: of 10,000 bare checks the application accepts none; with `handshake: full` it accepts all", async () => {
  await using counter = await startCounter();
  await using daemon = await startDaemon({ prefix: UNDISTURBED });
  await using client = await connectClient(daemon.socketPath);
  const { silent } = counter.targets;
  const bare = times(BARE, (id) => tcpCheck(id, silent, ONCE));
  client.update(bare);
  await expectAllHealthy(client, BARE);
  expect((await counter.accepted()).silent).toBe(0);
  const full = times(FULL, (index) => tcpCheck(BARE + index, silent, { ...ONCE, handshake: "full" }));
  client.update(full);
  await expectAllHealthy(client, FULL);
  await expectAccepted(counter, FULL);
}, 60_000);

test("daemon: `checks.handshake: full` opens the connection of every bare check, but `handshake: half` of a check wins", async () => {
  await using counter = await startCounter();
  await using daemon = await startDaemon({ prefix: UNDISTURBED, config: "checks: { handshake: full }" });
  await using client = await connectClient(daemon.socketPath);
  const { silent } = counter.targets;
  client.update(
    times(200, (id) => tcpCheck(id, silent, { ...ONCE, ...(id % 2 === 0 ? { handshake: "half" } : {}) })),
  );
  await expectAllHealthy(client, 200);
  await expectAccepted(counter, 100);
});

peerTest(
  "daemon: a check that speaks, listens or closes gracefully opens exactly one connection",
  ["openssl"],
  async () => {
    await using ca = await makeCa();
    const tls = ca.issue({ name: "good", sans: ["DNS:good.test"] });
    const secure = { ...ONCE, secure: true, server_name: "good.test" };
    await using graceful = acceptAll();
    await using banner = drip({ everyMs: 1, text: "220 ready\r\n" });
    await using echo = httpServer((_, socket) => void socket.write("pong"));
    await using web = httpServer((_, socket) => void socket.end(httpAnswer(200)));
    await using tlsOnly = acceptAll({ tls });
    await using https = httpServer((_, socket) => void socket.end(httpAnswer(200)), { tls });
    await using dns = await dnsOverTcp();
    await using daemon = await startDaemon({ env: { SSL_CERT_FILE: ca.caFile } });
    await using client = await connectClient(daemon.socketPath);
    client.update([
      tcpCheck(0, graceful, { ...ONCE, close: "graceful" }),
      tcpCheck(1, banner, { ...ONCE, receive: "220" }),
      tcpCheck(2, echo, { ...ONCE, send: "ping\r\n\r\n", receive: "pong" }),
      httpCheck(3, web, ONCE),
      tcpCheck(4, tlsOnly, secure),
      httpCheck(5, https, secure),
      dnsCheck(6, "www.example.test", {
        ...ONCE,
        ip: "127.0.0.1",
        port: dns.port,
        expected_ips: ["192.0.2.7"],
      }),
    ]);
    await expectAllHealthy(client, 7);
    const backends = [graceful, banner, echo, web, tlsOnly, https, dns];
    await until(() => graceful.connections === 1, 5_000, "the graceful connection");
    expect(backends.map(({ connections }) => connections)).toEqual([1, 1, 1, 1, 1, 1, 1]);
  },
);

rootTest(
  "daemon: on the wire a bare check is SYN, SYN-ACK and RST; a request carries the last ACK",
  ["ip", "nsenter"],
  async () => {
    await using link = await startLink();
    await using counter = await startCounter(link.far.address, link.far.prefix);
    await using capture = await startCapture(link.near);
    await using daemon = await startDaemon({ prefix: [...link.near.prefix, ...UNDISTURBED] });
    await using client = await connectClient(daemon.socketPath);
    const { silent, web, rude } = counter.targets;
    client.update([
      ...times(50, (id) => tcpCheck(id, silent, ONCE)),
      ...times(50, (index) => httpCheck(50 + index, web, ONCE)),
      ...times(50, (index) => tcpCheck(100 + index, rude, ONCE)),
    ]);
    await expectAllHealthy(client, 150);
    const handshake = ["S", "SA", "RA"];
    // Not one connection of the backend that resets what it accepts: it accepts none.
    for (const { port } of [silent, rude]) {
      await until(() => capture.connections(port).flat().length >= 150, 5_000, "the packets of bare checks");
      expect(capture.connections(port)).toEqual(times(50, () => handshake));
    }
    const requests = capture.connections(web.port);
    expect(requests.length).toBe(50);
    for (const packets of requests) {
      expect(packets.slice(0, 3)).toEqual(["S", "SA", expect.stringMatching(/^PA\+\d+$/)]);
    }
    expect(await counter.accepted()).toEqual({ silent: 0, web: 50, rude: 0 });
    client.update(times(50, (index) => tcpCheck(200 + index, silent, { ...ONCE, handshake: "full" })));
    await expectAllHealthy(client, 50);
    await expectAccepted(counter, 50);
    expect(capture.connections(silent.port).slice(50)).toEqual(times(50, () => ["S", "SA", "A", "RA"]));
  },
);

rootTest(
  "daemon: the sequence number of one host's check does not follow from that of another host's",
  ["ip", "nsenter"],
  async () => {
    await using link = await startLink();
    const second = "192.0.2.3";
    link.far.run(["ip", "address", "add", `${second}/24`, "dev", "cable"]);
    await using one = await startCounter(link.far.address, link.far.prefix);
    await using two = await startCounter(second, link.far.prefix);
    await using capture = await startCapture(link.near);
    await using daemon = await startDaemon({ prefix: link.near.prefix });
    await using client = await connectClient(daemon.socketPath);
    client.update(
      [one, two].map(({ targets }, id) => tcpCheck(id, targets.silent, { interval: "100ms", timeout: "5s" })),
    );
    const syns = ({ targets }: Counter) =>
      capture.packets.filter(({ flags, targetPort }) => flags === "S" && targetPort === targets.silent.port);
    await until(() => syns(one).length >= 20 && syns(two).length >= 20, 10_000, "20 checks of each host");
    const numbers = capture.packets.filter(({ flags }) => flags === "S");
    // A socket that changed hosts adds its last window and 2, which is less than this.
    const MAX_WINDOW = 65_540;
    const following = numbers.filter(({ sequence, targetPort }) =>
      numbers.some((other) => {
        const distance = (sequence - other.sequence) >>> 0;
        return other.targetPort !== targetPort && distance > 0 && distance <= MAX_WINDOW;
      }),
    );
    // By chance one pair in 65,000 is that close, and there are some 800 pairs; with shared sockets nearly every number follows.
    expect(following.length).toBeLessThan(5);
  },
);

rootTest(
  "daemon: the verdict is the same when the process stalls past the delayed ACK, whatever the application does then",
  ["ip", "nsenter"],
  async () => {
    await using link = await startLink();
    await using counter = await startCounter(link.far.address, link.far.prefix);
    await using capture = await startCapture(link.near);
    await using daemon = await startDaemon({ prefix: link.near.prefix });
    await using client = await connectClient(daemon.socketPath);
    const { silent, rude } = counter.targets;
    const targets = [silent, rude];
    // The backend's host drops the first SYN. Its repetition, a second later, is answered while the daemon does not run.
    link.far.run(["ip", "route", "add", "blackhole", `${link.near.address}/32`]);
    client.update(targets.map((target, id) => tcpCheck(id, target, ONCE)));
    const sent = () => targets.every(({ port }) => capture.connections(port).length === 1);
    await until(sent, 5_000, "both SYNs");
    daemon.signal("SIGSTOP");
    link.far.run(["ip", "route", "del", "blackhole", `${link.near.address}/32`]);
    const accepted = async () => {
      const counts = await counter.accepted();
      return counts.silent === 1 && counts.rude === 1;
    };
    await until(accepted, 10_000, "the application to accept both connections");
    daemon.signal("SIGCONT");
    for (const id of [0, 1]) expect((await stateOf(client, id, "healthy")).message).toStartWith("L4OK");
    expect(capture.connections(silent.port)).toEqual([["S", "S", "SA", "A", "RA"]]);
  },
);

/** A nameserver whose answer does not fit into a datagram. */
async function dnsOverTcp() {
  const port = freePort();
  const udp = await Bun.udpSocket({
    hostname: "127.0.0.1",
    port,
    socket: {
      data(socket, bytes, from, address) {
        const { id, questions } = decode(bytes);
        socket.send(encode({ type: "response", id, flags: TRUNCATED, questions }), from, address);
      },
      error() {},
    },
  });
  let connections = 0;
  const tcp = Bun.listen({
    hostname: "127.0.0.1",
    port,
    socket: {
      open() {
        connections++;
      },
      data(socket, bytes) {
        const { id, questions } = decode(bytes.subarray(2));
        const name = questions?.[0]?.name ?? "";
        const answers = [{ type: "A" as const, name, ttl: 1, data: "192.0.2.7" }];
        socket.write(framed(encode({ type: "response", id, flags: ANSWERED, questions, answers })));
      },
      error() {},
    },
  });
  return {
    port,
    get connections() {
      return connections;
    },
    async [Symbol.asyncDispose]() {
      udp.close();
      tcp.stop(true);
    },
  };
}
