/** Ten thousand healthchecks on the status page. Run by `bun test`. */
// alone: measures time

import { expect } from "bun:test";
import type { Page } from "playwright-core";
import type { HealthcheckItem } from "../../src/http/api.ts";
import { startSink } from "../harness/backends/sink.ts";
import { printFigure } from "../harness/base/figures.ts";
import { freePort } from "../harness/base/ports.ts";
import { until } from "../harness/base/wait.ts";
import { type Target, tcpCheck, times } from "../harness/client/checks.ts";
import {
  listed,
  pageTest,
  rowWhere,
  type Served,
  type ShownRow,
  shownRows,
} from "../harness/observers/status-page.ts";

const COUNT = 10_000;
const FIRST = 0xbeefn << 48n;
const DEAD_EVERY = 500;
const NO_SCOPE = { hostname: "127.0.0.1", port: 1 };
/** So that the order stays as it is while it is looked at. */
const SELDOM = { interval: "10m", timeout: "5s" };
/** Healthchecks that come later; as many as a window is asked for beyond its rows, at the most. */
const NEW = 5;
/** At 38 pixels a row, more than twice as high as Firefox allows. */
const VAST = 1_000_000;
/** Rows that fit a window of 800 pixels, with those that are kept above and below. */
const MAX_ROWS = 60;

async function prepare({ client, url }: Served) {
  const sink = await startSink(20);
  const dead = { hostname: "127.0.0.1", port: freePort() };
  const targets = times(DEAD_EVERY, (n) => (n === 7 ? dead : (sink.targets[n % 20] ?? dead)));
  client.update(configs(targets));
  const known = async () => {
    const { totals } = await listed(url, "?limit=0");
    return totals.unhealthy === COUNT / DEAD_EVERY && totals.unknown === 0;
  };
  await until(known, 30_000, "10,000 first results");
  return Object.assign(sink, { targets });
}

/** @param targets one for each of {@link DEAD_EVERY}, again and again */
function configs(targets: readonly Target[]): string[] {
  return times(COUNT, (n) => tcpCheck(FIRST + BigInt(n), targets[n % DEAD_EVERY] ?? NO_SCOPE, SELDOM));
}

/** Counts the rows in the document at every frame. */
const WATCH = `(() => {
  window.maxRows = 0;
  const count = () => {
    window.maxRows = Math.max(window.maxRows, document.querySelectorAll("tbody tr").length);
    requestAnimationFrame(count);
  };
  count();
})()`;

/** Reports whether every row on the screen is present, at the place that the API gives it. */
async function settledAt(page: Page, url: string, index: number): Promise<readonly ShownRow[]> {
  const blanks = `[...document.querySelectorAll("tr.row-blank")].filter((row) => {
    const { top, bottom } = row.getBoundingClientRect();
    return bottom > 0 && top < innerHeight;
  }).length`;
  let rows: readonly ShownRow[] = [];
  const settled = async () => {
    rows = await shownRows(page);
    return rows.some((row) => row.index === index) && (await page.evaluate<number>(blanks)) === 0;
  };
  await until(settled, 10_000, () => `row ${index}; there are ${rows.at(0)?.index} to ${rows.at(-1)?.index}`);
  const [first] = rows;
  const { healthchecks } = await listed(url, `?limit=${rows.length}&offset=${first?.index}`);
  expect(rows.map(({ id }) => id)).toEqual(healthchecks.map(({ id }) => id));
  expect(rows.map((row) => row.index)).toEqual(rows.map((_, place) => (first?.index ?? 0) + place));
  return rows;
}

pageTest(
  "page: 10,000 rows: every position shows the right ones, and never many at the same time",
  { timeoutMs: 120_000 },
  prepare,
  async ({ page, url }) => {
    const rows = await settledAt(page, url, 0);
    expect(rows[0]).toMatchObject({ index: 0, id: String(FIRST + 7n) });
    expect(rows[0]?.look).toContain("row-unhealthy");
    expect(await page.getByRole("table").getAttribute("aria-rowcount")).toBe(String(COUNT + 1));
    await page.evaluate(WATCH);

    await page.evaluate("scrollTo(0, document.documentElement.scrollHeight)");
    const last = (await settledAt(page, url, COUNT - 1)).at(-1);
    expect(last).toMatchObject({ index: COUNT - 1, id: String(FIRST + BigInt(COUNT - 1)) });

    await page.evaluate("scrollTo(0, document.documentElement.scrollHeight / 2)");
    const middle = await page.evaluate<number>(
      `Math.floor(-document.querySelector("tbody").getBoundingClientRect().top / document.querySelector("tr.row").offsetHeight)`,
    );
    expect(Math.abs(middle - COUNT / 2)).toBeLessThan(50);
    await settledAt(page, url, middle + 10);

    await page.mouse.move(600, 500);
    for (let turn = 0; turn < 40; turn++) await page.mouse.wheel(0, 300);
    await settledAt(page, url, (await firstInSight(page)) + 10);
    await page.evaluate("scrollTo(0, 0)");
    await settledAt(page, url, 0);
    const most = await page.evaluate<number>("window.maxRows");
    printFigure("rows in the document at most", most, "");
    expect(most).toBeLessThanOrEqual(MAX_ROWS);
  },
);

pageTest(
  "page: 10,000 rows: scrolling through them is smooth",
  { timeoutMs: 120_000 },
  prepare,
  async ({ page, url }) => {
    await settledAt(page, url, 0);
    const frames = await page.evaluate<number[]>(`(async () => {
      const gaps = [];
      let before = await new Promise(requestAnimationFrame);
      for (let step = 0; step < 120; step++) {
        scrollBy(0, 700);
        const now = await new Promise(requestAnimationFrame);
        gaps.push(now - before);
        before = now;
      }
      return gaps;
    })()`);
    const sorted = frames.toSorted((a, b) => a - b);
    printFigure("frame while scrolling, median", sorted[60] ?? 0, "ms");
    printFigure("frame while scrolling, 95 of 100", sorted[114] ?? 0, "ms");
    expect(sorted[60]).toBeLessThan(100);
    await settledAt(page, url, (await firstInSight(page)) + 10);
  },
);

pageTest(
  "page: 10,000 rows: what is being read stays in its place when rows come above it",
  { timeoutMs: 120_000 },
  prepare,
  async ({ page, url, client }, { targets }) => {
    await settledAt(page, url, 0);
    await page.evaluate("scrollTo(0, 5000 * document.querySelector('tr.row').offsetHeight)");
    const first = await firstInSight(page);
    const read = (await settledAt(page, url, first)).find(({ index }) => index === first + 8);
    const place = () =>
      page.evaluate<{ readonly top: number; readonly index: number } | null>(`(() => {
        const row = document.querySelector('tr[data-id="${read?.id}"]');
        return row && { top: row.getBoundingClientRect().top, index: Number(row.getAttribute("aria-rowindex")) - 2 };
      })()`);
    const before = await place();
    expect(before?.index).toBe(first + 8);
    const dead = { hostname: "127.0.0.1", port: freePort() };
    client.update([...configs(targets), ...times(NEW, (n) => tcpCheck(n + 1, dead, SELDOM))]);
    const moved = async () => {
      const now = await place();
      return now?.index === first + 8 + NEW ? now : undefined;
    };
    const after = await until(moved, 20_000, "the row to be further down the list");
    expect(Math.abs(after.top - (before?.top ?? 0))).toBeLessThan(1);
  },
);

pageTest(
  "page: more rows than a browser can lay out: first, last and any other can be reached",
  {},
  prepareNothing,
  async ({ page }) => {
    await page.route("**/api/healthchecks?*", (route) => {
      const query = new URL(route.request().url()).searchParams;
      const offset = Number(query.get("offset"));
      const limit = Number(query.get("limit"));
      const healthchecks = times(Math.max(0, Math.min(limit, VAST - offset)), (n) => madeUp(offset + n));
      const totals = { healthchecks: VAST, healthy: VAST, unhealthy: 0, unknown: 0 };
      return route.fulfill({ json: { totals, matched: VAST, offset, limit, healthchecks } });
    });
    await rowWhere(page, ({ index, id }) => index === 0 && id === "0", "the first row");
    await page.evaluate("scrollTo(0, document.documentElement.scrollHeight)");
    const last = await rowWhere(page, ({ index }) => index === VAST - 1, "the last row");
    expect(last.id).toBe(String(VAST - 1));
    const bottom = await page.evaluate<number>(
      `document.querySelector('tr[data-id="${last.id}"]').getBoundingClientRect().bottom - innerHeight`,
    );
    // Browsers count in 32 bits: that far down a pixel is as exact as it gets, and the list is stretched.
    expect(Math.abs(bottom)).toBeLessThan(8);
    await page.evaluate("scrollTo(0, document.documentElement.scrollHeight / 2)");
    await rowWhere(page, ({ index }) => Math.abs(index - VAST / 2) < 200, "a row in the middle");
    const rows = await shownRows(page);
    expect(rows.map(({ id }) => id)).toEqual(rows.map(({ index }) => String(index)));
  },
);

async function prepareNothing(): Promise<AsyncDisposable> {
  return new AsyncDisposableStack();
}

function madeUp(n: number): HealthcheckItem {
  const since = "2026-11-22T18:49:38.123Z";
  return {
    id: String(n),
    type: "tcp",
    target: "tcp://10.0.0.1:80",
    state: "healthy",
    since,
    last: null,
    recent: [],
  };
}

/** The first row that is not above the window. */
function firstInSight(page: Page): Promise<number> {
  return page.evaluate<number>(
    `Math.max(0, Math.ceil(-document.querySelector("tbody").getBoundingClientRect().top / document.querySelector("tr.row").offsetHeight))`,
  );
}
