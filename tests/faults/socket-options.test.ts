/**
 * `mark`, `source_ip` and `interface` of healthchecks, on a real interface: each leads to a backend that no other way leads to, and an option
 * that this host rejects says nothing about the backend. Run by `bun test`.
 */
import { expect } from "bun:test";
import { type CallerAddressPorts, startCallerAddress } from "../harness/backends/caller-address.ts";
import { makeCa } from "../harness/backends/certs.ts";
import { type MakeCheck, verdicts } from "../harness/backends/check-table.ts";
import { runCommand } from "../harness/base/command.ts";
import { peerPath, peerTest, rootTest } from "../harness/base/peers.ts";
import { dnsCheck, httpCheck, tcpCheck, udpCheck } from "../harness/client/checks.ts";
import { connectClient } from "../harness/client/client.ts";
import { requestStatus } from "../harness/client/client-assertions.ts";
import { startDaemon } from "../harness/daemon/daemon.ts";
import { type Link, startLink } from "../harness/machines/link.ts";

/** An address of the far network. The near one has a route to it only for packets with mark 7. */
const BEHIND = "203.0.113.1";
const SECOND_SOURCE = "192.0.2.11";
const NEAR_V6 = "2001:db8::11";
const FAR_V6 = "2001:db8::2";
/** Both that allow a mark; the executable runs as root otherwise. */
const WITHOUT = ["--bounding-set=-net_admin,-net_raw"];

/** Two networks with the route and the addresses above. */
async function startRoutes(): Promise<Link> {
  const link = await startLink();
  const { near, far } = link;
  // ICMP messages to one host are limited to one a second by default.
  far.run(["sh", "-c", "echo 0 > /proc/sys/net/ipv4/icmp_ratelimit"]);
  far.run(["ip", "address", "add", `${BEHIND}/32`, "dev", "lo"]);
  far.run(["ip", "address", "add", `${FAR_V6}/64`, "dev", "cable", "nodad"]);
  near.run(["ip", "address", "add", "2001:db8::1/64", "dev", "cable", "nodad"]);
  near.run(["ip", "address", "add", `${NEAR_V6}/64`, "dev", "cable", "nodad"]);
  near.run(["ip", "address", "add", `${SECOND_SOURCE}/32`, "dev", "cable"]);
  near.run(["ip", "rule", "add", "fwmark", "7", "lookup", "100"]);
  near.run(["ip", "route", "add", BEHIND, "via", far.address, "table", "100"]);
  return link;
}

/** Every kind of check, each healthy only when the backend is called from an address. */
function checksOf(ports: CallerAddressPorts, ip: string, from: string, fields: object) {
  const dns = (name: string) => (id: number) =>
    dnsCheck(id, name, { ip, port: ports.dns, expected_ips: [from], ...fields });
  const http = (port: number, secure: boolean) => (id: number) =>
    httpCheck(id, { hostname: ip, port }, { response: from, secure, tls_verify: false, ...fields });
  return {
    tcp: (id: number) =>
      tcpCheck(id, { hostname: ip, port: ports.tcp }, { receive: `from ${from}\n`, ...fields }),
    tcpTls: (id: number) =>
      tcpCheck(id, { hostname: ip, port: ports.https }, { secure: true, tls_verify: false, ...fields }),
    http: http(ports.http, false),
    https: http(ports.https, true),
    dns: dns("www.example.test"),
    dnsOverTcp: dns("big.example.test"),
    udp: (id: number) =>
      udpCheck(id, { hostname: ip, port: ports.udp }, { receive: `from ${from}\n`, ...fields }),
  } satisfies Record<string, MakeCheck>;
}

/** The first two words of each verdict. */
function codes(found: Readonly<Record<string, string>>): string[] {
  return Object.entries(found).map(
    ([name, verdict]) => `${name}: ${verdict.split(" ").slice(0, 2).join(" ")}`,
  );
}

const GOOD = [
  "tcp: healthy L7OK",
  "tcpTls: healthy L6OK",
  "http: healthy L7OK",
  "https: healthy L7OK",
  "dns: healthy L7OK",
  "dnsOverTcp: healthy L7OK",
  "udp: healthy L7OK",
];

rootTest(
  "socket options: a mark, a source address and an interface decide the way of every kind of check",
  ["ip", "nsenter", "openssl"],
  async () => {
    await using ca = await makeCa();
    await using link = await startRoutes();
    const { near, far } = link;
    const cert = ca.issue({ name: "any.test", sans: ["DNS:any.test"] });
    await using backends = await startCallerAddress(far, cert, [BEHIND]);
    const find = async (ip: string, from: string, fields: object) =>
      codes(await verdicts(checksOf(backends.ports, ip, from, fields), { prefix: near.prefix }));

    // Without an option there is no route, and the kernel chooses the first address.
    const lost = await find(BEHIND, near.address, {});
    expect(lost).toEqual(GOOD.map((row) => `${row.split(":")[0]}: unhealthy L4CON`));
    expect(await find(far.address, near.address, {})).toEqual(GOOD);

    expect(await find(BEHIND, near.address, { mark: 7 })).toEqual(GOOD);
    expect(await find(BEHIND, near.address, { mark: 8 })).toEqual(lost);
    expect(await find(far.address, SECOND_SOURCE, { source_ip: SECOND_SOURCE })).toEqual(GOOD);
    // Bound to an interface, a target without a route counts as a neighbor there.
    expect(await find(BEHIND, near.address, { interface: "cable" })).toEqual(GOOD);
    const all = { mark: 7, source_ip: SECOND_SOURCE, interface: "cable" };
    expect(await find(BEHIND, SECOND_SOURCE, all)).toEqual(GOOD);

    const overIpv6 = await verdicts(
      {
        tcp: (id) =>
          tcpCheck(
            id,
            { hostname: FAR_V6, port: backends.ports.tcp },
            { receive: `from ${NEAR_V6}\n`, source_ip: NEAR_V6, mark: 9, interface: "cable" },
          ),
      },
      { prefix: near.prefix },
    );
    expect(codes(overIpv6)).toEqual(["tcp: healthy L7OK"]);
  },
  120_000,
);

/** Each kind of probe, with the beginning of its sentence. */
const PROBES = [
  { args: ["tcp", "192.0.2.2:80"], subject: "TCP connect to 192.0.2.2:80" },
  { args: ["tcp", "192.0.2.2:443", "--tls"], subject: "TCP connect to 192.0.2.2:443" },
  { args: ["http", "http://192.0.2.2/"], subject: "TCP connect to 192.0.2.2:80" },
  { args: ["http", "https://192.0.2.2/"], subject: "TCP connect to 192.0.2.2:443" },
  { args: ["dns", "www.example.test", "@192.0.2.2"], subject: "DNS A www.example.test @192.0.2.2:53" },
  { args: ["udp", "192.0.2.2:7001"], subject: "UDP send to 192.0.2.2:7001" },
  {
    args: ["radius", "192.0.2.2:1812", "--secret", "s3cret", "--method", "status"],
    subject: "RADIUS Status-Server to 192.0.2.2:1812",
  },
];

/** The last line and the status of each kind of probe. */
async function probes(prefix: readonly string[], options: readonly string[]): Promise<string[]> {
  return await Promise.all(
    PROBES.map(async ({ args }) => {
      const { status, out, err } = await runCommand(["probe", ...args, ...options], { prefix });
      return `${status} ${out.trimEnd().split("\n").at(-1) ?? ""}${err}`;
    }),
  );
}

function local(problem: string): string[] {
  return PROBES.map(({ subject }) => `3 inconclusive: LOCAL ${subject}: ${problem}`);
}

rootTest(
  "socket options: without the capability, the address or the interface every check is inconclusive and names the remedy",
  ["ip", "nsenter", "setpriv"],
  async () => {
    await using link = await startRoutes();
    const { near } = link;
    const without = [...near.prefix, peerPath("setpriv"), ...WITHOUT];
    expect(await probes(without, ["--mark", "7"])).toEqual(
      local(
        "set mark 7: operation not permitted; grant CAP_NET_ADMIN to the service, or CAP_NET_RAW from Linux 5.17 on",
      ),
    );
    expect(await probes(without, ["--source", "192.0.2.99"])).toEqual(
      local(
        "bind to source_ip 192.0.2.99: address not available; correct source_ip, or add the address to this host",
      ),
    );
    expect(await probes(without, ["--interface", "eth7"])).toEqual(
      local("bind to interface eth7: no such device; correct interface, or bring it up"),
    );
    await using daemon = await startDaemon({ prefix: without });
    await using client = await connectClient(daemon.socketPath);
    client.update([tcpCheck(1, { hostname: "192.0.2.2", port: 80 }, { mark: 7 })]);
    await daemon.waitForLog(/WARN Check inconclusive, state unchanged .*cause=permission/, 10_000);
    expect((await requestStatus(client)).get("1")?.state).toBe("unknown");
    expect(await probes(without, ["--source", "127.0.0.1"])).toEqual(
      local(
        "connect from source_ip 127.0.0.1: invalid argument; correct source_ip: from a loopback address only this host can be reached",
      ),
    );
    // From Linux 5.17 on, one capability suffices.
    const onlyRaw = [...near.prefix, peerPath("setpriv"), "--bounding-set=-all,+net_raw"];
    const refused = await probes(near.prefix, []);
    expect(refused.map((line) => line.slice(0, 18))).toEqual(PROBES.map(() => "1 unhealthy: L4CON"));
    expect(await probes(onlyRaw, ["--mark", "0xffffffff"])).toEqual(refused);
    // A source address needs no capability.
    expect(await probes(without, ["--source", SECOND_SOURCE])).toEqual(refused);
    expect(await probes(without, ["--interface", "cable"])).toEqual(refused);
  },
  60_000,
);

peerTest(
  "socket options: a kernel that binds to an interface for CAP_NET_RAW only is named, too",
  ["strace"],
  async () => {
    const strace = [peerPath("strace"), "-f", "-qq", "-o/dev/null", "-etrace=setsockopt"];
    expect(await probes([...strace, "-einject=setsockopt:error=EPERM"], ["--interface", "lo"])).toEqual(
      local("bind to interface lo: operation not permitted; grant CAP_NET_RAW to the service"),
    );
  },
  60_000,
);
