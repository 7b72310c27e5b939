/** Names of hosts and domains, in ASCII. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { domainName, hostName } from "../../src/model/domain-name.ts";

const LONGEST = `${"a".repeat(63)}.`.repeat(3) + "a".repeat(61);

test.each([
  "www.example.com",
  "WWW.Example.com.",
  "_sip._tcp.example.com",
  "*.example.com",
  "a\\.b.example.com",
  "0/25.2.0.192.in-addr.arpa",
  "xn--grn-ioa.example",
  "-",
  ".",
  LONGEST,
  `${LONGEST}.`,
])("domain name: %s stays as it is", (name) => {
  expect(domainName(name)).toBe(name);
});

test.each([
  ["grün.example", "xn--grn-ioa.example"],
  ["GRÜN.Example.", "xn--grn-ioa.example."],
  ["_sip._tcp.grün.example", "_sip._tcp.xn--grn-ioa.example"],
  ["gru\u0308n.example", "xn--grn-ioa.example"],
  ["faß.example", "xn--fa-hia.example"],
  ["例え.テスト", "xn--r8jz45g.xn--zckzah"],
  ["例え。テスト", "xn--r8jz45g.xn--zckzah"],
])("domain name: %s is asked for as %s", (name, ascii) => {
  expect(domainName(name)).toBe(ascii);
});

test.each([
  "",
  "..",
  ".com",
  "a..b",
  "a b",
  "a\0",
  `${"a".repeat(64)}.example`,
  `${LONGEST}a`,
  `${"ü".repeat(63)}.example`,
  "grün/x.example",
  "grün\\.example",
  "grün%2e.example",
  "grün example",
  "grün..example",
  "\u00ad.example",
  "\ud800.example",
  "xn--a.grün",
])("domain name: %j is not valid", (name) => {
  expect(domainName(name)).toBeUndefined();
});

test.each([
  ["www.example.com:8080", "www.example.com:8080"],
  ["[::1]:8443", "[::1]:8443"],
  ["::1", "::1"],
  ["grün.example", "xn--grn-ioa.example"],
  ["grün.example:80", "xn--grn-ioa.example:80"],
])("host name: %s is sent as %s", (name, ascii) => {
  expect(hostName(name)).toBe(ascii);
});

test.each(["", "a/b", "a b", "user@a", "grün:x", "grün|.example", "ü\r\nX: y"])(
  "host name: %j is not valid",
  (name) => {
    expect(hostName(name)).toBeUndefined();
  },
);

test("domain name: whatever is taken is visible ASCII, in labels that fit, and means itself", () => {
  const label = fc.oneof(
    fc.constantFrom("www", "grün", "_sip", "テ", "ß", "xn--grn-ioa", ""),
    fc.string({ unit: "binary" }),
  );
  fc.assert(
    fc.property(fc.array(label, { maxLength: 5 }), (labels) => {
      const name = domainName(labels.join("."));
      if (name === undefined) return;
      expect(name).toMatch(/^[\x21-\x7e]{1,254}$/);
      for (const part of name === "." ? [] : name.replace(/\.$/, "").split(".")) {
        expect(part.length >= 1 && part.length <= 63).toBe(true);
      }
      expect(domainName(name)).toBe(name);
    }),
    { numRuns: 2_000 },
  );
});
