/** The status page of a running daemon, looked at with a browser. Called by the tests in tests/page. */

import { expect } from "bun:test";
import type { Page } from "playwright-core";
import type { HealthcheckList } from "../../../src/http/api.ts";
import { peerTest } from "../base/peers.ts";
import { freePort } from "../base/ports.ts";
import { until } from "../base/wait.ts";
import { type Client, connectClient } from "../client/client.ts";
import { type Daemon, NO_REFRESH, startDaemon } from "../daemon/daemon.ts";
import { type VisitOptions, visit } from "./browser.ts";

/** A daemon with its status page, and a client that says what is to be checked; disposing ends both. */
export interface Served extends AsyncDisposable {
  readonly daemon: Daemon;
  readonly client: Client;
  /** URL of the page, ending with a slash. */
  readonly url: string;
}

/** Parts of a page test. */
export interface PageTest extends Served {
  readonly page: Page;
}

/** A row as it is on the screen. */
export interface ShownRow {
  /** Its place in the list, from 0. */
  readonly index: number;
  readonly id: string;
  /** Its classes. */
  readonly look: string;
  readonly text: string;
}

const PATIENCE_MS = 15_000;

/**
 * Starts a daemon with its status page.
 * @param port where the page is to be
 */
export async function serve(port = freePort()): Promise<Served> {
  const config = `${NO_REFRESH}metrics: { enabled: true, listen_addr: "127.0.0.1:${port}" }\n`;
  const daemon = await startDaemon({ config });
  const url = `http://127.0.0.1:${port}/`;
  await daemon.waitForLog(/Serving metrics and status page/, PATIENCE_MS);
  const client = await connectClient(daemon.socketPath);
  return {
    daemon,
    client,
    url,
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]();
      await daemon[Symbol.asyncDispose]();
    },
  };
}

/**
 * Registers a test of the page. When it is done, the page must have had nothing to complain of, and must not have been loaded a
 * second time.
 * @param prepare what is to be checked; what it gives back is closed at the end
 * @param options `hash` is what the page is opened with
 */
export function pageTest<T extends AsyncDisposable>(
  name: string,
  options: VisitOptions & { readonly hash?: string; readonly timeoutMs?: number },
  prepare: (served: Served) => Promise<T>,
  run: (test: PageTest, prepared: T) => Promise<void>,
): void {
  const body = async () => {
    await using served = await serve();
    await using prepared = await prepare(served);
    await using visited = await visit(served.url + (options.hash ?? ""), options);
    const { page, complaints } = visited;
    await page.evaluate("window.loadedOnce = true");
    await run({ ...served, page }, prepared);
    expect(await page.evaluate("window.loadedOnce")).toBe(true);
    expect(complaints).toEqual([]);
  };
  peerTest(name, ["chromium"], body, options.timeoutMs ?? 60_000);
}

/** The rows in the document, from top to bottom; without those that are still to come. */
export function shownRows(page: Page): Promise<ShownRow[]> {
  return page.evaluate<ShownRow[]>(`[...document.querySelectorAll("tbody tr[data-id]")].map((row) => ({
    index: Number(row.getAttribute("aria-rowindex")) - 2,
    id: row.dataset.id,
    look: row.className,
    text: row.innerText,
  }))`);
}

/** Waits for a row that the predicate takes. */
export function rowWhere(page: Page, wanted: (row: ShownRow) => boolean, what: string): Promise<ShownRow> {
  let seen: readonly ShownRow[] = [];
  const look = async () => {
    seen = await shownRows(page);
    return seen.find(wanted);
  };
  return until(look, PATIENCE_MS, () => `${what}; there are ${JSON.stringify(seen.slice(0, 5))}`);
}

/** Asks the API as the page does. */
export async function listed(url: string, query = ""): Promise<HealthcheckList> {
  const response = await fetch(`${url}api/healthchecks${query}`);
  // The cast trusts the server, whose own tests look at this.
  return (await response.json()) as HealthcheckList;
}
