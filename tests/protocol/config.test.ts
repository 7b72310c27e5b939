/** Valid CONFIGs: every field with its default. Rejected ones are in config-refused.test.ts. */
import { expect, test } from "bun:test";
import type { CheckSpec } from "../../src/checks/registry.ts";
import { bytesOfText } from "../../src/model/bytes.ts";
import { checkOf, specOf } from "../harness/client/configs.ts";
import { USUAL_DNS, wanting } from "../harness/fakes/fakes.ts";

const TCP = {
  type: "tcp",
  address: { ip: "10.0.0.1", port: 80 },
  tls: undefined,
  send: undefined,
  receive: undefined,
  close: "reset",
  handshake: "half",
} as const;
const HTTP = {
  type: "http",
  address: { ip: "10.0.0.1", port: 80 },
  tls: undefined,
  method: "GET",
  path: "/",
  host: "10.0.0.1",
  headers: [],
  expectedCodes: [],
  response: undefined,
} as const;
const DNS = {
  type: "dns",
  query: "www.example.com",
  queryTypes: ["A", "AAAA"],
  ...USUAL_DNS,
  server: undefined,
} as const;
const http = { checker_type: "http" };
const dns = { checker_type: "dns", query: "www.example.com", ip: undefined, port: undefined };

test("config: a tcp check with nothing but what it must have", () => {
  const pace = {
    intervalMs: 5_000,
    fastIntervalMs: 5_000,
    downIntervalMs: 5_000,
    jitter: 0,
    timeoutMs: 1_000,
    rise: 1,
    fall: 1,
  };
  expect(specOf({})).toEqual({ id: specOf({}).id, ...pace, check: TCP });
  expect(String(specOf({ id: 13758215386640154624n }).id)).toBe("13758215386640154624");
});

test.each([
  [
    { interval: "1m 30s", timeout: "1500µs" },
    { intervalMs: 90_000, timeoutMs: 1.5 },
  ],
  [{ interval: "1m0.5s" }, { intervalMs: 60_500 }],
  [{ retries: 2 }, { rise: 1, fall: 3 }],
  [{ retries: 0 }, { fall: 1 }],
  // Go's zero values.
  [
    { retries: 2, rise: 0, fall: 0 },
    { rise: 1, fall: 3 },
  ],
  [
    { retries: null, rise: null, fall: null },
    { rise: 1, fall: 1 },
  ],
  [
    { retries: 2, rise: 3, fall: 5 },
    { rise: 3, fall: 5 },
  ],
])("config: pace and thresholds: %j", (fields, expected) => {
  expect(specOf(fields)).toMatchObject(expected);
});

const tcpRows: [object, Partial<CheckSpec>][] = [
  [
    { send: "", receive: "", close: "", secure: true, server_name: "" },
    { send: undefined, receive: undefined, close: "reset", tls: { verify: true, serverName: "10.0.0.1" } },
  ],
  [{ ip: "2001:DB8:0:0::1" }, { address: { ip: "2001:db8::1", port: 80 } }],
  [
    { send: "PING\r\n", receive: "+PONG" },
    { send: bytesOfText("PING\r\n"), receive: bytesOfText("+PONG") },
  ],
  [
    { send_hex: "00 FF:0a", receive_hex: "0aff" },
    { send: Uint8Array.of(0, 255, 10), receive: Uint8Array.of(10, 255) },
  ],
  [{ send: "é", send_hex: "" }, { send: Uint8Array.of(0xc3, 0xa9) }],
  [{ send_hex: " ", receive_hex: ":" }, {}],
  [{ send: "", receive: "" }, {}],
  [{ send: null, receive: null, close: null, secure: null, tls_verify: null, server_name: null }, {}],
  [{ close: "graceful" }, { close: "graceful", handshake: "full" }],
  [{ secure: true }, { tls: { verify: true, serverName: "10.0.0.1" } }],
  [
    { secure: true, tls_verify: false, server_name: "a.example" },
    { tls: { verify: false, serverName: "a.example" } },
  ],
  [{ secure: true, server_name: "a.example.." }, { tls: { verify: true, serverName: "a.example" } }],
  [{ secure: false, server_name: "a.example" }, {}],
  // Empty values, as Go writes them for the fields of other checkers, and an unknown field.
  [{ method: "", path: "", expected_codes: null, query: "", expected_ips: null, color: "blue" }, {}],
];
test.each(tcpRows)("config: tcp: %j", (fields, expected) => {
  expect<unknown>(checkOf(fields)).toEqual({ ...TCP, ...expected });
});

const httpRows: [object, object][] = [
  [
    { host: "", response: "", path: "http://a.test/" },
    { host: "a.test", response: undefined },
  ],
  [{ method: "", path: "", expected_codes: [], secure: false }, {}],
  [
    {
      method: null,
      path: null,
      expected_codes: null,
      secure: null,
      headers: null,
      host: null,
      response: null,
    },
    {},
  ],
  [{ method: "head" }, { method: "HEAD" }],
  [
    { method: "options", path: "*" },
    { method: "OPTIONS", path: "*" },
  ],
  [{ path: "*" }, { path: "/*" }],
  [{ path: "healthz?a=b c" }, { path: "/healthz?a=b%20c" }],
  [{ path: "http://www.example.com/healthz" }, { path: "/healthz", host: "www.example.com" }],
  [{ path: "http://www.example.com:8080/" }, { host: "www.example.com:8080" }],
  [{ host: "2001:db8::1" }, { host: "[2001:db8::1]" }],
  [{ host: "[2001:db8::1]:8080" }, { host: "[2001:db8::1]:8080" }],
  [{ headers: { A: "\u{1f600}\t\u20ac" } }, { headers: [["A", "\u{1f600}\t\u20ac"]] }],
  [
    JSON.parse('{"headers":{"constructor":"a","__proto__":"b","prototype":"c"}}'),
    {
      headers: [
        ["constructor", "a"],
        ["__proto__", "b"],
        ["prototype", "c"],
      ],
    },
  ],
  [{ expected_codes: [200, 204] }, { expectedCodes: [200, 204] }],
  [{ expected_codes: [0] }, { expectedCodes: [] }],
  [{ expected_codes: [200, 0] }, { expectedCodes: [] }],
  [{ port: 8080 }, { address: { ip: "10.0.0.1", port: 8080 }, host: "10.0.0.1:8080" }],
  [{ ip: "::1" }, { address: { ip: "::1", port: 80 }, host: "[::1]" }],
  [
    { ip: "::1", port: 81 },
    { address: { ip: "::1", port: 81 }, host: "[::1]:81" },
  ],
  [{ host: "a.example" }, { host: "a.example" }],
  [{ host: "a.example", path: "http://b.example/" }, { host: "a.example" }],
  [{ path: "http://grün.example/" }, { host: "xn--grn-ioa.example" }],
  [
    { host: "grün.example:81", secure: true },
    { host: "xn--grn-ioa.example:81", tls: { verify: true, serverName: "xn--grn-ioa.example" } },
  ],
  [
    { server_name: "grün.example", secure: true },
    { host: "10.0.0.1:80", tls: { verify: true, serverName: "xn--grn-ioa.example" } },
  ],
  [
    { headers: { "X-A": "1", Accept: "text/plain" } },
    {
      headers: [
        ["X-A", "1"],
        ["Accept", "text/plain"],
      ],
    },
  ],
  [{ response: "OK" }, { response: "OK" }],
  [{ response: "" }, {}],
  [
    { secure: true, port: 443 },
    { address: { ip: "10.0.0.1", port: 443 }, tls: { verify: true, serverName: "10.0.0.1" } },
  ],
  [{ secure: true }, { host: "10.0.0.1:80", tls: { verify: true, serverName: "10.0.0.1" } }],
  [
    { path: "https://www.example.com/", port: 443 },
    {
      address: { ip: "10.0.0.1", port: 443 },
      host: "www.example.com",
      tls: { verify: true, serverName: "www.example.com" },
    },
  ],
  [
    { path: "https://www.example.com:8443/", tls_verify: false },
    { host: "www.example.com:8443", tls: { verify: false, serverName: "www.example.com" } },
  ],
  [
    { secure: true, path: "http://www.example.com/", server_name: "sni.example" },
    { host: "www.example.com", tls: { verify: true, serverName: "sni.example" } },
  ],
  [
    { secure: true, host: "a.example:81" },
    { host: "a.example:81", tls: { verify: true, serverName: "a.example" } },
  ],
  [{ path: "https://[::1]/" }, { host: "[::1]", tls: { verify: true, serverName: "::1" } }],
  // An explicit secure wins over the URL, in both directions; an absent one leaves it to the URL.
  [
    { secure: false, path: "https://a.test:8080/x" },
    { host: "a.test:8080", path: "/x", tls: undefined },
  ],
  [
    { secure: null, path: "https://a.test/" },
    { host: "a.test", tls: { verify: true, serverName: "a.test" } },
  ],
  [
    { secure: true, path: "http://a.test/" },
    { host: "a.test", tls: { verify: true, serverName: "a.test" } },
  ],
  [{ host: "www.a.test." }, { host: "www.a.test." }],
];
test.each(httpRows)("config: http: %j", (fields, expected) => {
  expect<unknown>(checkOf({ ...http, ...fields })).toEqual({ ...HTTP, ...expected });
});

const HEADER = { headers: { Host: "header.test" } };
const URL_PATH = { path: "http://url.test/" };
const nameRows: [object, string][] = [
  // server_name, host, a Host header, the URL, the address.
  [{ ...URL_PATH, ...HEADER, host: "host.test", server_name: "name.test" }, "name.test"],
  [{ ...URL_PATH, ...HEADER, host: "host.test" }, "host.test"],
  [{ ...URL_PATH, ...HEADER }, "header.test"],
  [URL_PATH, "url.test"],
  [{}, "10.0.0.1"],
  [{ headers: { HOST: "grün.test:8443" } }, "xn--grn-ioa.test"],
  [{ headers: { hOST: " [::1]:8443" } }, "::1"],
  [{ ...URL_PATH, headers: { Host: "a b" } }, "url.test"],
  [{ headers: { Host: "first.test", host: "second.test" } }, "second.test"],
  // RFC 6066, 3: without the dot at the end.
  [{ host: "www.a.test." }, "www.a.test"],
  [{ host: "www.a.test.:8443" }, "www.a.test"],
  [{ headers: { Host: "www.a.test." } }, "www.a.test"],
  [{ path: "https://www.a.test./" }, "www.a.test"],
  [{ path: "https://www.a.test.:8443/" }, "www.a.test"],
  [{ server_name: "www.a.test." }, "www.a.test"],
  [{ server_name: "www.grün.test。" }, "www.xn--grn-ioa.test"],
];
test.each(nameRows)("config: http: %j names the server of TLS", (fields, serverName) => {
  const check = checkOf({ ...http, secure: true, ...fields });
  expect(check).toMatchObject({ tls: { verify: true, serverName } });
});

test("config: tcp: the name in TLS has no dot at its end", () => {
  const check = checkOf({ secure: true, server_name: "www.a.test." });
  expect(check).toMatchObject({ tls: { serverName: "www.a.test" } });
});

const dnsRows: [object, object][] = [
  [{}, {}],
  [{ expected_ips: null, query_type: null, ip: null, port: null }, {}],
  [{ expected_ips: [], query_type: "", ip: "", port: 0 }, {}],
  [{ expected_ips: [""] }, {}],
  [{ expected_ips: ["", "192.0.2.1"] }, { wanted: wanting(["192.0.2.1"]), queryTypes: ["A"] }],
  [{ expected_ips: ["2001:DB8::0:1"] }, { wanted: wanting(["2001:db8::1"]), queryTypes: ["AAAA"] }],
  [{ query_type: "aaaa" }, { queryTypes: ["AAAA"] }],
  [{ query_type: "MX" }, { queryTypes: ["MX"] }],
  [{ query_type: "A" }, { queryTypes: ["A"] }],
  [{ ip: "10.0.0.53" }, { queryTypes: ["A"], server: { ip: "10.0.0.53", port: 53 } }],
  [
    { ip: "10.0.0.53", expected_ips: ["192.0.2.1", "::1"] },
    {
      queryTypes: ["A", "AAAA"],
      wanted: wanting(["192.0.2.1", "::1"]),
      server: { ip: "10.0.0.53", port: 53 },
    },
  ],
  [{ expected_ips: ["::1", "192.0.2.1"] }, { wanted: wanting(["::1", "192.0.2.1"]) }],
  [
    { ip: "::1", port: 5353 },
    { queryTypes: ["A"], server: { ip: "::1", port: 5353 } },
  ],
  [{ query: "www.example.com." }, { query: "www.example.com." }],
  [{ query: "_sip._tcp.example.com" }, { query: "_sip._tcp.example.com" }],
  [{ query: "Grün.example" }, { query: "xn--grn-ioa.example" }],
  [
    { query: ".", query_type: "NS" },
    { query: ".", queryTypes: ["NS"] },
  ],
];
const wantedRows: [fields: object, wanted: object][] = [
  [{ expect: "192.0.2.1" }, { queryTypes: ["A"], wanted: wanting(["192.0.2.1"]) }],
  [{ expect: ["", "::1", "192.0.2.1"] }, { wanted: wanting(["::1", "192.0.2.1"]) }],
  [{ expect: null, expected_rcode: null, query_class: null, recursion_desired: null, edns_size: null }, {}],
  [{ expect: "", expected_rcode: "", query_class: "", recursion_desired: true, edns_size: 0 }, {}],
  [{ expect: [], expected_rcode: [] }, {}],
  [
    { query_type: "mx", expect: ["010  Mail.Example.", "0 ."] },
    { queryTypes: ["MX"], wanted: wanting(["10 mail.example", "0 ."]) },
  ],
  [{ expected_rcode: "nxdomain" }, { wanted: wanting([], ["NXDOMAIN"]) }],
  [
    { expected_rcode: ["NOERROR", "RCODE12", "rcode3", "BADVERS"] },
    { wanted: wanting([], ["NOERROR", "RCODE12", "NXDOMAIN", "BADVERS"]) },
  ],
  [
    { expected_rcode: ["NOERROR", "NXDOMAIN"], expect: "::1" },
    { queryTypes: ["AAAA"], wanted: wanting(["::1"], ["NOERROR", "NXDOMAIN"]) },
  ],
  [{ query_class: "ch" }, { queryTypes: ["TXT"], options: { ...USUAL_DNS.options, queryClass: "CH" } }],
  [
    { query_class: "HS", query_type: "CNAME" },
    { queryTypes: ["CNAME"], options: { ...USUAL_DNS.options, queryClass: "HS" } },
  ],
  [
    { recursion_desired: false, edns_size: 1_232 },
    { options: { queryClass: "IN", recursionDesired: false, ednsBytes: 1_232 } },
  ],
];
test.each([...dnsRows, ...wantedRows])("config: dns: %j", (fields, expected) => {
  expect<unknown>(checkOf({ ...dns, ...fields })).toEqual({ ...DNS, ...expected });
});

test.each([{}, http, { ...dns, ip: "10.0.0.1" }])("config: %j has socket options", (fields) => {
  const socketOf = (options: object) => checkOf({ ...fields, ...options });
  const none = { mark: undefined, sourceIp: undefined, interface: undefined };
  expect<unknown>(socketOf({})).toMatchObject({ socket: undefined });
  expect<unknown>(socketOf({ mark: 0, source_ip: "", interface: "" })).toMatchObject({ socket: undefined });
  expect<unknown>(socketOf({ mark: null, source_ip: null, interface: null })).toMatchObject({
    socket: undefined,
  });
  expect<unknown>(socketOf({ mark: 4_294_967_295 })).toMatchObject({
    socket: { ...none, mark: 4_294_967_295 },
  });
  expect<unknown>(socketOf({ source_ip: "10.0.0.2" })).toMatchObject({
    socket: { ...none, sourceIp: "10.0.0.2" },
  });
  expect<unknown>(socketOf({ interface: "fifteen-letters" })).toMatchObject({
    socket: { ...none, interface: "fifteen-letters" },
  });
});

test("config: a dns check without ip has a mark and an interface, and a source address has its shortest form", () => {
  expect<unknown>(checkOf({ ...dns, mark: 7, interface: "eth0" })).toMatchObject({
    socket: { mark: 7, sourceIp: undefined, interface: "eth0" },
  });
  expect<unknown>(checkOf({ ip: "::1", source_ip: "2001:db8:0:0::2" })).toMatchObject({
    socket: { sourceIp: "2001:db8::2" },
  });
});

test("config: a checks file may have its ids in quotes and its numbers as bigint", () => {
  const spec = specOf({ id: "18446744073709551615", port: 80n, retries: 2n }, "file");
  expect(spec).toMatchObject({ fall: 3, check: TCP });
  expect(String(spec.id)).toBe("18446744073709551615");
});
