/** Appearance of the status page: light and dark, on a phone, to a screen reader. Run by `bun test`. */

import { expect } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { acceptAll, closedPort, hang, httpAnswer, httpServer } from "../harness/backends/backends.ts";
import { until } from "../harness/base/wait.ts";
import { httpCheck, tcpCheck } from "../harness/client/checks.ts";
import type { VisitOptions } from "../harness/observers/browser.ts";
import { listed, pageTest, rowWhere, type Served } from "../harness/observers/status-page.ts";

const AXE = join(import.meta.dir, "..", "..", "node_modules", "axe-core", "axe.min.js");
const PHONE = { width: 390, height: 844, phone: true } as const;
/** A name that must not make anything wider. */
const LONG_PATH = `/${"a-very-long-path-without-an-end".repeat(8)}`;

/** One of every kind: healthy, unhealthy for different reasons, and one that is still unknown. */
async function prepare({ client, url }: Served) {
  const backends = new AsyncDisposableStack();
  const up = backends.use(acceptAll());
  const down = backends.use(closedPort());
  const hung = backends.use(hang());
  const web = backends.use(httpServer((_, socket) => socket.end(httpAnswer(503))));
  client.update([
    tcpCheck(1, up),
    tcpCheck(2, down),
    httpCheck(3, web, { expected_codes: [200], path: LONG_PATH }),
    httpCheck(4, hung, { timeout: "200ms", interval: "1s" }),
    httpCheck(5, hung, { timeout: "10m", interval: "20m" }),
  ]);
  const known = async () => {
    const { totals } = await listed(url, "?limit=0");
    return totals.unhealthy === 3 && totals.healthy === 1 && totals.unknown === 1;
  };
  await until(known, 10_000, "first results");
  return backends;
}

async function openDetail(page: Page, id: number): Promise<void> {
  await page.evaluate(`location.hash = "#/healthcheck/${id}"`);
  await page.getByRole("heading", { name: "Configuration" }).waitFor();
  await page.locator(".plot canvas").waitFor();
}

/** Brightness of the background and the text of the page, from 0 to 255. */
function brightness(page: Page): Promise<readonly [ground: number, text: number]> {
  return page.evaluate<[number, number]>(`(() => {
    const { backgroundColor, color } = getComputedStyle(document.body);
    const bright = (text) => Math.max(...text.match(/\\d+/g).slice(0, 3).map(Number));
    return [bright(backgroundColor), bright(color)];
  })()`);
}

for (const colorScheme of ["light", "dark"] as const) {
  pageTest(
    `page: looks ${colorScheme} where people want it so`,
    { colorScheme },
    prepare,
    async ({ page }) => {
      await rowWhere(page, ({ look }) => look.includes("row-unhealthy"), "a red row");
      const [ground, text] = await brightness(page);
      expect(ground > text ? "light" : "dark").toBe(colorScheme);
      expect(Math.abs(ground - text)).toBeGreaterThan(180);
      // Nothing moves for those who do not want it.
      expect(await page.evaluate<number>("document.getAnimations().length")).toBe(0);
    },
  );
}

pageTest("page: the plot takes the other colors when light becomes dark", {}, prepare, async ({ page }) => {
  await openDetail(page, 1);
  const picture = () => page.evaluate<string>(`document.querySelector(".plot canvas").toDataURL()`);
  const axis = () =>
    page.evaluate<string>(`getComputedStyle(document.documentElement).getPropertyValue("--muted")`);
  const before = { picture: await picture(), axis: await axis() };
  await page.emulateMedia({ colorScheme: "dark" });
  await until(
    async () => (await axis()) !== before.axis && (await picture()) !== before.picture,
    5_000,
    "dark",
  );
});

pageTest(
  "page: a phone shows state, target, reason and time without scrolling sideways",
  PHONE,
  prepare,
  async ({ page }) => {
    const isTooWide = () => page.evaluate<boolean>("document.documentElement.scrollWidth > innerWidth");
    await rowWhere(page, ({ id, look }) => id === "3" && look.includes("row-unhealthy"), "a red row");
    expect(await isTooWide()).toBe(false);
    for (const cell of [
      "state .icon",
      "target a",
      "result .code",
      "result .reason-text",
      "time .time",
      "since time",
    ]) {
      const box = await page.locator(`tr[data-id="3"] .cell-${cell}`).boundingBox();
      expect([cell, (box?.width ?? 0) > 8, (box?.x ?? -1) >= 0, (box?.x ?? 0) < 390]).toEqual([
        cell,
        true,
        true,
        true,
      ]);
    }
    await page.locator('tr[data-id="3"] a').tap();
    await page.getByText("Last results").waitFor();
    expect(await isTooWide()).toBe(false);
  },
);

pageTest(
  "page: what can be operated has a name, and the page has its landmarks",
  {},
  prepare,
  async ({ page }) => {
    await rowWhere(page, ({ look }) => look.includes("row-unhealthy"), "a red row");
    const isNamed = async () => {
      const session = await page.context().newCDPSession(page);
      const { nodes } = await session.send("Accessibility.getFullAXTree");
      await session.detach();
      const operated = ["link", "button", "searchbox", "textbox", "radio", "checkbox", "combobox"];
      const found = nodes.filter(({ ignored, role }) => !ignored && operated.includes(String(role?.value)));
      expect(found.length).toBeGreaterThan(1);
      expect(found.filter(({ name }) => String(name?.value ?? "").trim() === "")).toEqual([]);
    };
    await isNamed();
    for (const role of ["banner", "main", "search", "table"] as const) {
      expect([role, await page.getByRole(role).count()]).toEqual([role, 1]);
    }
    expect(await page.getByRole("columnheader").allTextContents()).toEqual([
      "State",
      "Target",
      "Id",
      "Type",
      "Last result",
      "Response",
      "Since",
    ]);
    expect(await page.evaluate("document.documentElement.lang")).toBe("en");
    await openDetail(page, 3);
    await isNamed();
    expect(await page.getByRole("heading", { level: 1 }).count()).toBe(1);
  },
);

const axe = readFileSync(AXE, "utf8");
const looks: readonly VisitOptions[] = [
  {},
  { colorScheme: "dark" },
  PHONE,
  { ...PHONE, colorScheme: "dark" },
];
for (const options of looks) {
  const name = `${options.colorScheme ?? "light"}, ${options.phone ? "phone" : "desktop"}`;
  pageTest(`page: axe finds nothing against it: ${name}`, options, prepare, async ({ page }) => {
    await rowWhere(page, ({ look }) => look.includes("row-unhealthy"), "a red row");
    // Text that is given to the browser's debugger is not under the page's policy.
    await page.evaluate(axe);
    expect(await faults(page)).toEqual([]);
    await openDetail(page, 3);
    expect(await faults(page)).toEqual([]);
  });
}

function faults(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(`axe.run(document).then(({ violations }) =>
    violations.map(({ impact, help, nodes }) => impact + ": " + help + ": " + nodes[0].html + " " + nodes[0].failureSummary))`);
}
