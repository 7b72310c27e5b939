/** The engine's set as CONFIG objects: what each checker becomes, and which healthchecks are rejected, alone. */
import { expect, test } from "bun:test";
import { findCheckType } from "../../src/checks/registry.ts";
import { readConfig } from "../../src/protocol/healthcheck.ts";
import type { Config } from "../../src/rpc/engine-fields.ts";
import { type EngineConfig, entriesOf, readEntry } from "../../src/rpc/engine-set.ts";
import { structType } from "../../src/rpc/gob-type.ts";
import { GobInterface, GobLongBytes, GobMap, GobStruct, type GobValue } from "../../src/rpc/gob-values.ts";
import { formatProblem } from "../../src/schema/problem.ts";
import { readReplies } from "../harness/engine/conversation.ts";
import { GOB_VECTORS, gobVector } from "../harness/engine/gob-vectors.ts";

const FETCH = "SeesawEngine.Healthchecks";

/** The set of a vector's first call. */
function setOf(vector: string): readonly EngineConfig[] {
  const [reply] = readReplies([FETCH], [gobVector(vector).response]);
  if (reply?.ok !== true) throw new Error(`${vector} has no set`);
  return entriesOf(reply.value).map(readEntry);
}

function configsOf(vector: string): Config[] {
  return setOf(vector)
    .map((entry) =>
      entry.ok ? entry.config : { id: BigInt(entry.id ?? 0), faults: entry.faults.map(formatProblem) },
    )
    .sort((a, b) => (BigInt(String(a["id"])) < BigInt(String(b["id"])) ? -1 : 1));
}

const FIRST = 13758215386640154624n;
const PACE = { interval: "1000000000ns", timeout: "500000000ns", retries: 1 };

test("engine set: the capture's eight healthchecks, one of each type", () => {
  expect(configsOf("capture-00")).toEqual([
    {
      id: FIRST,
      ...PACE,
      checker_type: "tcp",
      ip: "127.0.1.1",
      port: 7001,
      send: "PING\r\n",
      receive: "+PONG",
      secure: false,
    },
    {
      id: FIRST + 1n,
      ...PACE,
      checker_type: "http",
      ip: "127.0.1.2",
      port: 7001,
      method: "HEAD",
      path: "/healthz",
      response: "ok",
      expected_codes: [204],
      secure: false,
    },
    {
      id: FIRST + 2n,
      ...PACE,
      checker_type: "dns",
      ip: "2001:db8:0:0:0:0:0:53",
      port: 53,
      query: "www.example.com",
      query_type: "AAAA",
      expected_ips: ["2001:db8::1"],
    },
    {
      id: FIRST + 3n,
      ...PACE,
      checker_type: "udp",
      ip: "127.0.1.4",
      port: 7001,
      send: "ping",
      receive: "pong",
    },
    { id: FIRST + 4n, ...PACE, checker_type: "icmp", ip: "127.0.1.5" },
    {
      id: FIRST + 5n,
      ...PACE,
      checker_type: "radius",
      ip: "127.0.1.6",
      port: 1812,
      username: "user",
      password: "pass",
      secret: "secret",
      expect: "reject",
    },
    {
      id: FIRST + 6n,
      ...PACE,
      checker_type: "tcp",
      ip: "127.0.1.7",
      port: 443,
      secure: true,
      tls_verify: false,
    },
    {
      id: FIRST + 7n,
      ...PACE,
      checker_type: "http",
      ip: "192.0.2.10",
      port: 443,
      method: "GET",
      path: "/",
      expected_codes: [200],
      secure: true,
      tls_verify: false,
      proxy: true,
      mark: 65_537,
      mode: "dsr",
      host: "127.0.1.8",
    },
  ]);
});

test("engine set: bytes that are not text are hexadecimal, and a long string is passed on", () => {
  expect(configsOf("checker-udp-binary")).toMatchObject([{ send_hex: "0001fffe", receive_hex: "0080" }]);
  const [long] = configsOf("checks-long-string");
  expect(String(long?.["send"]).length).toBe(70_000);
});

test("engine set: an engine with other declarations, 4-byte addresses and unknown fields", () => {
  expect(configsOf("checks-other-engine")).toMatchObject([
    { id: 5n, checker_type: "tcp", ip: "10.0.0.1", port: 443, secure: true, tls_verify: true },
    {
      id: 6n,
      checker_type: "dns",
      ip: "10.0.0.2",
      port: 53,
      query: "a.example",
      query_type: "A",
      expected_ips: ["10.9.9.9"],
    },
    {
      id: 7n,
      checker_type: "radius",
      ip: "10.0.0.3",
      port: 1812,
      username: "u",
      password: "p",
      secret: "s",
      expect: "any",
    },
  ]);
});

test.each(["checker-unknown-type", "checker-nested-definition"])(
  "engine set: %s rejects one healthcheck, its neighbor runs",
  (name) => {
    const [unknown, known] = configsOf(name);
    expect(unknown?.["faults"]).toEqual([
      'checker_type: "*healthcheck.FancyChecker" is not valid; must be one of *healthcheck.TCPChecker, *healthcheck.UDPChecker, *healthcheck.HTTPChecker, *healthcheck.DNSChecker, *healthcheck.PingChecker, *healthcheck.RADIUSChecker',
    ]);
    expect(known).toMatchObject({ checker_type: "tcp", port: 22 });
  },
);

test.each(["checks-nil-map", "checks-empty-map"])("engine set: %s is an empty set", (name) => {
  expect(setOf(name)).toEqual([]);
});

test("engine set: a reply of another type is an error, not an empty set", () => {
  const empty = new GobStruct(structType("Empty", []), []);
  for (const reply of [
    0n,
    empty,
    new GobMap([]),
    null,
    new GobStruct(structType("Checks", [["Configs", 2]]), [7n]),
  ])
    expect(() => entriesOf(reply)).toThrow("the reply to Healthchecks is not a set of healthchecks");
});

test("engine set: the healthchecks of every vector are valid on the proxy's wire, if this server has their check type", () => {
  const sets = GOB_VECTORS.filter(({ calls }) => calls[0]?.method === FETCH && calls[0].error === undefined);
  const known = sets
    .flatMap(({ name }) => configsOf(name))
    .filter((config) => findCheckType(String(config["checker_type"])) !== undefined);
  expect(known.length).toBeGreaterThan(800);
  const faults = known.flatMap((config) => {
    const read = readConfig(config, "wire");
    return read.ok ? [] : read.faults.map(formatProblem);
  });
  expect(faults).toEqual([
    "secret: a string (not shown) is not valid; must be a string that is not empty",
    "response: not allowed with method HEAD, whose responses have no body; must be absent",
  ]);
});

/** A struct with these fields alone; their types do not matter to what reads it. */
function struct(fields: Readonly<Record<string, GobValue>>): GobStruct {
  const type = structType(
    "",
    Object.keys(fields).map((name) => [name, 1] as const),
  );
  return new GobStruct(type, Object.values(fields));
}

const text = (value: string) => new Uint8Array(Buffer.from(value));
const TARGET = { IP: new Uint8Array([10, 0, 0, 1]), Port: 80n };
const CHECKER = { Target: struct(TARGET) };
const CONFIG = { Id: 9n, Interval: 10n ** 9n, Timeout: 10n ** 9n };

/** The entry of a healthcheck with some of its values replaced. */
function entry(
  {
    name = "TCP",
    config = {},
    checker = {},
    target = {},
  }: {
    readonly name?: string;
    readonly config?: Readonly<Record<string, GobValue>>;
    readonly checker?: Readonly<Record<string, GobValue>>;
    readonly target?: Readonly<Record<string, GobValue>>;
  },
  key: GobValue = 9n,
): EngineConfig {
  const Checker = new GobInterface(
    `*healthcheck.${name}Checker`,
    struct({ ...CHECKER, Target: struct({ ...TARGET, ...target }), ...checker }),
  );
  return readEntry([key, struct({ ...CONFIG, Checker, ...config })]);
}

test("engine set: the healthcheck of the following tables is valid", () => {
  expect(entry({})).toEqual({
    ok: true,
    config: {
      id: 9n,
      interval: "1000000000ns",
      timeout: "1000000000ns",
      retries: 0,
      checker_type: "tcp",
      ip: "10.0.0.1",
      port: 80,
      secure: false,
    },
  });
});

const IPV6 = new Uint8Array([0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 1]);

const question = (
  fields: Readonly<Record<string, GobValue>>,
  checker: Readonly<Record<string, GobValue>> = {},
) => ({
  name: "DNS",
  checker: { Question: struct({ Name: text("a.test"), Qtype: 1n, Qclass: 1n, ...fields }), ...checker },
});

test.each([
  ["an IPv6 address", { target: { IP: IPV6 } }, { ip: "2001:db8:0:0:0:0:0:ff01" }],
  ["the unspecified address", { target: { IP: new Uint8Array(16) } }, { ip: "0:0:0:0:0:0:0:0" }],
  [
    "a tunnel backend",
    { target: { Mark: 65_536n, Mode: 2n, Host: IPV6 } },
    { mark: 65_536, mode: "tun", host: "2001:db8:0:0:0:0:0:ff01" },
  ],
  ["a TLS name", { checker: { ServerName: text("a.test") } }, { server_name: "a.test" }],
  [
    "a source address",
    { checker: { Source: struct({ IP: new Uint8Array([10, 0, 0, 9]) }) } },
    { source_ip: "10.0.0.9" },
  ],
  [
    "payloads",
    { checker: { Send: text("é\0"), Receive: new Uint8Array([0xc3]) } },
    { send: "é\0", receive_hex: "c3" },
  ],
  ["retries", { config: { Retries: 3n } }, { retries: 3 }],
  [
    "a whole URL",
    { name: "HTTP", checker: { Request: text("http://a.test/?q") } },
    { path: "http://a.test/?q", expected_codes: [0] },
  ],
  [
    "a DNS question for addresses",
    question({}, { Answer: text("10.0.0.9") }),
    { query: "a.test", query_type: "A", expected_ips: ["10.0.0.9"] },
  ],
  [
    "a DNS question for another record",
    question({ Qtype: 15n }, { Answer: text("10 mail.test.") }),
    { query_type: "MX", expect: ["10 mail.test."] },
  ],
  ["a DNS question for any record", question({ Qtype: 257n }), { query_type: "CAA" }],
  [
    "a DNS question about the server",
    question({ Qtype: 16n, Qclass: 3n }, { Answer: text("9.18") }),
    { query_type: "TXT", query_class: "CH", expect: ["9.18"] },
  ],
  ["a ping without a port", { name: "Ping", target: { Port: 0n } }, { checker_type: "icmp" }],
] as const)("engine set: %s", (_, changed, expected) => {
  expect(entry(changed)).toMatchObject({ ok: true, config: expected });
});

const CHECKERS = "one of *healthcheck.TCPChecker";

test.each([
  [
    "an interval of 0",
    { config: { Interval: 0n } },
    "interval: 0ns is not valid; must be a duration above 0",
  ],
  [
    "a negative interval",
    { config: { Interval: -1n } },
    "interval: -1ns is not valid; must be a duration above 0",
  ],
  ["a timeout of 0", { config: { Timeout: 0n } }, "timeout: 0ns is not valid; must be a duration above 0"],
  [
    "an interval that is text",
    { config: { Interval: text("1s") } },
    "interval: a value of another type is not valid; must be an integer",
  ],
  [
    "negative retries",
    { config: { Retries: -1n } },
    "retries: -1 is out of range; must be an integer from 0",
  ],
  ["port 0", { target: { Port: 0n } }, "port: 0 is out of range; must be an integer from 1 to 65535"],
  ["port -1", { target: { Port: -1n } }, "port: -1 is out of range; must be an integer from 1 to 65535"],
  [
    "port 70000",
    { target: { Port: 70_000n } },
    "port: 70000 is out of range; must be an integer from 1 to 65535",
  ],
  ["no address", { target: { IP: new Uint8Array() } }, "ip: missing; must be an IPv4 or IPv6 address"],
  [
    "an address of 5 bytes",
    { target: { IP: new Uint8Array(5) } },
    "ip: an address of 5 bytes is not valid; must be an address of 4 or 16 bytes",
  ],
  ["an unknown mode", { target: { Mode: 3n } }, "mode: 3 is out of range; must be an integer from 0 to 2"],
  ["DSR without a backend", { target: { Mode: 1n } }, "host: missing; must be an IPv4 or IPv6 address"],
  ["no target", { checker: { Target: 0n } }, "ip: missing; must be an IPv4 or IPv6 address"],
  ["no checker", { config: { Checker: null } }, `checker_type: missing; must be ${CHECKERS}`],
  [
    "an unknown checker",
    { name: "Fancy" },
    `checker_type: "*healthcheck.FancyChecker" is not valid; must be ${CHECKERS}`,
  ],
  [
    "a checker whose name may be anything",
    { name: "a b\n" },
    `checker_type: "?" is not valid; must be ${CHECKERS}`,
  ],
  [
    "a payload above 1 MiB",
    { checker: { Send: new GobLongBytes(2_000_000) } },
    "send: too long (2000000 bytes, not shown); must be at most 1 MiB",
  ],
  [
    "a payload of another type",
    { checker: { Receive: 1n } },
    "receive: a value of another type is not valid; must be a string",
  ],
  [
    "a flag of another type",
    { checker: { Secure: 1n } },
    "secure: a value of another type is not valid; must be a boolean",
  ],
  [
    "a path that is not UTF-8",
    { name: "HTTP", checker: { Request: new Uint8Array([0xff]) } },
    "path: not UTF-8 (1 bytes, not shown); must be a string in UTF-8",
  ],
  ["no question", { name: "DNS" }, "query: missing; must be a domain name"],
  [
    "an unknown record type",
    question({ Qtype: 250n }),
    "query_type: 250 is not valid; must be the number of a DNS record type: 1 (A), 2 (NS), 5 (CNAME), 6 (SOA), ",
  ],
  [
    "another class",
    question({ Qclass: 255n }),
    "query_class: 255 is not valid; must be the number of a DNS class: 1 (IN), 3 (CH), 4 (HS)",
  ],
] as const)("engine set: %s is rejected", (_, changed, expected) => {
  const read = entry(changed);
  expect(read.ok ? "valid" : formatProblem(read.faults[0] ?? { path: [], message: "" })).toStartWith(
    expected,
  );
  expect(read).toMatchObject({ ok: false, id: "9" });
});

test("engine set: the key is the id, up to 2^64 − 1; without a valid key the id is unknown", () => {
  expect(entry({}, 2n ** 64n - 1n)).toMatchObject({ ok: true, config: { id: 2n ** 64n - 1n } });
  expect(entry({}, 2n ** 64n)).toMatchObject({ ok: false, id: undefined });
  expect(entry({}, text("9"))).toMatchObject({ ok: false, id: undefined });
  expect(readEntry([9n, 1n])).toMatchObject({ ok: false, id: "9" });
});
