/** Targets as people see them. */
import { expect, test } from "bun:test";
import type { DnsSpec } from "../../src/checks/dns/spec.ts";
import { formatTarget } from "../../src/checks/registry.ts";
import { formatResult, inconclusive } from "../../src/model/result.ts";
import { formatAddress } from "../../src/model/spec.ts";
import { shownPath } from "../../src/redaction/urls.ts";
import { success, tcpSpec, USUAL_DNS } from "../harness/fakes/fakes.ts";
import { httpSpec } from "../harness/fakes/http-spec.ts";

const tls = { verify: true, serverName: "www.example.com" };

function dnsSpec(server: DnsSpec["server"]): DnsSpec {
  return {
    type: "dns",
    socket: undefined,
    query: "www.example.com",
    queryTypes: ["A"],
    ...USUAL_DNS,
    server,
  };
}

test("spec: an IPv6 address is in brackets", () => {
  expect(formatAddress({ ip: "10.0.0.1", port: 80 })).toBe("10.0.0.1:80");
  expect(formatAddress({ ip: "::1", port: 80 })).toBe("[::1]:80");
});

test("spec: a target shows what is asked and where", () => {
  expect(formatTarget(tcpSpec())).toBe("tcp://10.0.0.1:80");
  expect(formatTarget(tcpSpec(443, { tls }))).toBe("tls://10.0.0.1:443");
  expect(formatTarget(httpSpec({ path: "/healthz" }))).toBe("http://10.0.0.1:80/healthz");
  expect(formatTarget(httpSpec({ tls, address: { ip: "::1", port: 443 } }))).toBe("https://[::1]:443/");
  expect(formatTarget(httpSpec({ method: "OPTIONS", path: "*" }))).toBe("http://10.0.0.1:80");
  expect(formatTarget(dnsSpec({ ip: "10.0.0.53", port: 53 }))).toBe("dns://10.0.0.53:53/www.example.com");
  expect(formatTarget(dnsSpec(undefined))).toBe("dns:///www.example.com");
  const rootSpec: DnsSpec = { ...dnsSpec(undefined), query: "." };
  expect(formatTarget(rootSpec)).toBe("dns:///.");
});

test("spec: a target hides the query string", () => {
  const shown = formatTarget(httpSpec({ path: "/healthz?token=hunter2&a=?b" }));
  expect(shown).toBe("http://10.0.0.1:80/healthz?…");
});

test.each([
  ["/healthz?token=hunter2", "/healthz?…"],
  ["/@scope/a@b", "/@scope/a@b"],
  ["/at/12:30", "/at/12:30"],
  ["/a?b=c:d@e", "/a?…"],
  // URLs that were not understood as such.
  ["/hunter2@host/x", "/…"],
  ["//hunter2@host/x?token=hunter2", "//…"],
  ["/hunter2@host", "/…"],
  ["/a/hunter2?b@c", "/a/hunter2?…"],
  ["/@scope/x", "/@scope/x"],
  ["/user:hunter2@host/x", "/…"],
  ["//user:hunter2@host/x?token=hunter2", "//…"],
  ["/http:/user:hun/ter2@host", "/…"],
  ["//user:hunt?er2@host", "//…"],
])("spec: of the path %s no secrets are shown", (path, shown) => {
  expect(shownPath(path)).toBe(shown);
});

test("result: a result is its code and its sentence", () => {
  expect(formatResult(success())).toBe("L4OK TCP connect to 10.0.0.1:80: connected");
  expect(formatResult(inconclusive("ports", "no free local port"))).toBe("LOCAL no free local port");
});
