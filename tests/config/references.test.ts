/** Tests for src/config/references.ts. */
import { expect, test } from "bun:test";
import { parseReference } from "../../src/config/references.ts";

test.each([
  ["10.0.0.1", { ip: "10.0.0.1", port: undefined }],
  ["10.0.0.1:53", { ip: "10.0.0.1", port: 53 }],
  ["2001:DB8:0:0::1", { ip: "2001:db8::1", port: undefined }],
  ["[2001:db8::1]:53", { ip: "2001:db8::1", port: 53 }],
])("references: %s is one", (text, reference) => {
  expect(parseReference(text)).toEqual(reference);
});

test.each([
  ["a name", "router.example"],
  ["an address of this host's loopback interface", "127.0.0.1"],
  ["the same in IPv6", "[::1]:53"],
  ["a port that is 0", "10.0.0.1:0"],
  ["a port that is too high", "10.0.0.1:65536"],
  ["an IPv4 address in brackets", "[10.0.0.1]:53"],
  ["half an address", "10.0.0"],
  ["an IPv6 address with a zone", "fe80::1%eth0"],
  ["nothing", ""],
])("references: %s is rejected: %s", (_what, text) => {
  expect(parseReference(text)).toBeUndefined();
});
