/** The arguments of `probe` as fields of CONFIG. */
import { expect, test } from "bun:test";
import { dnsTarget } from "../../src/checks/dns/probe.ts";
import { httpTarget } from "../../src/checks/http/probe.ts";
import { ProbeArgumentError } from "../../src/checks/probe-command.ts";
import { tcpTarget } from "../../src/checks/tcp/probe.ts";
import { formatProbe, probeJson } from "../../src/cli/probe-output.ts";
import { inconclusive } from "../../src/model/result.ts";
import { failure, success } from "../harness/fakes/fakes.ts";

const tcp = { verify: true };
const http = { verify: true, method: "GET", header: [] };
const dns = { type: "A" };

test("probe tcp: host and port, an IPv6 address in brackets", () => {
  expect(tcpTarget("www.example.com:25", tcp)).toMatchObject({
    host: "www.example.com",
    fields: { checker_type: "tcp", port: 25 },
  });
  expect(tcpTarget("[::1]:25", tcp)).toMatchObject({
    host: "::1",
    fields: { port: 25, server_name: "::1", secure: false },
  });
});

test("probe: socket options of every type", () => {
  const options = { mark: 7, source: "10.0.0.2", interface: "eth0" };
  const fields = { mark: 7, source_ip: "10.0.0.2", interface: "eth0" };
  expect(tcpTarget("a:1", { ...tcp, ...options })).toMatchObject({ fields });
  expect(httpTarget("http://a/", { ...http, ...options })).toMatchObject({ fields });
  expect(dnsTarget("a", "@10.0.0.1", { ...dns, ...options })).toMatchObject({ fields });
});

test("probe tcp: the escapes that a shell does not do", () => {
  const { fields } = tcpTarget("a:1", { ...tcp, send: "PING\\r\\n\\t\\0\\x41\\\\n\\q", receive: "+" });
  expect(fields).toMatchObject({ send: "PING\r\n\t\0A\\n\\q", receive: "+" });
});

test("probe tcp: \\xHH is a byte, and bytes that are not UTF-8 go as hexadecimal", () => {
  const { fields } = tcpTarget("a:1", { ...tcp, send: "\\x00\\xff", receive: "é\\xe9" });
  expect(fields).toMatchObject({ send_hex: "00 ff", receive_hex: "c3 a9 e9" });
  expect(tcpTarget("a:1", { ...tcp, send: "\\xc3\\xa9" }).fields).toMatchObject({ send: "é" });
  expect(tcpTarget("a:1", { ...tcp, send: "a\\" }).fields).toMatchObject({ send: "a\\" });
});

test("probe http: a body that is not UTF-8 cannot be expected", () => {
  expect(() => httpTarget("http://a/", { ...http, response: "\\xff" })).toThrow(
    "must be UTF-8, because a body is compared as text",
  );
});

test("probe tcp: TLS with its name", () => {
  const options = { verify: false, tls: true, serverName: "b.example" };
  expect(tcpTarget("a:1", options).fields).toMatchObject({
    secure: true,
    tls_verify: false,
    server_name: "b.example",
  });
});

test.each(["a", "a:", ":80", "a:b", "::1", "::1:80", "[::1]", "a:80:80"])(
  "probe tcp: %j is wrong usage",
  (where) => {
    expect(() => tcpTarget(where, tcp)).toThrow(
      new ProbeArgumentError(`host:port: "${where}" is not valid; must be HOST:PORT, IPv6 in brackets`),
    );
  },
);

test("probe http: the URL gives the address, and becomes the path as a whole", () => {
  const { host, fields } = httpTarget("https://www.example.com/a?b", http);
  expect(host).toBe("www.example.com");
  expect(fields).toMatchObject({
    port: 443,
    path: "https://www.example.com/a?b",
    server_name: "www.example.com",
  });
  expect(httpTarget("http://[::1]:8080/", http)).toMatchObject({ host: "::1", fields: { port: 8080 } });
  expect(httpTarget("http://a/", http).fields).toMatchObject({ port: 80 });
});

test("probe http: may connect elsewhere, under the URL's name", () => {
  const { host, fields } = httpTarget("https://www.example.com/", { ...http, connect: "10.0.0.1:8443" });
  expect([host, fields["port"], fields["server_name"]]).toEqual(["10.0.0.1", 8443, "www.example.com"]);
});

test("probe http: headers and expectations", () => {
  const options = { ...http, header: ["X-A: 1: 2", "X-B:"], expect: [200], response: "a\\n" };
  expect(httpTarget("http://a/", options).fields).toMatchObject({
    headers: { "X-A": "1: 2", "X-B": "" },
    expected_codes: [200],
    response: "a\n",
  });
  expect(() => httpTarget("http://a/", { ...http, header: ["nonsense"] })).toThrow(ProbeArgumentError);
});

test.each(["www.example.com", "ftp://a/", "http://", ""])("probe http: %j is wrong usage", (url) => {
  expect(() => httpTarget(url, http)).toThrow(
    new ProbeArgumentError(`url: "${url}" is not valid; must be an http or https URL`),
  );
});

test.each([
  [undefined, undefined, undefined],
  ["@10.0.0.53", "10.0.0.53", 53],
  ["@10.0.0.53:5353", "10.0.0.53", 5353],
  ["@::1", "::1", 53],
  ["@[::1]:5353", "::1", 5353],
  ["@dns.example", "dns.example", 53],
])("probe dns: the server %s", (server, host, port) => {
  const target = dnsTarget("www.example.com", server, dns);
  expect([target.host, target.fields["port"], target.fields["query"]]).toEqual([
    host,
    port,
    "www.example.com",
  ]);
});

test.each<[options: object, fields: object]>([
  [{ expect: ["192.0.2.1, ::1", "192.0.2.2"] }, { expected_ips: ["192.0.2.1", "::1", "192.0.2.2"] }],
  [
    { type: "aaaa", expect: ["::1"] },
    { query_type: "aaaa", expected_ips: ["::1"] },
  ],
  [
    { type: "TXT", expect: ["a, b", "c"] },
    { query_type: "TXT", expect: ["a, b", "c"] },
  ],
  [
    { class: "CH", expect: ["a, b"] },
    { query_class: "CH", expect: ["a, b"] },
  ],
  [{ rcode: ["NXDOMAIN"] }, { expected_rcode: ["NXDOMAIN"] }],
  [
    { recursion: false, edns: 1_232 },
    { recursion_desired: false, edns_size: 1_232 },
  ],
])("probe dns: options %j become fields", (options, fields) => {
  expect(dnsTarget("a", "@10.0.0.53", options).fields).toMatchObject(fields);
});

test("probe dns: a server without its @ is wrong usage", () => {
  expect(() => dnsTarget("a", "10.0.0.53", dns)).toThrow(ProbeArgumentError);
});

test("probe output: phases, total and verdict for people", () => {
  expect(formatProbe("tcp://10.0.0.1:80", success())).toBe(
    "tcp://10.0.0.1:80\n" +
      "  connect          3.000 ms\n" +
      "  total            3.000 ms\n" +
      "healthy: L4OK TCP connect to 10.0.0.1:80: connected\n",
  );
  expect(formatProbe("x", failure("L7STS"))).toBe(
    "x\n  total            7.000 ms\nunhealthy: L7STS the check failed\n",
  );
  expect(formatProbe("x", inconclusive("ports", "no port"))).toBe("x\ninconclusive: LOCAL no port\n");
});

test("probe output: one JSON object on one line for programs", () => {
  const json = (text: string) => [text.indexOf("\n") === text.length - 1, JSON.parse(text)];
  expect(json(probeJson("tcp://10.0.0.1:80", success()))).toEqual([
    true,
    {
      target: "tcp://10.0.0.1:80",
      verdict: "healthy",
      code: "L4OK",
      message: "TCP connect to 10.0.0.1:80: connected",
      duration_ms: 3,
      phases: { connect_ms: 3 },
    },
  ]);
  expect(json(probeJson("x", inconclusive("ports", "no port")))).toEqual([
    true,
    { target: "x", verdict: "inconclusive", code: "LOCAL", message: "no port", cause: "ports" },
  ]);
});
