/** UDP services that the network does not reach: ICMP errors by their names, blocked datagrams, and the limits of silence. Run by `bun test`. */
import { expect, test } from "bun:test";
import { runCommand } from "../harness/base/command.ts";
import { peerPath, peerTest, rootTest } from "../harness/base/peers.ts";
import { startLink } from "../harness/machines/link.ts";

const PORT = 7_001;

/** The last line that `probe udp` prints, with the way it ended. */
async function probed(ip: string, prefix: readonly string[], ...args: string[]): Promise<string> {
  const options = ["--send", "ping", "-t", "8s", ...args];
  const { status, out, err } = await runCommand(["probe", "udp", `${ip}:${PORT}`, ...options], { prefix });
  return `${status} ${out.trimEnd().split("\n").at(-1) ?? ""}${err}`;
}

const failed = (ip: string, words: string) => `1 unhealthy: L4CON UDP send to ${ip}:${PORT}: ${words}`;

rootTest(
  "backend: udp: unreachable is a failure that names the ICMP error and its sender, whatever is expected",
  ["ip", "nsenter"],
  async () => {
    await using link = await startLink();
    const { near, far } = link;
    const router = far.address;
    far.run(["sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward"]);
    // ICMP messages to one host are limited to one a second by default.
    far.run(["sh", "-c", "echo 0 > /proc/sys/net/ipv4/icmp_ratelimit"]);
    // Those of a router without a route are limited for each source address, so each backend is asked from another one.
    for (const last of [1, 2, 3]) {
      near.run(["ip", "address", "add", `192.0.2.1${last}/32`, "dev", "cable"]);
      near.run(["ip", "route", "add", `198.51.100.${last}`, "via", router, "src", `192.0.2.1${last}`]);
    }
    far.run(["ip", "route", "add", "unreachable", "198.51.100.1"]);
    far.run(["ip", "route", "add", "prohibit", "198.51.100.2"]);
    far.run(["ip", "route", "add", "blackhole", "198.51.100.3"]);
    const expectNone = ["--expect", "none"];
    const answers = await Promise.all([
      probed(router, near.prefix),
      probed(router, near.prefix, ...expectNone),
      probed("198.51.100.1", near.prefix),
      probed("198.51.100.2", near.prefix, ...expectNone),
      probed("198.51.100.3", near.prefix, "-t", "400ms"),
      probed("198.51.100.3", near.prefix, "-t", "400ms", ...expectNone),
      // No host has the address: after three questions by ARP, some 3 s, this host itself reports it.
      probed("192.0.2.77", near.prefix),
      probed("192.0.2.77", near.prefix, ...expectNone),
      // Without a route this host itself reports it, and there is no ICMP message.
      probed("203.0.113.1", near.prefix, ...expectNone),
    ]);
    const noHost = `no route to host (ICMP host unreachable from ${near.address})`;
    expect(answers).toEqual([
      failed(router, "connection refused (ICMP port unreachable)"),
      failed(router, "connection refused (ICMP port unreachable)"),
      failed("198.51.100.1", `no route to host (ICMP host unreachable from ${router})`),
      failed("198.51.100.2", `no route to host (ICMP administratively prohibited from ${router})`),
      `1 unhealthy: L4TOUT UDP send to 198.51.100.3:${PORT}: no answer within 400ms`,
      `0 healthy: L4OK UDP send to 198.51.100.3:${PORT}: no ICMP error within 400ms`,
      failed("192.0.2.77", noHost),
      failed("192.0.2.77", noHost),
      `3 inconclusive: LOCAL UDP send to 203.0.113.1:${PORT}: network is unreachable; this host has no route`,
    ]);
  },
  60_000,
);

test("host: udp: a target that no check can use is named as such, and not as a missing route", async () => {
  const answers = [await probed("127.255.255.255", []), await probed("[fe80::1]", [])];
  const local = (ip: string, words: string) => `3 inconclusive: LOCAL UDP send to ${ip}:${PORT}: ${words}`;
  expect(answers).toEqual([
    local("127.255.255.255", "permission denied (a broadcast address)"),
    local("[fe80::1]", "invalid argument (a link-local address needs interface)"),
  ]);
}, 30_000);

peerTest(
  "host: udp: a datagram that a firewall of this host blocks says nothing about the backend",
  ["strace"],
  async () => {
    const strace = [peerPath("strace"), "-f", "-qq", "-o/dev/null", "-etrace=sendto"];
    for (const args of [[], ["--expect", "none"]]) {
      expect(await probed("127.0.0.1", [...strace, "-einject=sendto:error=EPERM"], ...args)).toBe(
        `3 inconclusive: LOCAL UDP send to 127.0.0.1:${PORT}: operation not permitted (blocked by a firewall of this host)`,
      );
      expect(await probed("127.0.0.1", [...strace, "-einject=sendto:error=ENOBUFS"], ...args)).toBe(
        `3 inconclusive: LOCAL UDP send to 127.0.0.1:${PORT}: no buffer space`,
      );
    }
  },
  60_000,
);
