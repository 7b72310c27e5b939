/** ICMP checks through real routers and without permissions: what the kernels of a network answer. Run by `bun test`. */
import { expect } from "bun:test";
import { runCommand } from "../harness/base/command.ts";
import { peerPath, peerTest, rootTest } from "../harness/base/peers.ts";
import { icmpCheck } from "../harness/client/checks.ts";
import { connectClient } from "../harness/client/client.ts";
import { requestStatus, stateOf } from "../harness/client/client-assertions.ts";
import { startDaemon } from "../harness/daemon/daemon.ts";
import { type Link, startLink } from "../harness/machines/link.ts";

const BEHIND = "203.0.113.1";
const FAR_V6 = "2001:db8::2";
const BEHIND_V6 = "2001:db8:1::1";
const WITHOUT = "--bounding-set=-all";
const NO_ROUTE = "network is unreachable; this host has no route";
const NO_PERMISSION =
  "open an ICMP socket: operation not permitted; grant CAP_NET_RAW to the service, or let net.ipv4.ping_group_range include its group";

/** The status and the last line of a probe. */
async function probed(prefix: readonly string[], ...args: readonly string[]): Promise<string> {
  const { status, out, err } = await runCommand(["probe", "icmp", ...args], { prefix });
  return `${status} ${out.trimEnd().split("\n").at(-1) ?? ""}${err}`;
}

/** Two networks; the far one is a router with addresses behind it, and unreachable ones. */
async function startRouter(): Promise<Link> {
  const link = await startLink();
  const { near, far } = link;
  for (const setting of [
    "ipv4/ip_forward=1",
    "ipv6/conf/all/forwarding=1",
    "ipv4/icmp_ratelimit=0",
    "ipv6/icmp/ratelimit=0",
  ]) {
    const [path = "", value = ""] = setting.split("=");
    far.run(["sh", "-c", `echo ${value} > /proc/sys/net/${path}`]);
  }
  far.run(["ip", "address", "add", `${BEHIND}/32`, "dev", "lo"]);
  far.run(["ip", "address", "add", `${FAR_V6}/64`, "dev", "cable", "nodad"]);
  near.run(["ip", "address", "add", "2001:db8::1/64", "dev", "cable", "nodad"]);
  near.run(["ip", "route", "add", "203.0.113.0/24", "via", far.address]);
  near.run(["ip", "route", "add", "2001:db8:1::/48", "via", FAR_V6]);
  // What leaves the router comes back to it: the TTL of such a packet ends there.
  far.run(["ip", "route", "add", "203.0.113.64/26", "via", near.address]);
  far.run(["ip", "route", "add", "2001:db8:1:64::/64", "via", "2001:db8::1"]);
  // A redirect uses up the router's allowance of errors for the same source address, so it sends none, and each target is asked from another one.
  for (const name of ["all", "cable"])
    far.run(["sh", "-c", `echo 0 > /proc/sys/net/ipv4/conf/${name}/send_redirects`]);
  for (const last of [2, 3]) {
    near.run(["ip", "address", "add", `192.0.2.1${last}/32`, "dev", "cable"]);
    near.run(["ip", "route", "add", `203.0.113.${last}`, "via", far.address, "src", `192.0.2.1${last}`]);
  }
  far.run(["ip", "route", "add", "unreachable", "203.0.113.2"]);
  far.run(["ip", "route", "add", "prohibit", "203.0.113.3"]);
  far.run(["ip", "route", "add", "unreachable", "2001:db8:1::2"]);
  far.run(["ip", "route", "add", "blackhole", "203.0.113.4"]);
  far.run(["ip", "address", "add", `${BEHIND_V6}/128`, "dev", "lo"]);
  return link;
}

/** Each probe with the end of its output, on any kind of socket. */
const PROBES: readonly (readonly [args: readonly string[], end: string])[] = [
  [[BEHIND], `0 healthy: L4OK ICMP echo to ${BEHIND}: answered`],
  [[BEHIND, "--size", "8972", "--ttl", "1"], `0 healthy: L4OK ICMP echo to ${BEHIND}: answered`],
  [[BEHIND_V6], `0 healthy: L4OK ICMP echo to ${BEHIND_V6}: answered`],
  [[FAR_V6, "--size", "4000"], `0 healthy: L4OK ICMP echo to ${FAR_V6}: answered`],
  [["203.0.113.2"], "1 unhealthy: L4CON ICMP echo to 203.0.113.2: ICMP host unreachable from 192.0.2.2"],
  [
    ["203.0.113.3"],
    "1 unhealthy: L4CON ICMP echo to 203.0.113.3: ICMP administratively prohibited from 192.0.2.2",
  ],
  [
    ["203.0.113.4", "--timeout", "300ms", "--requests", "1"],
    "1 unhealthy: L4TOUT ICMP echo to 203.0.113.4: no answer within 300ms",
  ],
  [
    ["203.0.113.65", "--ttl", "1"],
    "1 unhealthy: L4CON ICMP echo to 203.0.113.65: ICMP TTL exceeded from 192.0.2.2",
  ],
  [
    ["2001:db8:1::2"],
    `1 unhealthy: L4CON ICMP echo to 2001:db8:1::2: ICMP no route to destination from ${FAR_V6}`,
  ],
  [
    ["2001:db8:1:64::1", "--ttl", "1"],
    `1 unhealthy: L4CON ICMP echo to 2001:db8:1:64::1: ICMP hop limit exceeded from ${FAR_V6}`,
  ],
  // No host has the address: this host itself reports so after three ARP requests.
  [
    ["192.0.2.77", "--timeout", "8s"],
    "1 unhealthy: L4CON ICMP echo to 192.0.2.77: ICMP host unreachable from 192.0.2.1",
  ],
  [["198.51.100.1"], `3 inconclusive: LOCAL ICMP echo to 198.51.100.1: ${NO_ROUTE}`],
];

rootTest(
  "backend: icmp: what routers report ends a check with its words and its sender, on both kinds of sockets",
  ["ip", "nsenter"],
  async () => {
    await using link = await startRouter();
    const { near } = link;
    const expected = PROBES.map(([, end]) => end);
    const all = () => Promise.all(PROBES.map(([args]) => probed(near.prefix, ...args)));
    expect(await all()).toEqual(expected);
    near.run(["sh", "-c", "echo 0 0 > /proc/sys/net/ipv4/ping_group_range"]);
    expect(await all()).toEqual(expected);
  },
  60_000,
);

rootTest(
  "host: icmp: without permission a check is inconclusive and names the remedy; a ping socket needs no capability",
  ["ip", "nsenter", "setpriv"],
  async () => {
    await using link = await startRouter();
    const { near } = link;
    const without = [...near.prefix, peerPath("setpriv"), WITHOUT];
    const local = (ip: string) => `3 inconclusive: LOCAL ICMP echo to ${ip}: ${NO_PERMISSION}`;
    expect([await probed(without, BEHIND), await probed(without, BEHIND_V6)]).toEqual([
      local(BEHIND),
      local(BEHIND_V6),
    ]);
    {
      await using daemon = await startDaemon({ prefix: without });
      await using client = await connectClient(daemon.socketPath);
      client.update([icmpCheck(1, BEHIND)]);
      await daemon.waitForLog(/WARN Check inconclusive, state unchanged .*cause=permission/, 10_000);
      expect((await requestStatus(client)).get("1")?.state).toBe("unknown");
    }
    const onlyRaw = [...near.prefix, peerPath("setpriv"), `${WITHOUT},+net_raw`];
    const healthy = `0 healthy: L4OK ICMP echo to ${BEHIND}: answered`;
    expect(await probed(onlyRaw, BEHIND, "--mark", "7")).toBe(healthy);
    near.run(["sh", "-c", "echo 0 0 > /proc/sys/net/ipv4/ping_group_range"]);
    expect(await probed(without, BEHIND)).toBe(healthy);
    // With its own identifier bound to the source address.
    expect(await probed(without, BEHIND, "--source", near.address)).toBe(healthy);
    expect(await probed(without, BEHIND, "--mark", "7")).toBe(
      `3 inconclusive: LOCAL ICMP echo to ${BEHIND}: set mark 7: operation not permitted; grant CAP_NET_ADMIN to the service, or CAP_NET_RAW from Linux 5.17 on`,
    );
    expect(await probed(without, BEHIND, "--source", "192.0.2.99")).toBe(
      `3 inconclusive: LOCAL ICMP echo to ${BEHIND}: bind to source_ip 192.0.2.99: address not available; correct source_ip, or add the address to this host`,
    );
    expect(await probed(near.prefix, BEHIND, "--interface", "eth7")).toBe(
      `3 inconclusive: LOCAL ICMP echo to ${BEHIND}: bind to interface eth7: no such device; correct interface, or bring it up`,
    );
  },
  60_000,
);

rootTest(
  "backend: icmp: a mark, a source address and an interface decide the way of an echo request",
  ["ip", "nsenter"],
  async () => {
    await using link = await startRouter();
    const { near, far } = link;
    const elsewhere = "198.51.100.9";
    far.run(["ip", "address", "add", `${elsewhere}/32`, "dev", "lo"]);
    near.run(["ip", "rule", "add", "fwmark", "7", "lookup", "100"]);
    near.run(["ip", "rule", "add", "from", "192.0.2.11", "lookup", "100"]);
    near.run(["ip", "address", "add", "192.0.2.11/32", "dev", "cable"]);
    near.run(["ip", "route", "add", elsewhere, "via", far.address, "table", "100"]);
    const lost = `3 inconclusive: LOCAL ICMP echo to ${elsewhere}: ${NO_ROUTE}`;
    const healthy = `0 healthy: L4OK ICMP echo to ${elsewhere}: answered`;
    const all = async () => [
      await probed(near.prefix, elsewhere),
      await probed(near.prefix, elsewhere, "--mark", "8"),
      await probed(near.prefix, elsewhere, "--mark", "7"),
      await probed(near.prefix, elsewhere, "--source", "192.0.2.11"),
      await probed(near.prefix, elsewhere, "--interface", "cable"),
    ];
    const expected = [lost, lost, healthy, healthy, healthy];
    expect(await all()).toEqual(expected);
    near.run(["sh", "-c", "echo 0 0 > /proc/sys/net/ipv4/ping_group_range"]);
    expect(await all()).toEqual(expected);
  },
  60_000,
);

rootTest(
  "backend: icmp: a check that is bound to an interface finds the interface of the same name that replaces it",
  ["ip", "nsenter"],
  async () => {
    await using link = await startLink();
    const { near } = link;
    // Its other end has an address in another network, which answers.
    const plug = (far: string) => {
      const { prefix } = link.far;
      const pid = /\/proc\/([0-9]+)\//.exec(prefix.join(" "))?.[1] ?? "";
      near.run(["ip", "link", "add", "spare", "type", "veth", "peer", "name", "end", "netns", pid]);
      near.run(["ip", "address", "add", "198.51.100.5/24", "dev", "spare"]);
      near.run(["ip", "link", "set", "spare", "up"]);
      link.far.run(["ip", "address", "add", `${far}/24`, "dev", "end"]);
      link.far.run(["ip", "link", "set", "end", "up"]);
    };
    plug("198.51.100.6");
    await using daemon = await startDaemon({ prefix: near.prefix });
    await using client = await connectClient(daemon.socketPath);
    client.update([icmpCheck(1, "198.51.100.6", { interface: "spare" })]);
    await stateOf(client, 1, "healthy");
    near.run(["ip", "link", "delete", "spare"]);
    await daemon.waitForLog(/WARN Check inconclusive, state unchanged .*cause=network/, 10_000);
    expect((await requestStatus(client)).get("1")?.state).toBe("healthy");
    plug("198.51.100.7");
    await stateOf(client, 1, "unhealthy");
    link.far.run(["ip", "address", "add", "198.51.100.6/24", "dev", "end"]);
    await stateOf(client, 1, "healthy");
  },
  60_000,
);

peerTest(
  "host: icmp: a request that this host does not send says nothing about the target",
  ["strace"],
  async () => {
    const inject = (error: string) => [
      peerPath("strace"),
      "-f",
      "-qq",
      "-o/dev/null",
      "-etrace=sendto",
      `-einject=sendto:error=${error}`,
    ];
    const local = (message: string) => `3 inconclusive: LOCAL ICMP echo to 127.0.0.1: ${message}`;
    expect(await probed(inject("EPERM"), "127.0.0.1")).toBe(
      local("operation not permitted (blocked by a firewall of this host)"),
    );
    for (const error of ["ENOBUFS", "EAGAIN"])
      expect([error, await probed(inject(error), "127.0.0.1")]).toEqual([error, local("no buffer space")]);
  },
  60_000,
);
