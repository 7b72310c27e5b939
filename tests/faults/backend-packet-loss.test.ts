/**
 * UDP, RADIUS, DNS and ICMP checks over a network that loses and rejects packets, by nftables: every type has the verdict of what the network
 * does, and no ICMP of others changes it. Run by `bun test`.
 */
import { expect } from "bun:test";
import { verdicts } from "../harness/backends/check-table.ts";
import {
  DNS_PORT,
  ECHO_PORT,
  RADIUS_PORT,
  startDatagramServices,
} from "../harness/backends/datagram-services.ts";
import { RADIUS_SECRET } from "../harness/backends/radius-server.ts";
import { runCommand } from "../harness/base/command.ts";
import { peerPath, rootTest } from "../harness/base/peers.ts";
import { stopProcess } from "../harness/base/process.ts";
import { until } from "../harness/base/wait.ts";
import { dnsCheck, icmpCheck, radiusCheck, udpCheck } from "../harness/client/checks.ts";
import { connectClient } from "../harness/client/client.ts";
import { requestStatus } from "../harness/client/client-assertions.ts";
import { startDaemon } from "../harness/daemon/daemon.ts";
import { type End, startLink } from "../harness/machines/link.ts";

/** Fault of the network for the packets of an address, as its last byte. */
const ADDRESSES = {
  clear: "198.51.100.1",
  requestsLost: "198.51.100.2",
  answersLost: "198.51.100.3",
  /** Every second request of each type, from the first on. */
  firstRequestLost: "198.51.100.4",
  firstAnswerLost: "198.51.100.5",
  portUnreachable: "198.51.100.6",
  prohibited: "198.51.100.7",
  hostUnreachable: "198.51.100.8",
} as const;
type Fate = keyof typeof ADDRESSES;

const TYPES = ["udp", "radius", "dns", "icmp"] as const;
type Type = (typeof TYPES)[number];

const PROTOCOLS: Readonly<Record<Type, (direction: "dport" | "sport") => string>> = {
  udp: (direction) => `udp ${direction} ${ECHO_PORT}`,
  radius: (direction) => `udp ${direction} ${RADIUS_PORT}`,
  dns: (direction) => `udp ${direction} ${DNS_PORT}`,
  icmp: (direction) => `icmp type ${direction === "dport" ? "echo-request" : "echo-reply"}`,
};
const FATES_OF_SILENCE: readonly Fate[] = ["requestsLost", "answersLost"];
const SILENCE = { timeout: "600ms", retries: 0 };
/** One repetition after at most a second. */
const PATIENT = { timeout: "8s" };

/** Adds a rule to the filter of a network. */
function rules(end: End, chains: Readonly<Record<string, readonly string[]>>): void {
  const text = Object.entries(chains)
    .map(([hook, lines]) => `chain ${hook} { type filter hook ${hook} priority 0; ${lines.join("; ")}; }`)
    .join("\n");
  end.run(["sh", "-c", `echo '${`table ip t {\n${text}\n}`}' | ${peerPath("nft")} -f -`]);
}

/** Every second packet of a type, from the first on; each type is counted alone. */
function everySecond(side: string, direction: "dport" | "sport"): string[] {
  return TYPES.map((type) => `${side} ${PROTOCOLS[type](direction)} numgen inc mod 2 0 drop`);
}

function checkOf(type: Type, fate: Fate): (id: number) => string {
  const hostname = ADDRESSES[fate];
  const pace = { interval: "60s", ...(FATES_OF_SILENCE.includes(fate) ? SILENCE : PATIENT) };
  const dns = { ip: hostname, port: DNS_PORT, query_type: "A", ...pace };
  return (id) => {
    switch (type) {
      case "udp":
        return udpCheck(id, { hostname, port: ECHO_PORT }, { send: "ping", receive: "ping", ...pace });
      case "radius":
        return radiusCheck(id, { hostname, port: RADIUS_PORT }, { secret: RADIUS_SECRET, ...pace });
      case "dns":
        return dnsCheck(id, "www.example.test", dns);
      case "icmp":
        return icmpCheck(id, hostname, pace);
    }
  };
}

const REFUSED = "unhealthy L4CON connection refused (ICMP port unreachable)";
const SUBJECTS: Readonly<Record<Type, RegExp>> = {
  udp: / UDP send to [^ ]+: /,
  radius: / RADIUS Access-Request to [^ ]+: /,
  dns: / DNS A www\.example\.test @[^ ]+: /,
  icmp: / ICMP echo to [^ ]+: /,
};
const ANSWERED: Readonly<Record<Type, string>> = {
  udp: "healthy L7OK answered as expected",
  radius: "healthy L7OK answered Access-Accept",
  dns: "healthy L7OK answered 192.0.2.1",
  icmp: "healthy L4OK answered",
};
const SILENT: Readonly<Record<Type, string>> = {
  udp: "unhealthy L4TOUT no answer within 600ms",
  radius: "unhealthy L7TOUT no answer within 600ms; servers ignore unknown clients and wrong secrets",
  dns: "unhealthy L7TOUT no answer within 600ms",
  icmp: "unhealthy L4TOUT no answer to 2 requests within 600ms",
};

function expected(type: Type, fate: Fate): string {
  switch (fate) {
    case "clear":
    case "firstRequestLost":
    case "firstAnswerLost":
      return ANSWERED[type];
    case "requestsLost":
    case "answersLost":
      return SILENT[type];
    case "portUnreachable":
      return type === "icmp" ? "unhealthy L4CON ICMP port unreachable" : REFUSED;
    case "prohibited":
      return type === "icmp"
        ? "unhealthy L4CON ICMP administratively prohibited"
        : "unhealthy L4CON no route to host (ICMP administratively prohibited)";
    case "hostUnreachable":
      return type === "icmp"
        ? "unhealthy L4CON ICMP host unreachable"
        : "unhealthy L4CON no route to host (ICMP host unreachable)";
  }
}

rootTest(
  "backend: packet loss: one lost packet is no failure, silence and rejection are, for every type over datagrams",
  ["ip", "nsenter", "nft"],
  async () => {
    await using link = await startLink();
    const { near, far } = link;
    far.run(["sh", "-c", "echo 0 > /proc/sys/net/ipv4/icmp_ratelimit"]);
    await using _ = await startDatagramServices(near, far, Object.values(ADDRESSES));
    const to = (fate: Fate) => `ip daddr ${ADDRESSES[fate]}`;
    const from = (fate: Fate) => `ip saddr ${ADDRESSES[fate]}`;
    rules(far, {
      input: [
        `${to("requestsLost")} drop`,
        ...everySecond(to("firstRequestLost"), "dport"),
        `${to("portUnreachable")} reject`,
        `${to("prohibited")} reject with icmp type admin-prohibited`,
        `${to("hostUnreachable")} reject with icmp type host-unreachable`,
      ],
      output: [
        // The loopback errors of the rejections pass.
        `${from("answersLost")} drop`,
        ...everySecond(from("firstAnswerLost"), "sport"),
      ],
    });
    const rows = Object.keys(ADDRESSES).flatMap((name) =>
      // The cast restores the names that keys() has widened.
      TYPES.map((type) => [type, name as Fate] as const),
    );
    const checks = Object.fromEntries(rows.map(([type, fate]) => [`${type} ${fate}`, checkOf(type, fate)]));
    const found = await verdicts(checks, { prefix: near.prefix });
    const shown = rows.map(([type, fate]) => [
      `${type} ${fate}`,
      found[`${type} ${fate}`]?.replace(SUBJECTS[type], " "),
    ]);
    const wanted = rows.map(([type, fate]) => [`${type} ${fate}`, expected(type, fate)]);
    expect(Object.fromEntries(shown)).toEqual(Object.fromEntries(wanted));
  },
  60_000,
);

rootTest(
  "host: packet loss: what the firewall of this host drops says nothing about the backend",
  ["ip", "nsenter", "nft"],
  async () => {
    await using link = await startLink();
    const { near } = link;
    rules(near, { output: ["ip daddr 192.0.2.2 drop"] });
    const probes = [
      ["udp", "192.0.2.2:7001"],
      ["dns", "www.example.test", "@192.0.2.2"],
      ["icmp", "192.0.2.2"],
    ];
    const found = await Promise.all(
      probes.map(async (args) => {
        const { status, out } = await runCommand(["probe", ...args], { prefix: near.prefix });
        return `${status} ${out.trimEnd().split("\n").at(-1) ?? ""}`;
      }),
    );
    for (const line of found)
      expect(line).toMatch(
        /^3 inconclusive: LOCAL .*: operation not permitted \(blocked by a firewall of this host\)$/,
      );
  },
);

const V6 = { near: "2001:db8::1", far: "2001:db8::2", dropped: "2001:db8::3" };
const DROPPED = "198.51.100.9";
const NOISE_SIZES = ["1", "24", "56", "700", "1400"];
const MIN_RESULTS = 30;

/** Pings a target as another program does, without end. */
function noise(end: End, target: string, size: string): AsyncDisposable {
  const args = ["-q", "-l", "-p", "10", "-b", size, target];
  const child = Bun.spawn([...end.prefix, peerPath("fping"), ...args], {
    stdout: "ignore",
    stderr: "ignore",
  });
  return { [Symbol.asyncDispose]: () => stopProcess(child) };
}

rootTest(
  "backend: packet loss: no ICMP of other programs, of whatever size, changes the verdict of a ping",
  ["ip", "nsenter", "nft", "fping"],
  async () => {
    await using stack = new AsyncDisposableStack();
    const link = stack.use(await startLink());
    const { near, far } = link;
    near.run(["ip", "address", "add", `${V6.near}/64`, "dev", "cable", "nodad"]);
    for (const address of [V6.far, V6.dropped])
      far.run(["ip", "address", "add", `${address}/64`, "dev", "cable", "nodad"]);
    far.run(["ip", "address", "add", `${DROPPED}/32`, "dev", "lo"]);
    near.run(["ip", "route", "add", DROPPED, "via", far.address]);
    // The checks have a mark, and the far end answers all but them: what comes from these addresses answers others.
    near.run([
      peerPath("nft"),
      "add table inet m; add chain inet m out { type filter hook output priority 0; }; " +
        `add rule inet m out meta mark 7 ip daddr ${DROPPED} ip dscp set cs1; ` +
        `add rule inet m out meta mark 7 ip6 daddr ${V6.dropped} ip6 dscp set cs1`,
    ]);
    far.run([
      peerPath("nft"),
      "add table inet m; add chain inet m in { type filter hook input priority 0; }; " +
        "add rule inet m in ip dscp cs1 drop; add rule inet m in ip6 dscp cs1 drop",
    ]);
    for (const size of NOISE_SIZES) {
      for (const target of [far.address, DROPPED, V6.far, V6.dropped]) stack.use(noise(near, target, size));
      for (const target of [near.address, V6.near]) stack.use(noise(far, target, size));
    }
    const daemon = stack.use(await startDaemon({ prefix: near.prefix }));
    const client = stack.use(await connectClient(daemon.socketPath));
    const healthy = { interval: "50ms", timeout: "10s" };
    const silent = { interval: "50ms", timeout: "100ms", mark: 7 };
    client.update([
      icmpCheck(1, far.address, healthy),
      icmpCheck(2, V6.far, healthy),
      icmpCheck(3, DROPPED, silent),
      icmpCheck(4, V6.dropped, silent),
    ]);
    const statuses = await until(
      async () => {
        const all = [...(await requestStatus(client)).values()];
        const done = all.length === 4 && all.every((one) => one.successes + one.failures >= MIN_RESULTS);
        return done ? all : undefined;
      },
      30_000,
      "results of every check",
    );
    expect(
      statuses.map(({ successes, failures, message }) => [successes > 0, failures > 0, message]),
    ).toEqual([
      [true, false, `L4OK ICMP echo to ${far.address}: answered`],
      [true, false, `L4OK ICMP echo to ${V6.far}: answered`],
      [false, true, `L4TOUT ICMP echo to ${DROPPED}: no answer to 2 requests within 100ms`],
      [false, true, `L4TOUT ICMP echo to ${V6.dropped}: no answer to 2 requests within 100ms`],
    ]);
  },
  60_000,
);
