/** The page of one healthcheck. Run by `bun test`. */

import { expect } from "bun:test";
import type { Page } from "playwright-core";
import { acceptAll, httpAnswer, httpServer } from "../harness/backends/backends.ts";
import { until } from "../harness/base/wait.ts";
import { httpCheck, tcpCheck } from "../harness/client/checks.ts";
import { listed, pageTest, rowWhere, type Served, shownRows } from "../harness/observers/status-page.ts";

const ID = "13758215386640154625";
const STATES = ["summary-unhealthy", "summary-healthy"] as const;

/** A web server whose answer the test sets, checked often. */
async function prepare({ client, url }: Served) {
  const backends = new AsyncDisposableStack();
  const answer = { status: 200 };
  const web = backends.use(httpServer((_, socket) => socket.end(httpAnswer(answer.status))));
  const fields = { expected_codes: [200], interval: "200ms", fall: 3, rise: 2, path: "/healthz?token=x" };
  client.update([httpCheck(ID, web, fields)]);
  await until(async () => (await listed(url)).totals.healthy === 1, 10_000, "a first result");
  return Object.assign(backends, { web, answer });
}

/** Returns the number of pixels of the plot that are drawn on, and a sum that changes with the picture. */
function drawn(page: Page): Promise<{ readonly pixels: number; readonly sum: number }> {
  return page.evaluate<{ readonly pixels: number; readonly sum: number }>(`(() => {
    const canvas = document.querySelector(".plot canvas");
    if (canvas === null || canvas.width === 0) return { pixels: 0, sum: 0 };
    const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true });
    copy.drawImage(canvas, 0, 0);
    const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
    let pixels = 0;
    let sum = 0;
    for (let at = 3; at < data.length; at += 4) {
      if (data[at] === 0) continue;
      pixels++;
      sum = (sum * 31 + at + data[at - 1] + data[at - 2] + data[at - 3]) % 1e9;
    }
    return { pixels, sum };
  })()`);
}

function times(page: Page): Promise<string[]> {
  return page.locator(".history time").allTextContents();
}

pageTest(
  "page detail: history, plot and numbers of one healthcheck, and all of them live",
  { hash: `#/healthcheck/${ID}` },
  prepare,
  async ({ page }, { web, answer }) => {
    await page.getByRole("heading", { level: 1, name: `http://127.0.0.1:${web.port}/healthz?…` }).waitFor();
    await page.locator(`.${STATES[1]}`).waitFor();
    await until(async () => (await times(page)).length === 20, 15_000, "twenty results");
    const before = await times(page);
    const picture = await drawn(page);
    expect(picture.pixels).toBeGreaterThan(1_000);
    await until(async () => (await times(page))[0] !== before[0], 5_000, "newer results");
    await until(async () => (await drawn(page)).sum !== picture.sum, 5_000, "another picture");

    answer.status = 503;
    await page.locator(`.${STATES[0]}`).waitFor();
    const [reason] = await page.locator(".summary-reason").allTextContents();
    expect(reason).toContain("L7STS");
    expect(reason).toContain("status 503");
    await page.getByText("0 of 2 successes in a row until healthy").waitFor();
    await until(
      async () => (await page.locator("tr.result-failure").count()) > 2,
      5_000,
      "failures in the history",
    );
    await page.locator(".legend-cross").waitFor();
    answer.status = 200;
    await page.locator(`.${STATES[1]}`).waitFor();
  },
);

pageTest(
  "page detail: the configuration as text, without secrets; phases of every result",
  { hash: `#/healthcheck/${ID}` },
  prepare,
  async ({ page }, { web }) => {
    await page.getByRole("heading", { name: "Configuration" }).waitFor();
    const facts = await page.evaluate<Record<string, string>>(`Object.fromEntries(
      [...document.querySelectorAll(".property")].map((fact) => [
        fact.querySelector("dt").textContent,
        fact.querySelector("dd").textContent,
      ]),
    )`);
    expect(facts).toMatchObject({
      id: ID,
      type: "HTTP",
      interval: "200 ms",
      timeout: "1 s",
      rise: "2",
      fall: "3",
      address: `127.0.0.1:${web.port}`,
      path: "/healthz?…",
      "expected codes": "200",
    });
    const phases = await page.locator(".history-phases").first().textContent();
    expect(phases).toMatch(/^connect\s.*ms.*first\sbyte\s.*ms/);
  },
);

pageTest(
  "page detail: from the list and back: the filter and the place are kept, by link, by key, by the browser",
  {},
  async ({ client, url }) => {
    const backend = acceptAll();
    const ids = Array.from({ length: 120 }, (_, n) => n + 1);
    client.update(ids.map((id) => tcpCheck(id, backend, { interval: "60s" })));
    await until(async () => (await listed(url)).totals.healthy === ids.length, 10_000, "first results");
    return backend;
  },
  async ({ page }) => {
    // Scrolled as soon as the filter holds, before anything else has come of it.
    await page.evaluate(`new Promise((done) => {
      addEventListener("hashchange", () => {
        const look = () => {
          if (document.querySelector('.chip-healthy[aria-current="true"]') === null) return queueMicrotask(look);
          scrollTo(0, 1500);
          dispatchEvent(new Event("scroll"));
          done();
        };
        look();
      }, { once: true });
      location.hash = "#/?state=healthy";
    })`);
    const back = {
      link: () => page.getByRole("link", { name: "All healthchecks" }).click(),
      escape: () => page.keyboard.press("Escape"),
      backspace: () => page.keyboard.press("Backspace"),
      browser: () => page.goBack(),
    };
    for (const [way, go] of Object.entries(back)) {
      // Again until it has an effect: a list that is still being loaded is too short for it.
      await until(
        async () => {
          await page.evaluate("scrollTo(0, 1500)");
          return (await shownRows(page)).some(({ id }) => id === "50");
        },
        15_000,
        "rows further down",
      );
      // The click itself may scroll.
      await page.locator('tr[data-id="50"] a').scrollIntoViewIfNeeded();
      const top = await page.evaluate<number>("scrollY");
      await page.locator('tr[data-id="50"] a').click();
      await page.getByRole("heading", { level: 1 }).and(page.locator(":focus")).waitFor();
      await page.getByText("Last results").waitFor();
      expect(await page.evaluate<number>("scrollY")).toBe(0);
      await go();
      await rowWhere(page, ({ id }) => id === "50", `the same rows after going back by ${way}`);
      expect([way, new URL(page.url()).hash]).toEqual([way, "#/?state=healthy"]);
      expect([way, await page.evaluate<number>("scrollY")]).toEqual([way, top]);
      expect(top).toBeGreaterThan(1_000);
    }
  },
);

pageTest(
  "page detail: an unknown id, an invalid one, and one that is removed while it is shown",
  { hash: "#/healthcheck/18446744073709551615", tolerated: [/40[04]/] },
  prepare,
  async ({ page, client }) => {
    await page.getByRole("heading", { name: "No such healthcheck" }).waitFor();
    await page.evaluate(`location.hash = "#/healthcheck/abc"`);
    await page.getByText(/Cannot load it: .*is not valid.*\(HTTP 400/).waitFor();
    await page.evaluate(`location.hash = "#/healthcheck/${ID}"`);
    await page.getByRole("heading", { name: "Configuration" }).waitFor();
    client.update([]);
    await page.getByRole("heading", { name: "No such healthcheck" }).waitFor();
    await page.getByRole("link", { name: "All healthchecks" }).click();
    await page.getByText("No healthchecks configured yet").waitFor();
  },
);
