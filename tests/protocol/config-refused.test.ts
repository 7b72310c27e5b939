/** CONFIG refused: one bad value a rule, with the exact words. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { readConfig } from "../../src/protocol/healthcheck.ts";
import { configFields, rejection } from "../harness/client/configs.ts";

const ID = "must be an integer from 0 to 18446744073709551615";
const DURATION = 'must be a duration such as "500ms", "5s" or "1m30s", above 0 and at most a year';
const IP = "must be an IPv4 or IPv6 address";
const INTERFACE = "must be an interface name of 1 to 15 bytes without a slash or white space";
const http = { checker_type: "http" };
const dns = { checker_type: "dns", query: "www.example.com", ip: undefined, port: undefined };

test.each([
  [{ id: "1" }, `id: "1" is not valid; ${ID}`],
  [{ id: 1.5 }, `id: 1.5 is not valid; ${ID}`],
  [{ id: null }, `id: missing; ${ID}`],
  [{ id: "minus one" }, `id: "minus one" is not valid; ${ID}`],
  [
    { send_hex: "0" },
    "send_hex: a string (not shown) is not valid; must be bytes as pairs of hexadecimal digits",
  ],
  [{ receive_hex: "0x00" }, 'receive_hex: "0x00" is not valid; must be bytes as pairs of hexadecimal digits'],
  [{ send: "a", send_hex: "00" }, "send_hex: not allowed beside send; must be absent"],
  [{ receive: "a", receive_hex: "00" }, "receive_hex: not allowed beside receive; must be absent"],
  [{ interval: "soon" }, `interval: "soon" is not valid; ${DURATION}`],
  [{ interval: 5 }, `interval: 5 is not valid; ${DURATION}`],
  [{ retries: 1.5 }, "retries: 1.5 is not valid; must be an integer from 0 to 1000000"],
  [{ rise: -1 }, "rise: -1 is out of range; must be an integer from 0 to 1000000"],
  [{ fall: 0.5 }, "fall: 0.5 is not valid; must be an integer from 0 to 1000000"],
  [
    { checker_type: "snmp" },
    'checker_type: "snmp" is not valid; must be one of tcp, http, dns, udp, icmp, radius',
  ],
  [{ ip: "<nil>" }, `ip: "<nil>" is not valid; ${IP}`],
  [{ ip: "www.example.com" }, `ip: "www.example.com" is not valid; ${IP}`],
  [{ ip: "" }, `ip: "" is not valid; ${IP}`],
  [{ ip: "fe80::1%eth0" }, `ip: "fe80::1%eth0" is not valid; ${IP}`],
  [{ ip: "010.0.0.1" }, `ip: "010.0.0.1" is not valid; ${IP}`],
  [{ port: 0 }, "port: 0 is out of range; must be an integer from 1 to 65535"],
  [{ port: 65_536 }, "port: 65536 is out of range; must be an integer from 1 to 65535"],
  [{ port: "80" }, 'port: "80" is not valid; must be an integer from 1 to 65535'],
  [{ mark: -1 }, "mark: -1 is out of range; must be an integer from 0 to 4294967295"],
  [{ mark: 4_294_967_296 }, "mark: 4294967296 is out of range; must be an integer from 0 to 4294967295"],
  [{ mark: 1.5 }, "mark: 1.5 is not valid; must be an integer from 0 to 4294967295"],
  [{ mark: "7" }, 'mark: "7" is not valid; must be an integer from 0 to 4294967295'],
  [{ source_ip: "host" }, `source_ip: "host" is not valid; ${IP}`],
  [{ source_ip: "fe80::1%eth0" }, `source_ip: "fe80::1%eth0" is not valid; ${IP}`],
  [{ source_ip: "::1" }, 'source_ip: "::1" is not valid; must be an IPv4 address, as ip is'],
  [
    { ...http, ip: "::1", source_ip: "10.0.0.1" },
    'source_ip: "10.0.0.1" is not valid; must be an IPv6 address, as ip is',
  ],
  [{ ...dns, source_ip: "10.0.0.1" }, "source_ip: not allowed without ip; must be absent"],
  [
    { ...dns, ip: "::1", source_ip: "10.0.0.1" },
    'source_ip: "10.0.0.1" is not valid; must be an IPv6 address, as ip is',
  ],
  ...["sixteen-letters!", "a/b", "a b", "a\tb", "a\n", "é".repeat(8), ".", "..", "eth0:1", "a\0"].map(
    (name) => [{ interface: name }, `interface: ${JSON.stringify(name)} is not valid; ${INTERFACE}`] as const,
  ),
  [{ interface: 7 }, `interface: 7 is not valid; ${INTERFACE}`],
  [{ close: "slam" }, 'close: "slam" is not valid; must be one of reset, graceful'],
  [{ secure: "yes" }, 'secure: "yes" is not valid; must be true or false'],
  [{ send: 5 }, "send: a number (not shown) is not valid; must be a string"],
  [{ send: "x".repeat(131_073) }, "send: too long; must be at most 131072 characters"],
  [
    { checker_type: "udp", receive: "x".repeat(65_508) },
    "receive: too long; must be at most 65507 bytes, the length of a datagram",
  ],
  [{ server_name: "a b" }, 'server_name: "a b" is not valid; must be a host name'],
  [{ ...http, method: "GET /" }, 'method: "GET /" is not valid; must be an HTTP method'],
  [
    { ...http, method: "Connect", path: "a:1" },
    "method: CONNECT is not supported; must be a method other than CONNECT",
  ],
  [
    { ...http, path: "ftp://x/" },
    "path: a string (not shown) is not valid; must be a path, or a whole http or https URL",
  ],
  [
    { ...http, expected_codes: "200" },
    'expected_codes: "200" is not valid; must be a list of at most 1000 integers',
  ],
  [
    { ...http, expected_codes: [200, 1000] },
    "expected_codes.1: 1000 is out of range; must be an integer from 0 to 999",
  ],
  [
    { ...http, expected_codes: Array(1_001).fill(200) },
    "expected_codes: too long; must be a list of at most 1000 integers",
  ],
  [
    { ...http, host: "a\r\nX: y" },
    'host: "a\\r\\nX: y" is not valid; must be a host name, with or without a port',
  ],
  [{ ...http, headers: { "a b": "x" } }, "headers: a string (not shown) is not valid; must be a header name"],
  [
    { ...http, headers: { a: "x\r\ny: z" } },
    "headers.a: a string (not shown) is not valid; must be a header value without control characters",
  ],
  [
    { ...http, headers: { a: "x\x7f" } },
    "headers.a: a string (not shown) is not valid; must be a header value without control characters",
  ],
  [
    { ...http, headers: { constructor: 5 } },
    "headers.constructor: a number (not shown) is not valid; must be a string",
  ],
  [
    { ...http, method: "head", response: "OK" },
    "response: not allowed with method HEAD, whose responses have no body; must be absent",
  ],
  [{ ...dns, query: "" }, 'query: "" is not valid; must be a domain name'],
  [{ ...dns, query: "grün/x.example" }, 'query: "grün/x.example" is not valid; must be a domain name'],
  [{ ...dns, query: 5 }, "query: 5 is not valid; must be a domain name"],
  [{ ...dns, query: "a..b" }, 'query: "a..b" is not valid; must be a domain name'],
  [
    { ...dns, query: `${"a".repeat(64)}.b` },
    `query: "${"a".repeat(59)}… is not valid; must be a domain name`,
  ],
  [
    { ...dns, query_type: "ANY" },
    'query_type: "ANY" is not valid; must be one of A, AAAA, CAA, CNAME, MX, NS, PTR, SOA, SRV, TXT',
  ],
  [{ ...dns, expected_ips: ["nope"] }, `expected_ips.0: "nope" is not valid; ${IP}`],
  [{ ...dns, expect: 5.5 }, 'expect: "5.5" is not valid; must be an IPv4 address (record type A)'],
  [{ ...dns, expect: {} }, "expect: an object (not shown) is not valid; must be the data of a record"],
  [{ ...dns, expect: [null] }, "expect.0: missing; must be the data of a record"],
  [
    { ...dns, query_type: "MX", expect: "mail.example" },
    'expect: "mail.example" is not valid; must be preference and name, such as "10 mail.example.com" (record type MX)',
  ],
  [
    { ...dns, expect: "::1", expected_ips: ["::1"] },
    "expect: not allowed beside expected_ips; must be absent",
  ],
  [
    { ...dns, expect: "::1", expected_rcode: "NXDOMAIN" },
    "expect: not allowed without NOERROR in expected_rcode; must be absent",
  ],
  [
    { ...dns, expected_ips: ["::1"], expected_rcode: ["NXDOMAIN"] },
    "expected_ips: not allowed without NOERROR in expected_rcode; must be absent",
  ],
  [
    { ...dns, expected_rcode: "NXDOMAINS" },
    'expected_rcode: "NXDOMAINS" is not valid; must be a response code such as NOERROR or NXDOMAIN',
  ],
  [
    { ...dns, expected_rcode: ["RCODE4096"] },
    'expected_rcode.0: "RCODE4096" is not valid; must be a response code such as NOERROR or NXDOMAIN',
  ],
  [{ ...dns, query_class: "ANY" }, 'query_class: "ANY" is not valid; must be one of IN, CH, HS'],
  [
    { ...dns, query_class: "CH", query_type: "A" },
    "query_type: A is not supported in class CH; must be one of CAA, CNAME, MX, NS, PTR, SOA, TXT",
  ],
  [
    { ...dns, query_class: "HS", expected_ips: ["::1"] },
    'expected_ips: "::1" is not valid; must be an address that a query of type TXT can return',
  ],
  [{ ...dns, edns_size: 511 }, "edns_size: 511 is not valid; must be 0 or an integer from 512 to 4096"],
  [{ ...dns, edns_size: 4_097 }, "edns_size: 4097 is out of range; must be an integer from 0 to 4096"],
  [{ ...dns, recursion_desired: "no" }, 'recursion_desired: "no" is not valid; must be true or false'],
  [{ ...dns, ip: "<nil>" }, `ip: "<nil>" is not valid; ${IP}`],
  [{ ...dns, port: 65_536 }, "port: 65536 is out of range; must be an integer from 0 to 65535"],
  [
    { ...dns, query_type: "A", expected_ips: ["::1"] },
    'expected_ips: "::1" is not valid; must be an address that a query of type A can return',
  ],
])("config rejected: %j", (fields, words) => {
  const [only, ...others] = rejection(fields);
  expect(only).toBe(words);
  expect(others).toEqual([]);
});

test.each(["id", "interval", "timeout", "checker_type", "ip", "port"])(
  "config rejected: without %s, with our own message",
  (field) => {
    const [only, ...others] = rejection({ [field]: undefined });
    expect(only).toStartWith(`${field}: `);
    expect(only).not.toMatch(/Invalid|Expected|received/);
    expect(others).toEqual([]);
  },
);

test.each([[null], [5], ["text"], [true]])(
  "config rejected: %j in place of a config, reported once and with our own message",
  (value) => {
    const read = readConfig(value, "wire");
    const messages = read.ok ? [] : read.faults.map(({ message }) => message);
    expect(messages.length).toBe(1);
    expect(messages[0]).not.toMatch(/Invalid|Expected|received|tcp, http/);
  },
);

test("config rejected: headers must be named, a list has no names", () => {
  expect(() => rejection({ ...http, headers: ["X-A: 1"] })).not.toThrow();
});

test("config rejected: every error of a config is reported", () => {
  expect(rejection({ interval: "soon", port: 0, close: "slam" }).map((fault) => fault.split(":")[0])).toEqual(
    ["interval", "port", "close"],
  );
});

test("config rejected: the id is reported when it is readable", () => {
  const id = (changes: object, where: "wire" | "file") => {
    const read = readConfig(configFields({ port: 0, ...changes }), where);
    return read.ok ? "not refused" : String(read.id);
  };
  expect(id({ id: 13758215386640154624n }, "wire")).toBe("13758215386640154624");
  expect(id({ id: "7" }, "wire")).toBe("7");
  expect(id({ id: "7" }, "file")).toBe("7");
  expect(id({ id: -1 }, "wire")).toBe("undefined");
  expect(id({ id: 1.5 }, "wire")).toBe("undefined");
});

test("config rejected: nothing that a client may send makes it throw", () => {
  const anyField = fc.constantFrom(
    "id",
    "interval",
    "ip",
    "port",
    "path",
    "headers",
    "expected_codes",
    "expected_ips",
    "query",
    "method",
  );
  const anyType = fc.constantFrom("tcp", "http", "dns", "udp", "icmp", "radius", "x");
  fc.assert(
    fc.property(anyType, fc.dictionary(anyField, fc.jsonValue()), (type, fields) => {
      const read = readConfig({ ...configFields({}), checker_type: type, ...fields }, "wire");
      expect(read.ok || read.faults.length > 0).toBe(true);
    }),
    { numRuns: 300 },
  );
});
