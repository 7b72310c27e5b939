/** The healthchecks that a query finds, and their order. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import type { DnsSpec } from "../../src/checks/dns/spec.ts";
import type { ListQuery } from "../../src/http/list-query.ts";
import { MonitorIndex } from "../../src/http/monitor-index.ts";
import type { CheckResult } from "../../src/model/result.ts";
import { failure, id, makeSpec, success, tcpSpec, USUAL_DNS } from "../harness/fakes/fakes.ts";
import { Stock } from "../harness/fakes/monitor-stock.ts";

const EVERYTHING: ListQuery = { state: undefined, type: undefined, text: "", limit: 1_000, offset: 0 };
const LARGEST = 2n ** 64n - 1n;
const DNS: DnsSpec = {
  type: "dns",
  socket: undefined,
  query: "www.example.com",
  queryTypes: ["A"],
  ...USUAL_DNS,
  server: undefined,
};
const RESULTS: Readonly<Record<string, readonly CheckResult[]>> = {
  unknown: [],
  healthy: [success()],
  unhealthy: [failure("L4CON")],
};

async function find(roster: MonitorIndex, query: Partial<ListQuery> = {}) {
  const { matched, monitors } = await roster.find({ ...EVERYTHING, ...query });
  return { matched, ids: monitors.map(({ spec }) => String(spec.id)) };
}

/** 0 to 9: unhealthy, unknown and healthy in turn; the odd ones are DNS. */
function makeStock(): Stock {
  const stock = new Stock();
  for (let number = 9; number >= 0; number--) {
    const check = number % 2 === 1 ? DNS : tcpSpec(8_000 + number);
    const state = ["unhealthy", "unknown", "healthy"][number % 3] ?? "";
    stock.add(makeSpec(number, { check }), RESULTS[state]);
  }
  return stock;
}

test("roster: unhealthy ones first, then unknown, then healthy ones; by id as numbers, whatever their size", async () => {
  const stock = new Stock();
  const add = (number: bigint, state: string) => stock.add(makeSpec(0, { id: id(number) }), RESULTS[state]);
  for (const number of [LARGEST, 10n, 9n, 2n ** 53n + 1n, 2n ** 53n]) add(number, "healthy");
  for (const number of [13758215386640154625n, 13758215386640154624n]) add(number, "unhealthy");
  add(0n, "unknown");
  expect((await find(new MonitorIndex(stock))).ids).toEqual([
    "13758215386640154624",
    "13758215386640154625",
    "0",
    "9",
    "10",
    "9007199254740992",
    "9007199254740993",
    String(LARGEST),
  ]);
});

test("roster: the order is that of BigInt, for any ids in any states", async () => {
  const anyId = fc.oneof(fc.bigInt({ min: 0n, max: LARGEST }), fc.bigInt({ min: 0n, max: 30n }));
  const anyState = fc.constantFrom("unhealthy", "unknown", "healthy");
  const anyMonitors = fc.uniqueArray(fc.tuple(anyId, anyState), {
    selector: ([number]) => number,
    maxLength: 60,
  });
  const states = ["unhealthy", "unknown", "healthy"];
  await fc.assert(
    fc.asyncProperty(anyMonitors, async (monitors) => {
      const stock = new Stock();
      for (const [number, state] of monitors) stock.add(makeSpec(0, { id: id(number) }), RESULTS[state]);
      const sorted = [...monitors].sort(
        ([a, aState], [b, bState]) => states.indexOf(aState) - states.indexOf(bState) || (a < b ? -1 : 1),
      );
      expect((await find(new MonitorIndex(stock))).ids).toEqual(sorted.map(([number]) => String(number)));
    }),
    { numRuns: 50 },
  );
});

test.each<[string, Partial<ListQuery>, string[]]>([
  ["state", { state: "unknown" }, ["1", "4", "7"]],
  ["type", { type: "dns" }, ["3", "9", "1", "7", "5"]],
  ["both", { state: "healthy", type: "tcp" }, ["2", "8"]],
  ["a type that there is not", { type: "http" }, []],
  ["a target", { text: ":8004" }, ["4"]],
  ["a name, without regard to case", { text: "WWW.Example".toLowerCase() }, ["3", "9", "1", "7", "5"]],
  ["the last message", { text: "l4con" }, ["0", "3", "6", "9"]],
  ["an id", { text: "7 dns" }, ["7"]],
  ["what nothing has", { text: "nowhere" }, []],
])("roster: finds by %s", async (_name, query, ids) => {
  expect(await find(new MonitorIndex(makeStock()), query)).toEqual({ matched: ids.length, ids });
});

test.each<[number, number, string[]]>([
  [3, 0, ["0", "3", "6"]],
  [3, 8, ["5", "8"]],
  [3, 10, []],
  [3, Number.MAX_SAFE_INTEGER, []],
  [0, 0, []],
])("roster: %d from %d on", async (limit, offset, ids) => {
  expect(await find(new MonitorIndex(makeStock()), { limit, offset })).toEqual({ matched: 10, ids });
});

test("roster: follows monitors that come, go and change their state", async () => {
  const stock = makeStock();
  const roster = new MonitorIndex(stock);
  expect((await find(roster)).matched).toBe(10);
  stock.remove(id(0));
  expect((await find(roster)).ids[0]).toBe("3");
  const added = stock.add(makeSpec(2, { id: id(1_000) }));
  expect((await find(roster, { state: "unknown" })).ids).toEqual(["1", "4", "7", "1000"]);
  stock.check(added, failure("L7STS"));
  expect((await find(roster, { state: "unhealthy" })).ids).toEqual(["3", "6", "9", "1000"]);
});

test("roster: a monitor that takes the place of another is the one that is found", async () => {
  const stock = makeStock();
  const roster = new MonitorIndex(stock);
  await find(roster);
  const replaced = stock.add(makeSpec(5));
  const { monitors } = await roster.find({ ...EVERYTHING, text: "5 tcp" });
  expect(monitors).toEqual([replaced]);
});

test("roster: queries at the same time, and monitors that go meanwhile, do no harm", async () => {
  const stock = new Stock();
  for (let number = 0; number < 3_000; number++) stock.add(makeSpec(number));
  const roster = new MonitorIndex(stock);
  const queries = Array.from({ length: 10 }, (_, at) => find(roster, { limit: 1, offset: at }));
  for (let number = 0; number < 1_000; number++) stock.remove(id(number));
  for (const { matched, ids } of await Promise.all(queries)) {
    expect([2_000, 3_000]).toContain(matched);
    expect(ids.length).toBe(1);
  }
  expect(await find(roster, { limit: 2 })).toEqual({ matched: 2_000, ids: ["1000", "1001"] });
});

test("roster: without monitors it finds nothing", async () => {
  expect(await find(new MonitorIndex(new Stock()))).toEqual({ matched: 0, ids: [] });
});
