/** The local ends of UDP sockets, with sockets that are bound to each other's ports on purpose. */
import { expect, test } from "bun:test";
import { AF_INET, AF_INET6, libc, SOCK_DGRAM } from "../../src/system/libc.ts";
import { sockAddr } from "../../src/system/sockaddr.ts";
import { UdpEnds } from "../../src/system/udp-ends.ts";
import { freePort, hasIpv6Loopback } from "../harness/base/ports.ts";

/** A socket from one address to another. */
function open(from: { ip: string; port: number }, to: { ip: string; port: number }) {
  const [local, remote] = [sockAddr(from), sockAddr(to)];
  const fd = libc.socket(from.ip.includes(":") ? AF_INET6 : AF_INET, SOCK_DGRAM, 0);
  expect(libc.bind(fd, local.bytes, local.bytes.length)).toBe(0);
  expect(libc.connect(fd, remote.bytes, remote.bytes.length)).toBe(0);
  return { fd, [Symbol.dispose]: () => void libc.close(fd) };
}

test("udp ends: a socket that is connected to itself meets itself, until it is removed", () => {
  const [port, ends] = [freePort(), new UdpEnds()];
  using self = open({ ip: "127.0.0.1", port }, { ip: "127.0.0.1", port });
  expect(ends.meets(self.fd, port)).toBe(false);
  const key = ends.add(self.fd);
  expect(ends.meets(self.fd, port)).toBe(true);
  ends.remove(key, self.fd);
  expect(ends.meets(self.fd, port)).toBe(false);
});

/** Two addresses, each as the other's socket names it. */
const PAIRS: [string, string, string, string][] = [
  ["127.0.0.1", "127.0.0.1", "127.0.0.1", "127.0.0.1"],
  ["127.0.0.2", "127.0.0.1", "127.0.0.2", "127.0.0.1"],
];
if (hasIpv6Loopback())
  PAIRS.push(
    ["::1", "::1", "::1", "::1"],
    ["::ffff:127.0.0.1", "127.0.0.1", "127.0.0.1", "::ffff:127.0.0.1"],
    ["127.0.0.1", "::ffff:127.0.0.1", "::ffff:127.0.0.1", "127.0.0.1"],
  );

test.each(PAIRS)(
  "udp ends: of two sockets at %s and %s that are connected to each other the second meets the first",
  (a, b, namedA, namedB) => {
    const [one, other, ends] = [{ ip: a, port: freePort() }, { ip: b, port: freePort() }, new UdpEnds()];
    using first = open(one, { ...other, ip: namedB });
    using second = open(other, { ...one, ip: namedA });
    ends.add(first.fd);
    expect(ends.meets(first.fd, other.port)).toBe(false);
    ends.add(second.fd);
    expect(ends.meets(second.fd, one.port)).toBe(true);
  },
);

test("udp ends: the same port at another address is another end", () => {
  const [port, elsewhere, ends] = [freePort(), freePort(), new UdpEnds()];
  using first = open({ ip: "127.0.0.2", port }, { ip: "127.0.0.1", port: elsewhere });
  using second = open({ ip: "127.0.0.1", port: elsewhere }, { ip: "127.0.0.3", port });
  ends.add(first.fd);
  ends.add(second.fd);
  expect(ends.meets(second.fd, port)).toBe(false);
});
