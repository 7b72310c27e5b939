/**
 * A browser that shows the status page and records every error of the page. Called by the tests in tests/page and by
 * scripts/tools/screenshots/main.ts.
 *
 * What runs inside the browser is given as text: this project is checked without a browser's types.
 */

import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { peerPath } from "../base/peers.ts";

/** Options of the browser. */
export interface VisitOptions {
  readonly width?: number;
  readonly height?: number;
  readonly colorScheme?: "light" | "dark";
  /** A phone: touch, two pixels a pixel. */
  readonly phone?: boolean;
  /** Complaints that the test provokes. */
  readonly tolerated?: readonly RegExp[];
}

/** A page in a browser of its own; disposing closes both. */
export interface Visit extends AsyncDisposable {
  readonly page: Page;
  /** Console errors and warnings, uncaught errors, failed and foreign requests so far; each should not be. */
  readonly complaints: readonly string[];
}

const PATIENCE_MS = 15_000;

/**
 * Opens a page.
 * @param url with its hash
 * @throws Error when Chromium is missing or the page does not load
 */
export async function visit(url: string, options: VisitOptions = {}): Promise<Visit> {
  const browser = await launch();
  try {
    const context = await browser.newContext(contextOptions(options));
    context.setDefaultTimeout(PATIENCE_MS);
    const page = await context.newPage();
    const complaints = listen(page, new URL(url).origin, options.tolerated ?? []);
    await page.goto(url, { waitUntil: "load" });
    return { page, complaints, [Symbol.asyncDispose]: () => browser.close() };
  } catch (error) {
    await browser.close();
    throw error;
  }
}

function launch(): Promise<Browser> {
  // As root, which tests in containers are, Chromium cannot have its sandbox.
  const isRoot = process.getuid?.() === 0;
  const args = ["--disable-dev-shm-usage", ...(isRoot ? ["--no-sandbox"] : [])];
  return chromium.launch({ executablePath: peerPath("chromium"), args, timeout: PATIENCE_MS });
}

function contextOptions(options: VisitOptions): BrowserContextOptions {
  const { width = 1_280, height = 800, colorScheme = "light", phone = false } = options;
  const touch = phone ? { isMobile: true, hasTouch: true, deviceScaleFactor: 2 } : {};
  return { viewport: { width, height }, colorScheme, reducedMotion: "reduce", ...touch };
}

function listen(page: Page, origin: string, tolerated: readonly RegExp[]): string[] {
  const complaints: string[] = [];
  const complain = (text: string) => {
    if (!tolerated.some((pattern) => pattern.test(text))) complaints.push(text);
  };
  // A breach of the content security policy is an error on the console.
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complain(`${message.type()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => complain(`uncaught: ${error.stack ?? error.message}`));
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith("data:") && new URL(url).origin !== origin) complain(`foreign request: ${url}`);
  });
  page.on("requestfailed", (request) => {
    const words = request.failure()?.errorText ?? "";
    // The page calls off a question whose answer it does not want any more.
    if (words !== "net::ERR_ABORTED") complain(`failed request: ${request.url()}: ${words}`);
  });
  page.on("response", (response) => {
    if (response.status() >= 400) complain(`status ${response.status()}: ${response.url()}`);
  });
  return complaints;
}
