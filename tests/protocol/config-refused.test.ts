/** CONFIG refused: one bad value a rule, with the exact words. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { readConfig } from "../../src/protocol/healthcheck.ts";
import { configFields, refusal } from "../harness/client/configs.ts";

const ID = "must be an integer from 0 to 18446744073709551615";
const DURATION = 'must be a duration such as "500ms", "5s" or "1m30s", above 0 and at most a year';
const IP = "must be an IPv4 or IPv6 address";
const http = { checker_type: "http" };
const dns = { checker_type: "dns", query: "www.example.com", ip: undefined, port: undefined };

test.each([
  [{ id: "1" }, `id: "1" is not allowed: ${ID}`],
  [{ id: 1.5 }, `id: 1.5 is not allowed: ${ID}`],
  [{ id: null }, `id: null is not allowed: ${ID}`],
  [{ id: "minus one" }, `id: "minus one" is not allowed: ${ID}`],
  [
    { send_hex: "0" },
    "send_hex: a text (not shown) is not allowed: must be bytes as pairs of hexadecimal digits",
  ],
  [
    { receive_hex: "0x00" },
    'receive_hex: "0x00" is not allowed: must be bytes as pairs of hexadecimal digits',
  ],
  [
    { send: "a", send_hex: "00" },
    "send_hex: a text (not shown) is not allowed: must be absent: send is there",
  ],
  [
    { receive: "a", receive_hex: "00" },
    "receive_hex: a text (not shown) is not allowed: must be absent: receive is there",
  ],
  [{ interval: "soon" }, `interval: "soon" is not allowed: ${DURATION}`],
  [{ interval: 5 }, `interval: 5 is not allowed: ${DURATION}`],
  [{ retries: 1.5 }, "retries: 1.5 is not allowed: must be a whole number from 0 to 1000000"],
  [{ rise: -1 }, "rise: -1 is not allowed: must be a whole number from 0 to 1000000"],
  [{ fall: 0.5 }, "fall: 0.5 is not allowed: must be a whole number from 0 to 1000000"],
  [{ checker_type: "icmp" }, 'checker_type: "icmp" is not allowed: must be tcp, http or dns'],
  [{ ip: "<nil>" }, `ip: "<nil>" is not allowed: ${IP}`],
  [{ ip: "www.example.com" }, `ip: "www.example.com" is not allowed: ${IP}`],
  [{ ip: "" }, `ip: "" is not allowed: ${IP}`],
  [{ ip: "fe80::1%eth0" }, `ip: "fe80::1%eth0" is not allowed: ${IP}`],
  [{ ip: "010.0.0.1" }, `ip: "010.0.0.1" is not allowed: ${IP}`],
  [{ port: 0 }, "port: 0 is not allowed: must be a whole number from 1 to 65535"],
  [{ port: 65_536 }, "port: 65536 is not allowed: must be a whole number from 1 to 65535"],
  [{ port: "80" }, 'port: "80" is not allowed: must be a whole number from 1 to 65535'],
  [{ close: "slam" }, 'close: "slam" is not allowed: must be "reset" or "graceful"'],
  [{ secure: "yes" }, 'secure: "yes" is not allowed: must be true or false'],
  [{ send: 5 }, "send: a number (not shown) is not allowed: must be text"],
  [{ send: "x".repeat(9_000) }, "send: must be at most 8192 characters"],
  [{ server_name: "a b" }, 'server_name: "a b" is not allowed: must be a host name'],
  [{ ...http, method: "GET /" }, 'method: "GET /" is not allowed: must be an HTTP method'],
  [
    { ...http, method: "Connect", path: "a:1" },
    'method: "Connect" is not allowed: must be a method other than CONNECT, which asks a proxy for a tunnel',
  ],
  [
    { ...http, path: "ftp://x/" },
    "path: a text (not shown) is not allowed: must be a path or a whole http or https URL",
  ],
  [
    { ...http, expected_codes: "200" },
    'expected_codes: "200" is not allowed: must be a list of at most 1000',
  ],
  [
    { ...http, expected_codes: [200, 1000] },
    "expected_codes.1: 1000 is not allowed: must be a whole number from 0 to 999",
  ],
  [{ ...http, expected_codes: Array(1_001).fill(200) }, "expected_codes: must hold at most 1000 elements"],
  [
    { ...http, host: "a\r\nX: y" },
    'host: "a\\r\\nX: y" is not allowed: must be a host name, maybe with a port',
  ],
  [{ ...http, headers: { "a b": "x" } }, "headers: a text (not shown) is not allowed: must be a header name"],
  [
    { ...http, headers: { a: "x\r\ny: z" } },
    "headers.a: a text (not shown) is not allowed: must be a header value without line breaks",
  ],
  [
    { ...http, method: "head", response: "OK" },
    'response: "OK" is not allowed: must be absent: an answer to HEAD has no body',
  ],
  [{ ...dns, query: "" }, 'query: "" is not allowed: must be a domain name'],
  [{ ...dns, query: "grün/x.example" }, 'query: "grün/x.example" is not allowed: must be a domain name'],
  [{ ...dns, query: 5 }, "query: 5 is not allowed: must be a domain name"],
  [{ ...dns, query: "a..b" }, 'query: "a..b" is not allowed: must be a domain name'],
  [
    { ...dns, query: `${"a".repeat(64)}.b` },
    `query: "${"a".repeat(59)}… is not allowed: must be a domain name`,
  ],
  [
    { ...dns, query_type: "ANY" },
    'query_type: "ANY" is not allowed: must be one of A, AAAA, CAA, CNAME, MX, NS, PTR, SOA, SRV, TXT',
  ],
  [{ ...dns, expected_ips: ["nope"] }, `expected_ips.0: "nope" is not allowed: ${IP}`],
  [{ ...dns, ip: "<nil>" }, `ip: "<nil>" is not allowed: ${IP}`],
  [{ ...dns, port: 65_536 }, "port: 65536 is not allowed: must be a whole number from 0 to 65535"],
  [
    { ...dns, query_type: "A", expected_ips: ["::1"] },
    'expected_ips: "::1" is not allowed: must be what a query of type A can answer with',
  ],
])("config refused: %j", (fields, words) => {
  const [only, ...others] = refusal(fields);
  expect(only).toBe(words);
  expect(others).toEqual([]);
});

test.each(["id", "interval", "timeout", "checker_type", "ip", "port"])(
  "config refused: without %s, in our own words",
  (field) => {
    const [only, ...others] = refusal({ [field]: undefined });
    expect(only).toStartWith(`${field}: `);
    expect(only).not.toMatch(/Invalid|Expected|received/);
    expect(others).toEqual([]);
  },
);

test.each([[null], [5], ["text"], [true]])(
  "config refused: %j in place of a config, said once and in our own words",
  (value) => {
    const read = readConfig(value, "wire");
    const messages = read.ok ? [] : read.faults.map(({ message }) => message);
    expect(messages.length).toBe(1);
    expect(messages[0]).not.toMatch(/Invalid|Expected|received|tcp, http/);
  },
);

test("config refused: headers must be named, a list has no names", () => {
  expect(() => refusal({ ...http, headers: ["X-A: 1"] })).not.toThrow();
});

test("config refused: every fault of a config is told at once", () => {
  expect(refusal({ interval: "soon", port: 0, close: "slam" }).map((fault) => fault.split(":")[0])).toEqual([
    "interval",
    "port",
    "close",
  ]);
});

test("config refused: the id is told when at least that could be read", () => {
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

test("config refused: nothing that a client may send makes it throw", () => {
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
  const anyType = fc.constantFrom("tcp", "http", "dns", "x");
  fc.assert(
    fc.property(anyType, fc.dictionary(anyField, fc.jsonValue()), (type, fields) => {
      const read = readConfig({ ...configFields({}), checker_type: type, ...fields }, "wire");
      expect(read.ok || read.faults.length > 0).toBe(true);
    }),
    { numRuns: 300 },
  );
});
