/** A daemon with metrics switched on, and its series one by one. Called by the tests of the daemon's metrics. */

import { freePort } from "../base/ports.ts";
import { type Daemon, NO_REFRESH, startDaemon } from "./daemon.ts";
import { metricsConfig, type Samples, sampleOf, scrape, scrapeUntil } from "./metrics.ts";

/** A running daemon; disposing ends it. */
export interface Metered extends AsyncDisposable {
  readonly daemon: Daemon;
  readonly port: number;
  /** Scrapes until what is looked for is there. */
  scrapeUntil(what: string, found: (samples: Samples) => boolean): Promise<Samples>;
  /** One series as it is now, by its name without `healthcheck_`. */
  now(series: string): Promise<number>;
  /** Configuration text; the same port each time. */
  config(more: string): string;
}

/**
 * Starts it.
 *
 * @param more - further configuration text
 * @param env - further environment variables
 */
export async function startMetered(more = "", env: Readonly<Record<string, string>> = {}): Promise<Metered> {
  const port = freePort();
  const config = (extra: string) => `${NO_REFRESH}${extra}\n${metricsConfig(port)}`;
  const daemon = await startDaemon({ config: config(more), env });
  return {
    daemon,
    port,
    config,
    scrapeUntil: (what, found) => scrapeUntil(port, what, found),
    now: async (series) => sampleOf(await scrape(port), `healthcheck_${series}`),
    [Symbol.asyncDispose]: () => daemon[Symbol.asyncDispose](),
  };
}
