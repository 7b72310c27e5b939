/** The status page while backends die and recover. Run by `bun test`. */

import { expect } from "bun:test";
import { acceptAll, httpAnswer, httpServer } from "../harness/backends/backends.ts";
import { until } from "../harness/base/wait.ts";
import { httpCheck, tcpCheck } from "../harness/client/checks.ts";
import { pageTest, rowWhere, shownRows } from "../harness/observers/status-page.ts";

pageTest(
  "page: a backend that dies turns its row red, with the reason, and green again, without a reload",
  {},
  async ({ client }) => {
    const backends = new AsyncDisposableStack();
    const tcp = backends.use(acceptAll());
    const http = backends.use(httpServer((_, socket) => socket.end(httpAnswer(200))));
    client.update([tcpCheck(1, tcp), httpCheck(2, http, { expected_codes: [200] })]);
    return Object.assign(backends, { tcp });
  },
  async ({ page }, { tcp }) => {
    await rowWhere(page, ({ id, look }) => id === "1" && look.includes("row-healthy"), "a healthy row");
    // The server announces changes only to pages whose feed is open.
    await page.getByText("Live", { exact: true }).waitFor();
    expect(await page.title()).toBe("Healthchecks");
    tcp.down();
    const red = await rowWhere(
      page,
      ({ id, look }) => id === "1" && look.includes("row-unhealthy"),
      "a red row",
    );
    // Unhealthy ones come first, and give the reason in words as well as in color.
    expect(red.index).toBe(0);
    expect(red.text).toContain("Unhealthy");
    expect(red.text).toMatch(/L4CON\s+connection refused/);
    await until(async () => (await page.title()) === "(1) Healthchecks", 5_000, "the title");
    const announcement = `tcp://127.0.0.1:${tcp.port} is unhealthy: L4CON TCP connect to 127.0.0.1:${tcp.port}: connection refused`;
    await until(
      async () => (await page.getByRole("status").textContent()) === announcement,
      5_000,
      announcement,
    );
    tcp.up();
    await rowWhere(
      page,
      ({ id, look }) => id === "1" && look.includes("row-healthy"),
      "a row that is healthy again",
    );
    await until(async () => (await page.title()) === "Healthchecks", 5_000, "the title");
    expect((await shownRows(page)).map(({ id }) => id)).toEqual(["1", "2"]);
  },
);

pageTest(
  "page: healthchecks that come and go are shown as they do",
  {},
  async () => acceptAll(),
  async ({ page, client }, backend) => {
    await page.getByText("No healthchecks configured yet").waitFor();
    client.update([tcpCheck(7, backend)]);
    await rowWhere(page, ({ id }) => id === "7", "the new row");
    client.update([]);
    await page.getByText("No healthchecks configured yet").waitFor();
  },
);

pageTest(
  "page: these tests detect violations of the policy",
  { tolerated: [/style-src/] },
  async () => acceptAll(),
  async ({ page }) => {
    const consoleMessages: string[] = [];
    page.on("console", (message) => consoleMessages.push(message.text()));
    await page.evaluate(`document.body.setAttribute("style", "color: red")`);
    await until(
      () => consoleMessages.some((text) => text.includes("style-src")),
      5_000,
      "the policy's complaint",
    );
  },
);
