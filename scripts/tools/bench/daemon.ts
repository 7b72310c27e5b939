/** The daemon as it is measured: the compiled executable with metrics on and a client on its socket. Called by the scenarios. */

import { freePort } from "../../../tests/harness/base/ports.ts";
import { until } from "../../../tests/harness/base/wait.ts";
import { type Client, connectClient } from "../../../tests/harness/client/client.ts";
import { type Daemon, startDaemon } from "../../../tests/harness/daemon/daemon.ts";
import { metricsConfig, type Samples, scrape } from "../../../tests/harness/daemon/metrics.ts";
import { killOnExit } from "../child-cleanup.ts";

/** Time limit for the exit of a daemon that no longer answers. */
const GONE_MS = 500;
/** Lines of its log. */
const LAST_WORDS = 20;

/** A daemon under load and its client; disposing ends both. */
export interface Subject extends AsyncDisposable {
  readonly daemon: Daemon;
  readonly client: Client;
  readonly metricsPort: number;
  /** Everything that /metrics says; nothing without metrics. */
  scrape(): Promise<Samples>;
}

/** Options of a started daemon. */
export interface SubjectOptions {
  /** YAML, beside the socket and the metrics. */
  readonly config?: string;
  /** False for comparing. */
  readonly metrics?: boolean;
  /** Further fields of the metrics section, with a comma in front. */
  readonly metricsFields?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts it, without healthchecks. */
export async function startSubject(options: SubjectOptions = {}): Promise<Subject> {
  const { config = "", metrics = true, metricsFields = "", env = {} } = options;
  const metricsPort = freePort();
  const yaml = `${config}${metrics ? metricsConfig(metricsPort, metricsFields) : ""}`;
  const daemon = await startDaemon({ config: yaml, env });
  const orphan = killOnExit(daemon.pid);
  try {
    const client = await connectClient(daemon.socketPath);
    return {
      daemon,
      client,
      metricsPort,
      scrape: () => (metrics ? scrapeOf(daemon, metricsPort) : Promise.resolve(new Map())),
      async [Symbol.asyncDispose]() {
        await client[Symbol.asyncDispose]();
        await daemon[Symbol.asyncDispose]();
        orphan[Symbol.dispose]();
      },
    };
  } catch (error) {
    await daemon[Symbol.asyncDispose]();
    throw error;
  }
}

/** A scrape; when it fails, with the daemon's last words. */
async function scrapeOf(daemon: Daemon, port: number): Promise<Samples> {
  try {
    return await scrape(port);
  } catch (error) {
    const gone = await Promise.race([daemon.exited, Bun.sleep(GONE_MS)]);
    const state = gone === undefined ? "it still runs" : `it ended with ${gone}`;
    throw new Error(`scrape the daemon: ${state}; its log:\n${daemon.log.slice(-LAST_WORDS).join("\n")}`, {
      cause: error,
    });
  }
}

/** Waits until the first results of the given number of healthchecks have been reported. */
export async function firstResults({ client }: Subject, count: number, timeoutMs = 60_000): Promise<void> {
  const what = () => `${count} first results; there are ${client.latest.size}`;
  await until(() => client.latest.size >= count, timeoutMs, what);
}
