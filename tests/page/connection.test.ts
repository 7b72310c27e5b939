/** The status page while its server is away. Run by `bun test`. */

import { expect } from "bun:test";
import { acceptAll } from "../harness/backends/backends.ts";
import { peerTest } from "../harness/base/peers.ts";
import { freePort } from "../harness/base/ports.ts";
import { until } from "../harness/base/wait.ts";
import { tcpCheck } from "../harness/client/checks.ts";
import { visit } from "../harness/observers/browser.ts";
import { pageTest, rowWhere, serve } from "../harness/observers/status-page.ts";

/** Console message of Chromium itself when a connection breaks. */
const BROKEN = [/net::ERR_/];
const PREFIX = "/health/checks/";

peerTest(
  "page connection: a server that goes away leaves a banner and stale rows; one that comes back takes them away",
  ["chromium"],
  async () => {
    await using backend = acceptAll();
    const port = freePort();
    const first = await serve(port);
    const started = [first];
    await using visited = await visit(first.url, { tolerated: BROKEN });
    const { page, complaints } = visited;
    try {
      first.client.update([tcpCheck(1, backend)]);
      await rowWhere(page, ({ look }) => look.includes("row-healthy"), "a healthy row");
      expect(await page.getByRole("alert").textContent()).toBe("");
      await page.getByText("Live", { exact: true }).waitFor();

      first.daemon.signal("SIGKILL");
      await first.daemon.exited;
      await page
        .getByRole("alert")
        .getByText(/Connection lost, retrying\. .*Showing data from \d/)
        .waitFor();
      await page.getByText("Reconnecting", { exact: true }).waitFor();
      await page.locator("table.stale").waitFor();
      await rowWhere(page, ({ id }) => id === "1", "the row as it was last known");
      await until(async () => (await page.title()) === "(0?) Healthchecks", 5_000, "the title");

      backend.down();
      const second = await serve(port);
      started.push(second);
      second.client.update([tcpCheck(1, backend), tcpCheck(2, backend)]);
      await rowWhere(page, ({ id, look }) => id === "2" && look.includes("row-unhealthy"), "fresh rows");
      await page.getByText("Live", { exact: true }).waitFor();
      await until(async () => (await page.getByRole("alert").textContent()) === "", 10_000, "no banner");
      expect(await page.locator("table.stale").count()).toBe(0);
      await until(async () => (await page.title()) === "(2) Healthchecks", 5_000, "the title");
      expect(complaints).toEqual([]);
    } finally {
      for (const served of started) await served[Symbol.asyncDispose]();
    }
  },
  90_000,
);

pageTest(
  "page connection: with too many viewers it polls, shows that, and is live when one leaves",
  { tolerated: [/503/] },
  async ({ client, url }) => {
    const backends = new AsyncDisposableStack();
    const backend = backends.use(acceptAll());
    client.update([tcpCheck(1, backend)]);
    const leave = new AbortController();
    const crowd = Array.from({ length: 16 }, () => fetch(`${url}api/events`, { signal: leave.signal }));
    const viewers = await Promise.all(crowd);
    expect(viewers.filter(({ status }) => status !== 200)).toEqual([]);
    // A response without references is closed.
    return Object.assign(backends, { backend, leave, viewers });
  },
  async ({ page }, { backend, leave }) => {
    await page.getByRole("alert").getByText("No live updates, retrying.").waitFor();
    await rowWhere(page, ({ look }) => look.includes("row-healthy"), "a healthy row");
    expect(await page.locator("table.stale").count()).toBe(0);
    backend.down();
    await rowWhere(page, ({ look }) => look.includes("row-unhealthy"), "a red row");
    leave.abort();
    await page.getByText("Live", { exact: true }).waitFor();
    await until(async () => (await page.getByRole("alert").textContent()) === "", 10_000, "no banner");
  },
);

pageTest(
  "page connection: an error response is shown as text, and the data stays",
  { tolerated: [/500/] },
  async ({ client }) => {
    const backend = acceptAll();
    client.update([tcpCheck(1, backend)]);
    return backend;
  },
  async ({ page }) => {
    await rowWhere(page, ({ look }) => look.includes("row-healthy"), "a healthy row");
    await page.route("**/api/healthchecks?*", (route) =>
      route.fulfill({
        status: 500,
        contentType: "application/json",
        body: `{"error":"internal error; see the log"}`,
      }),
    );
    await page
      .getByRole("alert")
      .getByText("Not up to date: internal error; see the log (HTTP 500")
      .waitFor();
    await rowWhere(page, ({ id }) => id === "1", "the row as it was last known");
    await page.unroute("**/api/healthchecks?*");
    await until(async () => (await page.getByRole("alert").textContent()) === "", 10_000, "no banner");
    await page.route("**/api/healthchecks?*", (route) => route.fulfill({ body: "<h1>Sign in</h1>" }));
    await page.getByRole("alert").getByText("the response is not from healthcheck-server").waitFor();
  },
);

peerTest("page: works under a prefix, where a reverse proxy has put it", ["chromium"], async () => {
  await using backend = acceptAll();
  await using served = await serve();
  served.client.update([tcpCheck(1, backend)]);
  const proxy = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 0,
    fetch(request) {
      const { pathname, search } = new URL(request.url);
      if (!pathname.startsWith(PREFIX)) return new Response("elsewhere", { status: 404 });
      return fetch(`${served.url}${pathname.slice(PREFIX.length)}${search}`, { signal: request.signal });
    },
  });
  try {
    await using visited = await visit(`http://127.0.0.1:${proxy.port}${PREFIX}`);
    const { page, complaints } = visited;
    await rowWhere(page, ({ look }) => look.includes("row-healthy"), "a healthy row");
    backend.down();
    await rowWhere(page, ({ look }) => look.includes("row-unhealthy"), "a red row");
    await page.locator('tr[data-id="1"] a').click();
    await page.getByRole("heading", { name: "Configuration" }).waitFor();
    expect(new URL(page.url()).pathname).toBe(PREFIX);
    expect(complaints).toEqual([]);
  } finally {
    await proxy.stop(true);
  }
});
