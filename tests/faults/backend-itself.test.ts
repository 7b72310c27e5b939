/**
 * A port of this host's own ephemeral range on which nothing listens: the kernel may choose that very port as the local one, and the socket
 * connects to itself. Such a backend is down, at every address of the host and however the address is written. Run by `bun test`.
 */
import { expect } from "bun:test";
import { join } from "node:path";
import { printFigure } from "../harness/base/figures.ts";
import { rootTest } from "../harness/base/peers.ts";
import { until } from "../harness/base/wait.ts";
import { tcpCheck, times, udpCheck } from "../harness/client/checks.ts";
import { connectClient } from "../harness/client/client.ts";
import { notifications, requestStatus } from "../harness/client/client-assertions.ts";
import { startDaemon } from "../harness/daemon/daemon.ts";

const PORTS = 64;
const FIRST_PORT = 61_000;
const CONNECTS = 100_000;
const MIN_RESULTS = 5_000;
const INTERVAL = "200ms";

/** Every own address, in every spelling. */
const ADDRESSES = [
  "127.0.0.1",
  "127.9.9.9",
  "::1",
  "0:0:0:0:0:0:0:1",
  "::ffff:127.0.0.1",
  "0.0.0.0",
  "::",
  "192.0.2.1",
  "192.0.2.7",
  "::ffff:192.0.2.1",
  "2001:db8::1",
  "2001:DB8:0:0::1",
];

/** A prefix: a network with an interface that has three of these addresses, and few ephemeral ports. */
const NETWORK = [
  "unshare",
  "-n",
  "sh",
  "-c",
  [
    "ip link set lo up",
    "ip link add nic type veth peer name other",
    "ip address add 192.0.2.1/24 dev nic",
    "ip address add 192.0.2.7/24 dev nic",
    "ip address add 2001:db8::1/64 dev nic nodad",
    "ip link set nic up",
    "ip link set other up",
    `echo "${FIRST_PORT} ${FIRST_PORT + PORTS - 1}" > /proc/sys/net/ipv4/ip_local_port_range`,
    'exec "$0" "$@"',
  ].join(" && "),
];

rootTest(
  "dialer: of 100,000 connects to own addresses and ephemeral ports none is open",
  ["ip"],
  async () => {
    const script = join(import.meta.dir, "..", "harness", "backends", "self-connect-process.ts");
    const args = [CONNECTS, FIRST_PORT, PORTS, ...ADDRESSES].map(String);
    const child = Bun.spawn([...NETWORK, process.execPath, script, ...args], {
      stdin: "ignore",
      stdout: "pipe",
    });
    // The cast names what our own program writes.
    const counts = JSON.parse(await new Response(child.stdout).text()) as Record<string, number>;
    printFigure("plain sockets of 5,000 that met themselves", counts["plain"] ?? 0, "");
    expect(counts["plain"]).toBeGreaterThan(0);
    expect(counts).toEqual({ plain: counts["plain"] ?? 0, connected: 0, refused: CONNECTS, others: 0 });
  },
  60_000,
);

/** Checks every own port at every own address until there are enough results, and expects that each has failed with the message. */
async function expectFailures(check: typeof tcpCheck, message: RegExp): Promise<void> {
  await using daemon = await startDaemon({ prefix: NETWORK });
  await using client = await connectClient(daemon.socketPath);
  const targets = ADDRESSES.flatMap((hostname) =>
    times(PORTS, (index) => ({ hostname, port: FIRST_PORT + index })),
  );
  client.update(targets.map((target, id) => check(id, target, { interval: INTERVAL })));
  const enough = async () => {
    await Bun.sleep(200);
    const statuses = [...(await requestStatus(client)).values()];
    return statuses.reduce((sum, { failures }) => sum + failures, 0) >= MIN_RESULTS ? statuses : undefined;
  };
  const statuses = await until(enough, 30_000, `${MIN_RESULTS} results`);
  expect(statuses.length).toBe(targets.length);
  expect(statuses.filter(({ successes }) => successes > 0)).toEqual([]);
  expect(notifications(client).filter(({ status }) => status.state === "healthy")).toEqual([]);
  expect(statuses.filter((status) => !message.test(status.message))).toEqual([]);
}

rootTest(
  "backend: nothing listens on an own ephemeral port: over UDP refused, each time, and never answered by a check",
  ["ip"],
  // Any datagram would do, also the check's own.
  () =>
    expectFailures(
      udpCheck,
      /^L4CON UDP send to .*: connection refused( \(ICMP port unreachable( from .+)?\))?$/,
    ),
  60_000,
);

rootTest(
  "backend: nothing listens on an own ephemeral port: refused, each time",
  ["ip"],
  () => expectFailures(tcpCheck, /^L4CON TCP connect to .*: connection refused$/),
  60_000,
);
