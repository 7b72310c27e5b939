/** Nameservers that the network does not reach: each ICMP error and each refusal of this host by its name. Run by `bun test`. */
import { expect } from "bun:test";
import { runCommand } from "../harness/base/command.ts";
import { peerPath, peerTest, rootTest } from "../harness/base/peers.ts";
import { startLink } from "../harness/machines/link.ts";

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
    const { near, far } = link;
    const router = far.address;
    far.run(["sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward"]);
    // ICMP messages to one host are limited to one a second by default.
    far.run(["sh", "-c", "echo 0 > /proc/sys/net/ipv4/icmp_ratelimit"]);
    // Those of a router without a route are limited for each source address, so each server is asked from another one.
    for (const last of [1, 2, 3]) {
      near.run(["ip", "address", "add", `192.0.2.1${last}/32`, "dev", "cable"]);
      near.run(["ip", "route", "add", `198.51.100.${last}`, "via", router, "src", `192.0.2.1${last}`]);
    }
    far.run(["ip", "route", "add", "unreachable", "198.51.100.1"]);
    far.run(["ip", "route", "add", "prohibit", "198.51.100.2"]);
    const answers = await Promise.all([
      probed(router, near.prefix),
      probed("198.51.100.1", near.prefix),
      probed("198.51.100.2", near.prefix),
      // The router has no route.
      probed("198.51.100.3", near.prefix),
      // No host has the address: after three questions by ARP, some 3 s, this host itself reports it.
      probed("192.0.2.77", near.prefix),
    ]);
    expect(answers).toEqual([
      found(router, "connection refused (ICMP port unreachable)"),
      found("198.51.100.1", `no route to host (ICMP host unreachable from ${router})`),
      found("198.51.100.2", `no route to host (ICMP administratively prohibited from ${router})`),
      found("198.51.100.3", `network is unreachable (ICMP net unreachable from ${router})`),
      found("192.0.2.77", `no route to host (ICMP host unreachable from ${near.address})`),
    ]);
    // Without a route this host itself reports it, and there is no ICMP message.
    expect(await probed("203.0.113.1", near.prefix)).toBe(
      `3 inconclusive: LOCAL DNS A ${NAME} @203.0.113.1:53: network is unreachable; this host has no route`,
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
