/** The same ten thousand configs sent again, in their order and in another, as the proxy does every 15 s. Listed in ../scenarios.ts. */
import { requestStatus } from "../../../../tests/harness/client/client-assertions.ts";
import { largest, median } from "../arithmetic.ts";
import { type Fleet, startFleet } from "../fleet.ts";
import { fromHistogram } from "../lateness.ts";
import type { Group, Outcome, Scenario, Settings } from "../scenario.ts";
import { digits } from "../table.ts";

const CHECKS = 10_000;
const WARM_UP_MS = 3_000;
const PAUSE_MS = 1_000;
const TIMES = 5;
const QUICK_TIMES = 2;
const ANSWER_MS = 20_000;
/** So that the scrapes around each update are not what is measured. */
const SMALL_SCRAPES = ", per_healthcheck: off";
/**
 * A gross regression: another order must not matter. Both are the same work but for the memory being read in another order; a comparison
 * that is quadratic, or restarts what has only moved, would take a hundred times as long.
 */
const MAX_ORDER_RATIO = 4;

/** Some updates of one kind. */
interface Resent {
  /** From writing the update until the daemon has answered what was sent after it. */
  readonly totalsMs: readonly number[];
  readonly stallMs: number;
}

const GROUP: Group = {
  title: `${CHECKS} configs sent again, unchanged`,
  note: "Median and largest of the updates; restarted: checks that lost their counts.",
  head: ["order", "total", "largest", "stall", "restarted"],
};

export const resend: Scenario = {
  name: "resend",
  group: GROUP,
  summary: `${CHECKS} unchanged configs again, in the same and in another order`,
  quick: true,
  run,
};

async function run(settings: Settings): Promise<Outcome> {
  const plan = { kind: "tcp", checks: CHECKS, intervalMs: 1_000, timeoutMs: 500 } as const;
  await using fleet = await startFleet(plan, { metricsFields: SMALL_SCRAPES });
  await Bun.sleep(WARM_UP_MS);
  const count = settings.quick ? QUICK_TIMES : TIMES;
  const before = await successes(fleet);
  const same = await send(fleet, count, () => fleet.configs);
  const shuffled = await send(fleet, count, () => shuffle(fleet.configs));
  const after = await successes(fleet);
  const restarted = [...before].filter(([id, total]) => (after.get(id) ?? 0) < total).length;
  const orderRatio = median(shuffled.totalsMs) / median(same.totalsMs);
  return {
    figures: { same: { ...same }, shuffled: { ...shuffled }, restarted, orderRatio },
    rows: [
      ["the same", ...cells(same), String(restarted)],
      ["shuffled", ...cells(shuffled), String(restarted)],
    ],
    regressions: [
      ...(restarted > 0 ? [{ message: `${restarted} checks started over` }] : []),
      ...(orderRatio > MAX_ORDER_RATIO
        ? [{ message: `another order takes ${digits(orderRatio)} times as long`, ifQuiet: true }]
        : []),
    ],
  };
}

async function send({ subject }: Fleet, count: number, configs: () => readonly string[]): Promise<Resent> {
  const { client } = subject;
  const before = await subject.scrape();
  const totalsMs: number[] = [];
  for (let time = 0; time < count; time++) {
    const mark = `after-${client.lines.length}`;
    const text = `{"type":"update_configs","configs":[${configs().join(",")}]}\n{"type":"${mark}"}\n`;
    const bytes = Buffer.from(text);
    await Bun.sleep(PAUSE_MS);
    const startMs = performance.now();
    client.sendBytes(bytes);
    // An unknown type is answered with an error that names it, and lines are handled in order.
    const answer = await client.waitFor(({ message }) => (message ?? "").includes(mark), ANSWER_MS);
    totalsMs.push(answer.receivedAtMs - startMs);
  }
  await Bun.sleep(PAUSE_MS);
  const after = await subject.scrape();
  return { totalsMs, stallMs: fromHistogram(before, after, "healthcheck_tick_delay_seconds").maxMs };
}

async function successes({ subject }: Fleet): Promise<ReadonlyMap<string, number>> {
  const statuses = await requestStatus(subject.client);
  return new Map([...statuses].map(([id, status]) => [id, status.successes]));
}

/** In an order that is as good as any (Fisher and Yates). */
function shuffle(values: readonly string[]): string[] {
  const shuffled = [...values];
  for (let last = shuffled.length - 1; last > 0; last--) {
    const other = Math.floor(Math.random() * (last + 1));
    [shuffled[last], shuffled[other]] = [shuffled[other] ?? "", shuffled[last] ?? ""];
  }
  return shuffled;
}

function cells({ totalsMs, stallMs }: Resent): string[] {
  return [`${digits(median(totalsMs))} ms`, `${digits(largest(totalsMs))} ms`, `≤ ${digits(stallMs)} ms`];
}
