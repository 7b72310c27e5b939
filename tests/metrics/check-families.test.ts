/** The series of each healthcheck. */
import { expect, test } from "bun:test";
import { ByteBuffer } from "../../src/metrics/byte-buffer.ts";
import { writeCheckFamilies } from "../../src/metrics/check-families.ts";
import type { Format } from "../../src/metrics/exposition.ts";
import { inconclusive } from "../../src/model/result.ts";
import { linesOf, written } from "../harness/daemon/sheets.ts";
import { failure, id, makeSpec, success, tcpSpec, USUAL_DNS } from "../harness/fakes/fakes.ts";
import { BOUNDS, Stock } from "../harness/fakes/monitor-stock.ts";

const BIG_ID = 13758215386640154624n;

async function render(stock: Stock, histograms = true, format: Format = "prometheus"): Promise<string> {
  const bounds = histograms ? BOUNDS : undefined;
  return await written((sheet) => {
    for (const _ of writeCheckFamilies(sheet, [...stock.monitors.values()], bounds, format)) {
      // Written in one go.
    }
  });
}

/** A monitor that was healthy, failed twice, and had one check that said nothing. */
function failing(stock: Stock, number: number): void {
  const results = [success(), success(), failure("L4CON"), failure("L4CON"), inconclusive("ports", "none")];
  stock.add(makeSpec(number, { fall: 2 }), results);
}

test("check families: before the first result everything is 0, and the state unknown", async () => {
  const stock = new Stock();
  stock.add(makeSpec(1));
  const lines = (await render(stock, false)).split("\n").filter((line) => !line.startsWith("#"));
  expect(lines).toEqual([
    'healthcheck_info{id="1",type="tcp",target="tcp://10.0.0.1:80"} 1',
    'healthcheck_checks_total{id="1",type="tcp",result="success"} 0',
    'healthcheck_checks_total{id="1",type="tcp",result="failure"} 0',
    'healthcheck_state{id="1",type="tcp"} 0',
    'healthcheck_consecutive_successes{id="1",type="tcp"} 0',
    'healthcheck_consecutive_failures{id="1",type="tcp"} 0',
    'healthcheck_state_transitions_total{id="1",type="tcp",from="healthy",to="unhealthy"} 0',
    'healthcheck_state_transitions_total{id="1",type="tcp",from="unhealthy",to="healthy"} 0',
    "",
  ]);
});

test("check families: results, state, runs and state changes are counted", async () => {
  const stock = new Stock();
  failing(stock, 7);
  const text = await render(stock);
  expect(linesOf(text, "healthcheck_checks_total")).toEqual([
    'healthcheck_checks_total{id="7",type="tcp",result="success"} 2',
    'healthcheck_checks_total{id="7",type="tcp",result="failure"} 2',
  ]);
  expect(linesOf(text, "healthcheck_state{")).toEqual(['healthcheck_state{id="7",type="tcp"} 2']);
  expect(linesOf(text, "healthcheck_consecutive")).toEqual([
    'healthcheck_consecutive_successes{id="7",type="tcp"} 0',
    'healthcheck_consecutive_failures{id="7",type="tcp"} 2',
  ]);
  // A transition from unknown is shown once it has happened.
  expect(linesOf(text, "healthcheck_state_transitions_total")).toEqual([
    'healthcheck_state_transitions_total{id="7",type="tcp",from="healthy",to="unhealthy"} 1',
    'healthcheck_state_transitions_total{id="7",type="tcp",from="unhealthy",to="healthy"} 0',
    'healthcheck_state_transitions_total{id="7",type="tcp",from="unknown",to="healthy"} 1',
  ]);
});

test("check families: response times are those of conclusive checks", async () => {
  const stock = new Stock();
  failing(stock, 7);
  const lines = linesOf(await render(stock), "healthcheck_response_time_seconds_bucket");
  // Two took 3 ms, two 7 ms.
  expect(lines).toEqual(
    [...BOUNDS, "+Inf"].map(
      (bound, at) =>
        `healthcheck_response_time_seconds_bucket{id="7",type="tcp",le="${bound}"} ${at === 0 ? 0 : 4}`,
    ),
  );
  expect(linesOf(await render(stock), "healthcheck_response_time_seconds_sum")).toEqual([
    'healthcheck_response_time_seconds_sum{id="7",type="tcp"} 0.02',
  ]);
});

test("check families: ids keep all their digits, and the types are distinguished", async () => {
  const stock = new Stock();
  const dns = {
    type: "dns",
    query: "x.test",
    queryTypes: ["A"],
    ...USUAL_DNS,
    server: undefined,
  } as const;
  stock.add(makeSpec(2, { check: dns }));
  stock.add(makeSpec(0, { id: id(BIG_ID) }));
  expect(linesOf(await render(stock), "healthcheck_state{")).toEqual([
    'healthcheck_state{id="2",type="dns"} 0',
    `healthcheck_state{id="${BIG_ID}",type="tcp"} 0`,
  ]);
});

test("check families: each family has one head, and its samples follow it", async () => {
  const stock = new Stock();
  for (let number = 0; number < 3; number++) failing(stock, number);
  let family = "";
  const seen: string[] = [];
  for (const line of (await render(stock)).trimEnd().split("\n")) {
    const head = /^# TYPE (\w+) (counter|gauge|histogram)$/.exec(line)?.[1];
    if (head !== undefined) {
      family = head;
      seen.push(head);
    } else if (!line.startsWith("# HELP ")) expect(line).toStartWith(family);
  }
  expect(new Set(seen).size).toBe(seen.length);
  expect(seen).toContain("healthcheck_response_time_seconds");
});

test("check families: OpenMetrics names its counters without _total, and their samples with it", async () => {
  const stock = new Stock();
  failing(stock, 1);
  const text = await render(stock, true, "openmetrics");
  expect(text).toContain("# TYPE healthcheck_checks counter\n");
  expect(text).toContain('healthcheck_checks_total{id="1",type="tcp",result="success"} 2\n');
  expect(text).toContain("# TYPE healthcheck_state gauge\n");
});

test("check families: it stops after each monitor of each family", () => {
  const stock = new Stock();
  for (let number = 0; number < 100; number++) stock.add(makeSpec(number));
  const sheet = new ByteBuffer();
  let longest = 0;
  for (const _ of writeCheckFamilies(sheet, [...stock.monitors.values()], BOUNDS, "prometheus")) {
    longest = Math.max(longest, sheet.take().length);
  }
  expect(longest).toBeGreaterThan(0);
  expect(longest).toBeLessThan(1_000);
});

test("check families: without monitors there are the heads, and a target cannot break out of its label", async () => {
  const stock = new Stock();
  expect(linesOf(await render(stock), "healthcheck_")).toEqual([]);
  expect(linesOf(await render(stock), "# TYPE").length).toBe(9);
  stock.add(makeSpec(1, { check: tcpSpec(80, { address: { ip: 'a"b\\c\nd', port: 1 } }) }));
  expect(linesOf(await render(stock), "healthcheck_info")).toEqual([
    'healthcheck_info{id="1",type="tcp",target="tcp://a\\"b\\\\c\\nd:1"} 1',
  ]);
});

test("check families: name and labels are labels of healthcheck_info, whatever is in them", async () => {
  const stock = new Stock();
  stock.add(
    makeSpec(1, {
      name: 'a "b"\\c',
      labels: [
        ["id", "x"],
        ["rack_1", "r 12"],
      ],
    }),
  );
  expect(linesOf(await render(stock), "healthcheck_info")).toEqual([
    'healthcheck_info{id="1",type="tcp",target="tcp://10.0.0.1:80",name="a \\"b\\"\\\\c",label_id="x",label_rack_1="r 12"} 1',
  ]);
});

test("check families: a forced healthcheck has its forced state, and the action; no other has", async () => {
  const stock = new Stock();
  const forced = stock.add(makeSpec(1), [success()]);
  stock.add(makeSpec(2), [success()]);
  const from = { wallMs: 0, bootMs: 0, bootId: "0".repeat(32) };
  const by = { uid: 0, user: "root", pid: 7 };
  forced.applyOverride({ action: "unhealthy", reason: "a repair", by, sinceMs: 0, from, durationMs: 60_000 });
  const text = await render(stock);
  expect(linesOf(text, "healthcheck_forced")).toEqual([
    'healthcheck_forced{id="1",type="tcp",action="unhealthy"} 1',
  ]);
  expect(linesOf(text, 'healthcheck_state{id="1"')).toEqual(['healthcheck_state{id="1",type="tcp"} 2']);
});
