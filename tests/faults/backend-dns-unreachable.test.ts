/** Nameservers that the network does not reach: each ICMP error and each refusal of this host by its name. Run by `bun test`. */
import { expect } from "bun:test";
import { runCommand } from "../harness/base/command.ts";
import { peerPath, peerTest, rootTest } from "../harness/base/peers.ts";
import { startLink } from "../harness/machines/link.ts";
import { makeUnreachable, UNREACHABLE } from "../harness/machines/unreachable.ts";

const NAME = "www.example.test";

/** The last line that `probe dns` prints, with the way it ended. */
async function probed(server: string, prefix: readonly string[]): Promise<string> {
  const { status, out, err } = await runCommand(["probe", "dns", NAME, `@${server}`, "-t", "8s"], { prefix });
  return `${status} ${out.trimEnd().split("\n").at(-1) ?? ""}${err}`;
}

const found = (server: string, words: string) => `1 unhealthy: L4CON DNS A ${NAME} @${server}:53: ${words}`;

rootTest(
  "backend: dns: an unreachable server is a failure that names the ICMP error and its sender",
  ["ip", "nsenter"],
  async () => {
    await using link = await startLink();
    const { near } = link;
    const router = link.far.address;
    makeUnreachable(link);
    const answers = await Promise.all([
      probed(router, near.prefix),
      probed(UNREACHABLE.host, near.prefix),
      probed(UNREACHABLE.prohibited, near.prefix),
      // The router has no route.
      probed(UNREACHABLE.third, near.prefix),
      // No host has the address: after three questions by ARP, some 3 s, this host itself reports it.
      probed(UNREACHABLE.absent, near.prefix),
    ]);
    expect(answers).toEqual([
      found(router, "connection refused (ICMP port unreachable)"),
      found(UNREACHABLE.host, `no route to host (ICMP host unreachable from ${router})`),
      found(UNREACHABLE.prohibited, `no route to host (ICMP administratively prohibited from ${router})`),
      found(UNREACHABLE.third, `network is unreachable (ICMP net unreachable from ${router})`),
      found(UNREACHABLE.absent, `no route to host (ICMP host unreachable from ${near.address})`),
    ]);
    // Without a route this host itself reports it, and there is no ICMP message.
    expect(await probed(UNREACHABLE.unrouted, near.prefix)).toBe(
      `3 inconclusive: LOCAL DNS A ${NAME} @${UNREACHABLE.unrouted}:53: network is unreachable; this host has no route`,
    );
  },
  60_000,
);

peerTest(
  "host: dns: a datagram that a firewall of this host blocks says nothing about the server",
  ["strace"],
  async () => {
    const strace = [peerPath("strace"), "-f", "-qq", "-o/dev/null", "-etrace=sendto"];
    expect(await probed("127.0.0.1", [...strace, "-einject=sendto:error=EPERM"])).toBe(
      `3 inconclusive: LOCAL DNS A ${NAME} @127.0.0.1:53: operation not permitted (blocked by a firewall of this host)`,
    );
    expect(await probed("127.0.0.1", [...strace, "-einject=sendto:error=ENOBUFS"])).toBe(
      `3 inconclusive: LOCAL DNS A ${NAME} @127.0.0.1:53: no buffer space`,
    );
  },
  60_000,
);
