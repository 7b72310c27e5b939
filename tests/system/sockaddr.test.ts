/** Addresses in binary and in their shortest text. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { canonicalIp, sockAddr, unixSockAddr } from "../../src/system/sockaddr.ts";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
/** Family, port, flow label, address, scope. */
const inet6 = (port: string, address: string) => `0a00${port}00000000${address}00000000`;

test.each([
  ["10.0.0.1", 80, 2, "02000050 0a000001 0000000000000000"],
  ["255.255.255.255", 65_535, 2, "0200ffff ffffffff 0000000000000000"],
  ["::1", 80, 10, inet6("0050", "00000000000000000000000000000001")],
  ["::", 1, 10, inet6("0001", "00000000000000000000000000000000")],
  ["2001:db8::ff00:42:8329", 443, 10, inet6("01bb", "20010db8000000000000ff0000428329")],
  ["2001:DB8:0:0:0:FF00:42:8329", 443, 10, inet6("01bb", "20010db8000000000000ff0000428329")],
  ["1:2:3:4:5:6:7:8", 443, 10, inet6("01bb", "00010002000300040005000600070008")],
  ["fe80::", 443, 10, inet6("01bb", "fe800000000000000000000000000000")],
  ["::ffff:192.0.2.1", 443, 10, inet6("01bb", "00000000000000000000ffffc0000201")],
])("sockaddr: %s port %d", (ip, port, family, bytes) => {
  const address = sockAddr({ ip, port });
  expect(address.family).toBe(family);
  expect(hex(address.bytes)).toBe(bytes.replaceAll(" ", ""));
});

test("sockaddr: any IPv6 address has its bytes", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
      const groups = (hex(bytes).match(/.{4}/g) ?? []).join(":");
      expect(hex(sockAddr({ ip: groups, port: 80 }).bytes)).toBe(inet6("0050", hex(bytes)));
      expect(hex(sockAddr({ ip: canonicalIp(groups) ?? "", port: 80 }).bytes)).toBe(
        inet6("0050", hex(bytes)),
      );
    }),
  );
});

test.each([
  ["10.0.0.1", "10.0.0.1"],
  ["::1", "::1"],
  ["0:0:0:0:0:0:0:1", "::1"],
  ["2001:DB8::0:1", "2001:db8::1"],
  ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
  ["::ffff:1.2.3.4", "::ffff:102:304"],
  ["1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"],
  ["1::2:3:4:1.2.3.4", "1::2:3:4:102:304"],
])("canonicalIp: %s is %s", (text, canonical) => {
  expect(canonicalIp(text)).toBe(canonical);
});

test.each([
  "",
  "<nil>",
  "localhost",
  "1.2.3",
  "1.2.3.4.5",
  "256.1.1.1",
  "01.2.3.4",
  "1.2.3.4 ",
  "0x7f.1",
  "2130706433",
  ":::",
  "[::1]",
  "fe80::1%eth0",
  "1:2:3:4:5:6:7",
])("canonicalIp: %j is not an address", (text) => {
  expect(canonicalIp(text)).toBeUndefined();
});

test("canonicalIp: equal addresses are equal texts, and canonical ones stay", () => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV6(), fc.ipV4()), (text) => {
      const canonical = canonicalIp(text) ?? "";
      expect(canonicalIp(canonical)).toBe(canonical);
      expect(canonicalIp(text.toUpperCase())).toBe(canonical);
    }),
  );
});

test("sockaddr: the path of a Unix socket ends with NUL, and fits or is rejected", () => {
  const address = unixSockAddr("/run/ü");
  expect(address?.family).toBe(1);
  expect(hex(address?.bytes ?? new Uint8Array())).toBe(`0100${Buffer.from("/run/ü\0").toString("hex")}`);
  expect(unixSockAddr("a".repeat(107))?.bytes.length).toBe(110);
  expect(unixSockAddr("a".repeat(108))).toBeUndefined();
  expect(unixSockAddr("ü".repeat(54))).toBeUndefined();
});

test.each([
  ["127.0.0.1", 8_080, true],
  ["127.9.9.9", 1_024, true],
  ["::1", 8_080, true],
  ["0:0:0:0:0:0:0:1", 8_080, true],
  ["10.0.0.1", 8_080, false],
])("sockaddr: whether %s port %d is on this host: %p", (ip, port, local) => {
  expect(sockAddr({ ip, port }).local).toBe(local);
});
