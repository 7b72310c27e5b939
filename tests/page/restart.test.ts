/** The page after a restart of the server: a state from before it is shown as such until a check agrees. Run by `bun test`. */
import { expect } from "bun:test";
import { peerTest } from "../harness/base/peers.ts";
import { freePort } from "../harness/base/ports.ts";
import { metricsConfig } from "../harness/daemon/metrics.ts";
import { runAndKill, site } from "../harness/daemon/restart-site.ts";
import { visit } from "../harness/observers/browser.ts";
import { rowWhere } from "../harness/observers/status-page.ts";

peerTest(
  "page restart: rows and the view of one healthcheck say that a state is from before the restart",
  ["chromium"],
  async () => {
    const port = freePort();
    await using place = site(1, { config: metricsConfig(port), retries: 10_000 });
    await runAndKill(place);
    for (const one of place.backends) one.fail(Number.POSITIVE_INFINITY);
    await using daemon = await place.start();
    await using _client = await place.connect(daemon);
    await using visited = await visit(`http://127.0.0.1:${port}/`, {});
    const { page, complaints } = visited;
    await rowWhere(page, ({ text }) => text.includes("Healthy?"), "a row with the former state");
    await page.locator("th.cell-target a").click();
    await page.getByText("From before the restart: it is reported once a check agrees with it").waitFor();
    for (const one of place.backends) one.fail(0);
    await page.getByText("From before the restart").waitFor({ state: "detached" });
    expect(await page.locator(".summary-state").textContent()).toStartWith("Healthy");
    await page.keyboard.press("Escape");
    await rowWhere(
      page,
      ({ text }) => text.includes("Healthy") && !text.includes("Healthy?"),
      "a confirmed row",
    );
    expect(complaints).toEqual([]);
  },
  60_000,
);
