/** The engine's wire against Go itself: net/rpc and encoding/gob with the engine's types, of before and after June 2020. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { parseId } from "../../src/model/id.ts";
import { type Notification, UNKNOWN } from "../../src/model/status.ts";
import { checkReportReply, fetchCall, reportCall } from "../../src/rpc/engine-calls.ts";
import { entriesOf, readEntry } from "../../src/rpc/engine-set.ts";
import { gobInt, gobStruct } from "../../src/rpc/gob-encoder.ts";
import { RpcClient, type RpcReply } from "../../src/rpc/rpc-client.ts";
import { formatProblem } from "../../src/schema/problem.ts";
import { makeTempDir, type TempDir } from "../harness/base/tempdir.ts";
import { until } from "../harness/base/wait.ts";
import { pollReply } from "../harness/engine/conversation.ts";
import { type EngineCheck, type GoEngine, startGoEngine } from "../harness/engine/goengine.ts";

setDefaultTimeout(90_000);

const IDENTITY = "healthcheck [pid 4711]";
const FIRST_ID = 13758215386640154624n;
let dir: TempDir;
let engines: { readonly [Age in "new" | "old"]: GoEngine };
const fetchSet = (client: RpcClient) => client.call(fetchCall(IDENTITY));
const pathOf = (age: string) => join(dir.path, `${age}.sock`);

beforeAll(async () => {
  dir = makeTempDir("go-engine");
  engines = { new: await startGoEngine(pathOf("new")), old: await startGoEngine(pathOf("old"), true) };
});

afterAll(async () => {
  await Promise.all(Object.values(engines).map((engine) => engine[Symbol.asyncDispose]()));
  await dir[Symbol.asyncDispose]();
});

/** Makes calls on one connection, one after the other. @returns their replies, or the error that ended the connection */
async function converse(
  path: string,
  calls: readonly ((client: RpcClient) => Uint8Array)[],
): Promise<RpcReply[]> {
  const client = new RpcClient();
  const { promise, resolve, reject } = Promise.withResolvers<RpcReply[]>();
  const replies: RpcReply[] = [];
  const next = (socket: Bun.Socket<undefined>) => {
    const call = calls[replies.length];
    if (call === undefined) resolve(replies);
    else socket.write(call(client));
  };
  const socket = await Bun.connect<undefined>({
    unix: path,
    socket: {
      open: next,
      data(socket, bytes) {
        try {
          client.feed(bytes);
          const reply = pollReply(client);
          if (reply === undefined) return;
          replies.push(reply);
          next(socket);
        } catch (error) {
          reject(error);
        }
      },
      close: () => reject(client.endError()),
    },
  });
  try {
    return await promise;
  } finally {
    socket.terminate();
  }
}

/** The values of a reply. @throws Error for an error of the engine */
function replyValue(reply: RpcReply | undefined) {
  if (reply?.ok !== true) throw new Error(reply?.error ?? "no reply");
  return reply.value;
}

const TARGET = { IP: "10.0.0.1", Host: "10.0.0.2", Port: 80, Proto: 6 };
const check = (index: number, type: string, checker: object): EngineCheck => ({
  id: String(FIRST_ID + BigInt(index)),
  interval_ns: 1e9,
  timeout_ns: 5e8,
  retries: 1,
  type,
  checker: { ...TARGET, ...checker },
});
const CHECKS = [
  check(0, "TCPChecker", { Send: "PING\r\n", Receive: "+PONG", Secure: true, TLSVerify: true }),
  check(1, "UDPChecker", { Send: "\u0000x", IP: "2001:db8::1" }),
  check(2, "HTTPChecker", { Method: "GET", Request: "/", ResponseCode: 200, Mark: 65_536, Mode: 1 }),
  check(3, "DNSChecker", { Question: { Name: "a.test", Qtype: 28, Qclass: 1 }, Answer: "::1" }),
  check(4, "PingChecker", { ID: 65_535, Port: 0 }),
  check(5, "RADIUSChecker", { Username: "u", Password: "p", Secret: "s", Response: "accept" }),
  check(6, "FancyChecker", {}),
  check(7, "", {}),
];
const PACE = { interval: "1000000000ns", timeout: "500000000ns", retries: 1, ip: "10.0.0.1" };
const EXPECTED = new Map<bigint, object>([
  [
    0n,
    {
      ...PACE,
      checker_type: "tcp",
      port: 80,
      send: "PING\r\n",
      receive: "+PONG",
      secure: true,
      tls_verify: true,
    },
  ],
  [1n, { ...PACE, checker_type: "udp", port: 80, send: "\u0000x", ip: "2001:db8:0:0:0:0:0:1" }],
  [
    2n,
    {
      ...PACE,
      checker_type: "http",
      port: 80,
      method: "GET",
      path: "/",
      expected_codes: [200],
      secure: false,
      mark: 65_536,
      mode: "dsr",
      host: "10.0.0.2",
    },
  ],
  [
    3n,
    { ...PACE, checker_type: "dns", port: 80, query: "a.test", query_type: "AAAA", expected_ips: ["::1"] },
  ],
  [4n, { ...PACE, checker_type: "icmp" }],
  [
    5n,
    {
      ...PACE,
      checker_type: "radius",
      port: 80,
      username: "u",
      password: "p",
      secret: "s",
      expect: "accept",
    },
  ],
]);

test.each(["new", "old"] as const)(
  "go engine: every checker of a set of the %s engine, in Go's random order",
  async (age) => {
    await engines[age].command({ checks: CHECKS });
    // Another order, other cuts: definitions come where the first value of a type is.
    for (let round = 0; round < 20; round++) {
      const [reply] = await converse(pathOf(age), [fetchSet]);
      const read = entriesOf(replyValue(reply)).map(readEntry);
      const configs = new Map(
        read.flatMap((one) => (one.ok ? [[BigInt(String(one.config["id"])) - FIRST_ID, one.config]] : [])),
      );
      expect(configs).toEqual(
        new Map([...EXPECTED].map(([index, config]) => [index, { id: FIRST_ID + index, ...config }])),
      );
      const faults = read.flatMap((one) =>
        one.ok ? [] : [`${BigInt(one.id ?? 0) - FIRST_ID} ${one.faults.map(formatProblem).join()}`],
      );
      expect(faults.map((fault) => fault.slice(0, 30)).sort()).toEqual([
        '6 checker_type: "*healthcheck.',
        "7 checker_type: missing; must ",
      ]);
    }
    const fetched = await until(
      () => engines[age].events.find(({ event }) => event === "fetch"),
      20_000,
      "the event of the fetch",
    );
    expect(fetched).toMatchObject({
      auth: 2,
      component: 4,
      identity: IDENTITY,
    });
  },
);

test.each(["new", "old"] as const)(
  "go engine: the %s engine decodes a report to the last digit",
  async (age) => {
    const id = parseId("18446744073709551615");
    if (id === undefined) throw new Error("not an id");
    const notifications: Notification[] = [
      {
        id,
        status: {
          state: "unhealthy",
          lastCheckMs: 1_764_000_000_123.5,
          durationMs: 500.25,
          failures: 3,
          successes: 2 ** 40,
          message: "L4TOUT: é 😀\0",
        },
      },
      {
        id,
        status: { state: "healthy", lastCheckMs: -1, durationMs: 0, failures: 0, successes: 0, message: "" },
      },
      {
        id,
        status: UNKNOWN,
      },
    ];
    const [reply] = await converse(pathOf(age), [
      (client) => client.call(reportCall(IDENTITY, notifications)),
    ]);
    checkReportReply(replyValue(reply));
    const decoded = await until(
      () => engines[age].events.find(({ event }) => event === "state"),
      20_000,
      "the event of the report",
    );
    expect(decoded.notifications).toEqual([
      {
        id,
        state: 1,
        message: "L4TOUT: é 😀\0",
        duration_ns: "500250000",
        failures: "3",
        successes: "1099511627776",
        last_check: "2025-11-24T16:00:00.1235Z",
        zero_time: false,
      },
      {
        id,
        state: 2,
        message: "",
        duration_ns: "0",
        failures: "0",
        successes: "0",
        last_check: "1969-12-31T23:59:59.999Z",
        zero_time: false,
      },
      {
        id,
        state: 0,
        message: "",
        duration_ns: "0",
        failures: "0",
        successes: "0",
        last_check: "0001-01-01T00:00:00Z",
        zero_time: true,
      },
    ]);
  },
);

test("go engine: several calls share a connection, also behind an error of the engine", async () => {
  await engines.new.command({ checks: CHECKS, error: "" });
  const untrusted = gobStruct(66, { AuthType: gobInt });
  const args = { AuthType: 0 };
  const replies = await converse(pathOf("new"), [
    (client) => client.call({ method: "SeesawEngine.Healthchecks", type: untrusted, args }),
    (client) => client.call({ method: "SeesawEngine.Nothing", type: untrusted, args }),
    (client) => client.call({ method: "SeesawEngine.HealthState", type: gobStruct(68, {}), args: {} }),
  ]);
  expect(replies).toEqual([
    { ok: false, error: "insufficient access" },
    { ok: false, error: "rpc: can't find method SeesawEngine.Nothing" },
    { ok: false, error: "context is nil" },
  ]);
  const again = await converse(pathOf("new"), [
    fetchSet,
    (client) => client.call(reportCall(IDENTITY, [])),
    fetchSet,
  ]);
  expect(again.map(({ ok }) => ok)).toEqual([true, true, true]);
  expect(entriesOf(replyValue(again[2])).length).toBe(CHECKS.length);
});

test("go engine: 10,000 healthchecks, and none", async () => {
  await engines.new.command({
    generate: { count: 10_000, first_id: String(FIRST_ID), ip: "10.0.0.1", port: 80 },
  });
  const [many] = await converse(pathOf("new"), [fetchSet]);
  const read = entriesOf(replyValue(many)).map(readEntry);
  expect(read.filter(({ ok }) => ok).length).toBe(10_000);
  expect(new Set(read.map((one) => (one.ok ? one.config["id"] : undefined))).size).toBe(10_000);
  await engines.new.command({ checks: [] });
  const [none] = await converse(pathOf("new"), [fetchSet]);
  expect(entriesOf(replyValue(none))).toEqual([]);
});
