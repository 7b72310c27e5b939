/** The status page without a mouse. Run by `bun test`. */

import { expect } from "bun:test";
import type { Page } from "playwright-core";
import { acceptAll } from "../harness/backends/backends.ts";
import { until } from "../harness/base/wait.ts";
import { tcpCheck, times } from "../harness/client/checks.ts";
import { listed, pageTest, rowWhere, type Served, shownRows } from "../harness/observers/status-page.ts";

const COUNT = 200;
const FIRST = 0xbeefn << 48n;

async function prepare({ client, url }: Served) {
  const backend = acceptAll();
  client.update(times(COUNT, (n) => tcpCheck(FIRST + BigInt(n), backend, { interval: "60s" })));
  await until(async () => (await listed(url)).totals.healthy === COUNT, 10_000, "first results");
  return backend;
}

/** The id of the row that has the focus. */
function focusedId(page: Page): Promise<string | null> {
  return page.evaluate<string | null>(`document.activeElement.closest("tr")?.dataset.id ?? null`);
}

/** The row with the focus, which must be in sight and not below the controls. */
async function focused(page: Page, id: bigint): Promise<void> {
  const wanted = String(id);
  await until(async () => (await focusedId(page)) === wanted, 5_000, `the focus on ${wanted}`);
  const isInSight = await page.evaluate<boolean>(`(() => {
    const { left, width, top, bottom } = document.activeElement.closest("tr").getBoundingClientRect();
    const at = (y) => document.elementFromPoint(left + width / 3, y)?.closest("tr")?.dataset.id;
    return at(top + 3) === "${wanted}" && at(bottom - 3) === "${wanted}";
  })()`);
  expect([wanted, isInSight]).toEqual([wanted, true]);
}

pageTest(
  "page keyboard: slash, type, Tab to a row, Enter, and back to the same row",
  {},
  prepare,
  async ({ page }) => {
    await rowWhere(page, ({ id }) => id === String(FIRST), "rows");
    await page.keyboard.press("/");
    await page.keyboard.type(String(FIRST + 42n));
    await until(async () => (await shownRows(page)).length === 1, 5_000, "one row");
    const isFocused = async () => (await focusedId(page)) !== null;
    for (let tabs = 0; tabs < 10 && !(await isFocused()); tabs++) await page.keyboard.press("Tab");
    await focused(page, FIRST + 42n);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Configuration" }).waitFor();
    expect(new URL(page.url()).hash).toBe(`#/healthcheck/${FIRST + 42n}`);
    await page.keyboard.press("Escape");
    await focused(page, FIRST + 42n);
    expect(new URL(page.url()).hash).toBe(`#/?q=${FIRST + 42n}`);
    await page.keyboard.press("/");
    await page.keyboard.press("Escape");
    await until(async () => (await shownRows(page)).length > 1, 5_000, "all rows");
    expect(await page.getByRole("searchbox", { name: "Search" }).inputValue()).toBe("");
  },
);

pageTest(
  "page keyboard: arrows go from row to row, also to those that are not there yet",
  {},
  prepare,
  async ({ page }) => {
    await rowWhere(page, ({ id }) => id === String(FIRST), "rows");
    await page.keyboard.press("/");
    await page.keyboard.press("ArrowDown");
    await focused(page, FIRST);
    for (let row = 1n; row <= 60n; row++) {
      await page.keyboard.press("ArrowDown");
      await focused(page, FIRST + row);
    }
    await page.keyboard.press("End");
    await focused(page, FIRST + BigInt(COUNT - 1));
    await page.keyboard.press("ArrowDown");
    await focused(page, FIRST + BigInt(COUNT - 1));
    await page.keyboard.press("ArrowUp");
    await focused(page, FIRST + BigInt(COUNT - 2));
    await page.keyboard.press("Home");
    await focused(page, FIRST);
    await page.keyboard.press("PageDown");
    await until(async () => (await focusedId(page)) !== String(FIRST), 5_000, "another row");
  },
);

pageTest(
  "page keyboard: the focus stays with its healthcheck when rows come above it",
  {},
  prepare,
  async ({ page, client }, backend) => {
    await rowWhere(page, ({ id }) => id === String(FIRST), "rows");
    await page.keyboard.press("/");
    for (let row = 0; row < 4; row++) await page.keyboard.press("ArrowDown");
    await focused(page, FIRST + 3n);
    const more = times(2, (n) => tcpCheck(n + 1, { hostname: "127.0.0.1", port: 1 }, { interval: "60s" }));
    client.update([
      ...more,
      ...times(COUNT, (n) => tcpCheck(FIRST + BigInt(n), backend, { interval: "60s" })),
    ]);
    await rowWhere(page, ({ id, look }) => id === "2" && look.includes("row-unhealthy"), "the new rows");
    await focused(page, FIRST + 3n);
    await page.keyboard.press("ArrowUp");
    await focused(page, FIRST + 2n);
  },
);
