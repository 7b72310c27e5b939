/** Search and filters of the status page. Run by `bun test`. */

import { expect } from "bun:test";
import type { Page } from "playwright-core";
import { acceptAll, closedPort, httpAnswer, httpServer } from "../harness/backends/backends.ts";
import { until } from "../harness/base/wait.ts";
import { httpCheck, tcpCheck, times } from "../harness/client/checks.ts";
import { listed, pageTest, type Served, shownRows } from "../harness/observers/status-page.ts";

const COUNT = 300;
/** As the Seesaw engine numbers them: neighbors are the same JavaScript number. */
const FIRST = 0xbeefn << 48n;
const DEAD = 5;
const HTTP = 3;
const SLOW = { interval: "60s" };

/** Tcp healthchecks, some of them dead, and after them some of http. */
async function prepare({ client, url }: Served) {
  const backends = new AsyncDisposableStack();
  const up = backends.use(acceptAll());
  const down = backends.use(closedPort());
  const web = backends.use(httpServer((_, socket) => socket.end(httpAnswer(200))));
  const id = (n: number) => FIRST + BigInt(n);
  client.update([
    ...times(COUNT - HTTP, (n) => tcpCheck(id(n), n < DEAD ? down : up, SLOW)),
    ...times(HTTP, (n) => httpCheck(id(COUNT - HTTP + n), web, SLOW)),
  ]);
  const known = async () => {
    const { totals } = await listed(url, "?limit=0");
    return totals.healthchecks === COUNT && totals.unknown === 0;
  };
  await until(known, 15_000, "first results");
  return Object.assign(backends, { down });
}

function hash(page: Page): string {
  return new URL(page.url()).hash;
}

function matched(page: Page): Promise<string | null> {
  return page.locator(".match-count span").textContent();
}

async function shownIds(page: Page, count: number): Promise<readonly string[]> {
  const ids = async () => (await shownRows(page)).map(({ id }) => id);
  let seen: readonly string[] = [];
  const settled = async () => {
    seen = await ids();
    return seen.length === count;
  };
  await until(settled, 10_000, () => `${count} rows, not ${seen.length}`);
  return seen;
}

pageTest(
  "page: a search finds one id of 64 bits among its neighbors, and is in the address",
  {},
  prepare,
  async ({ page, url }) => {
    const id = String(FIRST + 77n);
    await page.getByRole("searchbox", { name: "Search" }).fill(id);
    expect(await shownIds(page, 1)).toEqual([id]);
    await until(() => hash(page) === `#/?q=${id}`, 5_000, "the address");
    await until(async () => (await matched(page)) === "1 of 300 healthchecks", 5_000, "the count");
    expect(await page.getByRole("table").getAttribute("aria-rowcount")).toBe("2");
    await page.getByRole("searchbox", { name: "Search" }).press("Escape");
    await until(() => hash(page) === "#/", 5_000, "the address");
    await until(async () => (await matched(page)) === "300 healthchecks", 5_000, "the count");
    // The address alone selects the same rows: it can be shared.
    await page.evaluate(`location.hash = "#/?q=${id}"`);
    expect(await shownIds(page, 1)).toEqual([id]);
    expect(await page.getByRole("searchbox", { name: "Search" }).inputValue()).toBe(id);
    expect(page.url()).toBe(`${url}#/?q=${id}`);
  },
);

pageTest(
  "page: a search for a reason finds those that failed for it",
  {},
  prepare,
  async ({ page }, { down }) => {
    await page.getByRole("searchbox", { name: "Search" }).fill("REFUSED");
    expect(await shownIds(page, DEAD)).toEqual(times(DEAD, (n) => String(FIRST + BigInt(n))));
    await page.getByRole("searchbox", { name: "Search" }).fill(`:${down.port}`);
    await shownIds(page, DEAD);
    await page.getByRole("searchbox", { name: "Search" }).fill("no such thing <b>&");
    await page.getByText("No healthcheck matches.").waitFor();
    await page.getByRole("main").getByRole("link", { name: "Show all" }).last().click();
    await until(async () => (await matched(page)) === "300 healthchecks", 5_000, "the count");
    await until(() => hash(page) === "#/", 5_000, "the address");
  },
);

pageTest(
  "page: filters by state and type work together, are in the address, and back undoes them",
  {},
  prepare,
  async ({ page }) => {
    const chip = (name: string) =>
      page.getByRole("navigation", { name: "By state" }).getByRole("link", { name });
    await chip("Unhealthy").click();
    expect(hash(page)).toBe("#/?state=unhealthy");
    const dead = await shownIds(page, DEAD);
    expect(dead).toEqual(times(DEAD, (n) => String(FIRST + BigInt(n))));
    expect(await chip("Unhealthy").getAttribute("aria-current")).toBe("true");
    expect(await chip("Unhealthy").textContent()).toContain(String(DEAD));
    await chip("Healthy").last().click();
    await page.getByRole("radio", { name: "HTTP" }).check({ force: true });
    await until(() => hash(page) === "#/?state=healthy&type=http", 5_000, "the address");
    const web = await shownIds(page, HTTP);
    expect(web).toEqual(times(HTTP, (n) => String(FIRST + BigInt(COUNT - HTTP + n))));
    await page.goBack();
    expect(hash(page)).toBe("#/?state=unhealthy");
    expect(await shownIds(page, DEAD)).toEqual(dead);
  },
);
