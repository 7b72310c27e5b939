/** UDP services that the network does not reach: ICMP errors by their names, blocked datagrams, and the limits of silence. Run by `bun test`. */
import { expect, test } from "bun:test";
import { runCommand } from "../harness/base/command.ts";
import { peerPath, peerTest, rootTest } from "../harness/base/peers.ts";
import { startLink } from "../harness/machines/link.ts";
import { makeUnreachable, UNREACHABLE } from "../harness/machines/unreachable.ts";

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
    const { near } = link;
    const router = link.far.address;
    makeUnreachable(link, "blackhole");
    const expectNone = ["--expect", "none"];
    const answers = await Promise.all([
      probed(router, near.prefix),
      probed(router, near.prefix, ...expectNone),
      probed(UNREACHABLE.host, near.prefix),
      probed(UNREACHABLE.prohibited, near.prefix, ...expectNone),
      probed(UNREACHABLE.third, near.prefix, "-t", "400ms"),
      probed(UNREACHABLE.third, near.prefix, "-t", "400ms", ...expectNone),
      // No host has the address: after three questions by ARP, some 3 s, this host itself reports it.
      probed(UNREACHABLE.absent, near.prefix),
      probed(UNREACHABLE.absent, near.prefix, ...expectNone),
      // Without a route this host itself reports it, and there is no ICMP message.
      probed(UNREACHABLE.unrouted, near.prefix, ...expectNone),
    ]);
    const noHost = `no route to host (ICMP host unreachable from ${near.address})`;
    expect(answers).toEqual([
      failed(router, "connection refused (ICMP port unreachable)"),
      failed(router, "connection refused (ICMP port unreachable)"),
      failed(UNREACHABLE.host, `no route to host (ICMP host unreachable from ${router})`),
      failed(UNREACHABLE.prohibited, `no route to host (ICMP administratively prohibited from ${router})`),
      `1 unhealthy: L4TOUT UDP send to ${UNREACHABLE.third}:${PORT}: no answer within 400ms`,
      `0 healthy: L4OK UDP send to ${UNREACHABLE.third}:${PORT}: no ICMP error within 400ms`,
      failed(UNREACHABLE.absent, noHost),
      failed(UNREACHABLE.absent, noHost),
      `3 inconclusive: LOCAL UDP send to ${UNREACHABLE.unrouted}:${PORT}: network is unreachable; this host has no route`,
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
