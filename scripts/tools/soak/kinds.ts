/** The kind of each backend, and its healthcheck. */
import {
  dnsCheck,
  httpCheck,
  icmpCheck,
  radiusCheck,
  tcpCheck,
  udpCheck,
} from "../../../tests/harness/client/checks.ts";

/** As many of each. */
export const KINDS = ["tcp", "http", "https", "dns", "udp", "radius", "icmp"] as const;

/** Shared by the radius backends and their checks. */
export const RADIUS_SECRET = "soak";

/** An equal share of each. */
export function kindOf(index: number): (typeof KINDS)[number] {
  return KINDS[index % KINDS.length] ?? "tcp";
}

/** Generous: other users of the machine may starve the backends for a while, which would be no false verdict but a true one. */
const FIELDS = { interval: "1s", timeout: "5s", retries: 1 };
/** A handshake costs as much as 50 other checks. */
const SECURE = { interval: "5s", secure: true, server_name: "soak.test" };
const WANTED = { expected_codes: [200], response: "ok" };

/** The CONFIG of a backend's check; its id is the index. */
export function checkOf(index: number, port: number): string {
  const target = { hostname: "127.0.0.1", port };
  switch (kindOf(index)) {
    case "tcp":
      return tcpCheck(index, target, FIELDS);
    case "http":
      return httpCheck(index, target, { ...FIELDS, ...WANTED });
    case "https":
      return httpCheck(index, target, { ...FIELDS, ...WANTED, ...SECURE });
    case "dns":
      return dnsCheck(index, "www.soak.test", {
        ...FIELDS,
        ip: target.hostname,
        port,
        expected_ips: ["192.0.2.1"],
        edns_size: index % 2 === 0 ? 0 : 1_232,
      });
    case "udp":
      return udpCheck(index, target, { ...FIELDS, send: "ping", receive: "pong" });
    case "radius":
      return radiusCheck(index, target, { ...FIELDS, secret: RADIUS_SECRET, password: "a password" });
    case "icmp":
      // The kernel answers for each address of the loopback net.
      return icmpCheck(index, `127.88.${index >> 8}.${index & 0xff}`, FIELDS);
  }
}
