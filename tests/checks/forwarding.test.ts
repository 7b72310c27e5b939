/** Checks of a backend behind a VIP: the fields of every check type, their contradictions, sentences, target, view, attributes and identity. */
import { expect, test } from "bun:test";
import { checkTypeOf, formatTarget } from "../../src/checks/registry.ts";
import { detail } from "../../src/http/views.ts";
import type { HealthcheckSpec } from "../../src/model/spec.ts";
import { readConfig } from "../../src/protocol/healthcheck.ts";
import { formatProblem } from "../../src/schema/problem.ts";
import { FakeDialer, fakeEnv, VirtualTime } from "../harness/fakes/fakes.ts";
import { Stock } from "../harness/fakes/monitor-stock.ts";

const PACE = { id: 1n, interval: "1s", timeout: "500ms", retries: 0 };
const PATH = { mode: "dsr", host: "10.0.0.7", mark: 65_537 };
const VIP = "192.0.2.1";

/** Every kind of check that can be forwarded: its fields, its target without the backend, and for TCP the beginning of its sentence. */
const FORWARDED = [
  ["tcp", { checker_type: "tcp", port: 80 }, `tcp://${VIP}:80`, `TCP connect to ${VIP}:80`],
  ["tls", { checker_type: "tcp", port: 443, secure: true }, `tls://${VIP}:443`, `TCP connect to ${VIP}:443`],
  [
    "http",
    { checker_type: "http", port: 80, path: "/a?b" },
    `http://${VIP}:80/a?…`,
    `TCP connect to ${VIP}:80`,
  ],
  ["dns", { checker_type: "dns", query: "a.test" }, `dns://${VIP}:53/a.test`, ""],
  ["udp", { checker_type: "udp", port: 7001 }, `udp://${VIP}:7001`, ""],
  ["radius", { checker_type: "radius", secret: "s", method: "status" }, `radius://${VIP}:1812`, ""],
] as const;

/** Leaves out the fields that are undefined, as JSON would. */
function withoutAbsent(fields: object): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function spec(fields: Readonly<Record<string, unknown>>): HealthcheckSpec {
  const read = readConfig(withoutAbsent({ ...PACE, ip: VIP, ...fields }), "wire");
  if (!read.ok) throw new Error(read.faults.map(formatProblem).join("; "));
  return read.spec;
}

function faults(fields: Readonly<Record<string, unknown>>): string[] {
  const read = readConfig(withoutAbsent({ ...PACE, ip: VIP, ...fields }), "wire");
  return read.ok ? [] : read.faults.map(formatProblem);
}

test.each(FORWARDED)("forwarding: %s names VIP and backend", (_, fields, target) => {
  const healthcheck = spec({ ...fields, ...PATH });
  expect(formatTarget(healthcheck.check)).toBe(`${target} via 10.0.0.7`);
  expect(detail(new Stock().add(healthcheck)).config).toMatchObject(PATH);
  expect(checkTypeOf(healthcheck.check).attributes(healthcheck.check)).toMatchObject({
    "server.address": VIP,
    "healthcheck.mode": "dsr",
    "healthcheck.host": "10.0.0.7",
    "healthcheck.mark": 65_537,
  });
});

const ECONNREFUSED = 111;

test.each(FORWARDED.slice(0, 3))(
  "forwarding: %s names both when it fails",
  (_name, fields, _target, subject) => {
    using time = new VirtualTime();
    const dialer = new FakeDialer();
    const { check } = spec({ ...fields, ...PATH });
    const messages: string[] = [];
    checkTypeOf(check)
      .create(check, fakeEnv(time, dialer))
      .start(500, ({ message }) => messages.push(message));
    dialer.fail(dialer.last, ECONNREFUSED);
    dialer.poll();
    expect(messages).toEqual([`${subject} via 10.0.0.7 (mark 65537): connection refused`]);
  },
);

test.each(FORWARDED)("forwarding: %s is another check with another mode, backend or mark", (_, fields) => {
  const one = spec({ ...fields, ...PATH });
  for (const changed of [{ mode: "tun" }, { host: "10.0.0.8" }, { mark: 65_538 }, { mode: "", host: "" }]) {
    const other = spec({ ...fields, ...PATH, ...changed });
    expect(Bun.deepEquals(one.check, other.check)).toBe(false);
  }
});

test.each(FORWARDED)("forwarding: %s needs host and mark", (_, fields) => {
  const faultsOf = (changes: object) => faults({ ...fields, ...PATH, ...changes });
  const host = "the IPv4 or IPv6 address of the backend with mode: dsr";
  expect(faultsOf({ host: undefined })).toEqual([`host: missing; must be ${host}`]);
  expect(faultsOf({ host: "" })).toEqual([`host: missing; must be ${host}`]);
  expect(faultsOf({ mark: 0 })).toEqual([
    "mark: missing; must be an integer from 1 to 4294967295 with mode: dsr",
  ]);
  expect(faultsOf({ host: "2001:db8::7" })).toEqual([
    'host: "2001:db8::7" is not valid; must be an IPv4 address, as ip is, with mode: dsr',
  ]);
  // A tunnel may cross the families.
  expect(faultsOf({ host: "2001:db8::7", mode: "tun" })).toEqual([]);
  expect(faultsOf({ mode: "nat" })).toEqual(['mode: "nat" is not valid; must be one of plain, dsr, tun']);
  expect(faultsOf({ host: "www.example.com" })).toEqual([
    `host: "www.example.com" is not valid; must be ${host}`,
  ]);
});

test.each(FORWARDED.filter(([name]) => name !== "http"))(
  "forwarding: a plain %s check has no other host than ip",
  (_, fields) => {
    const faultsOf = (changes: object) => faults({ ...fields, ...changes });
    const fault = "host: not allowed with mode: plain; must be absent or equal to ip";
    expect(spec({ ...fields, host: "www.example.com" })).toEqual(spec({ ...fields }));
    expect(faultsOf({ mode: "plain", host: "10.0.0.7", mark: 7 })).toEqual([fault]);
    const plain = spec({ ...fields, mode: "plain", host: VIP });
    expect(plain).toEqual(spec({ ...fields }));
  },
);

test("forwarding: addresses are compared in their shortest form", () => {
  const fields = { checker_type: "tcp", port: 80, ip: "2001:db8::1", mode: "dsr", mark: 7 };
  expect(spec({ ...fields, host: "2001:db8:0:0::7" })).toEqual(spec({ ...fields, host: "2001:db8::7" }));
  expect(formatTarget(spec({ ...fields, host: "2001:0db8::7" }).check)).toBe(
    "tcp://[2001:db8::1]:80 via 2001:db8::7",
  );
});

test("forwarding: a check of the system resolver and a ping have no backend behind a VIP", () => {
  expect(faults({ checker_type: "dns", query: "a.test", ip: undefined, ...PATH })).toEqual([
    "ip: missing; must be an IPv4 or IPv6 address, the VIP, with mode: dsr",
  ]);
  expect(faults({ checker_type: "icmp", ...PATH })).toEqual([
    'mode: "dsr" is not valid; must be one of plain',
  ]);
  expect(faults({ checker_type: "icmp", mode: "plain", mark: 7 })).toEqual([]);
});

test("forwarding: the host of an HTTP check is its backend, and path or headers have the Host header", () => {
  const http = (fields: object) =>
    detail(new Stock().add(spec({ checker_type: "http", port: 80, ...fields }))).config;
  expect(http({ host: "www.example.com" })).toMatchObject({ host: "www.example.com" });
  expect(http({ host: "10.0.0.7", mode: "plain" })).toMatchObject({ host: "10.0.0.7" });
  expect(http(PATH)).toMatchObject({ host: "10.0.0.7", host_header: VIP });
  expect(http({ ...PATH, path: "http://www.example.com/" })).toMatchObject({
    host: "10.0.0.7",
    host_header: "www.example.com",
  });
  expect(http({ ...PATH, secure: true, headers: { Host: "a.test" } })).toMatchObject({
    tls: { server_name: "a.test" },
  });
});
