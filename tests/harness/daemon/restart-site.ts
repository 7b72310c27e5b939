/** A server with a state file, and backends whose answers can be failures. Called by the tests of restarts. */
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { makeTempDir } from "../base/tempdir.ts";
import { until } from "../base/wait.ts";
import { times } from "../client/checks.ts";
import { type Client, connectClient, config as formatConfig } from "../client/client.ts";
import { type Daemon, NO_REFRESH, startDaemon } from "./daemon.ts";

/** For whatever the server does within a second or two. */
export const STATE_PERIOD_MS = 15_000;

/** An HTTP backend whose next answers can be failures. */
export function backend() {
  let failures = 0;
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: () => new Response("", { status: failures-- > 0 ? 503 : 200 }),
  });
  return {
    port: server.port ?? 0,
    fail: (count: number) => {
      failures = count;
    },
    [Symbol.dispose]: () => void server.stop(true),
  };
}

/** See {@link backend}. */
export type Backend = ReturnType<typeof backend>;

/** An HTTP check, every 100 ms. */
export function check(id: number, { port }: Pick<Backend, "port">, retries = 2): string {
  const times = { interval: "100ms", timeout: "5s", retries };
  return formatConfig({
    id,
    checker_type: "http",
    ip: "127.0.0.1",
    port,
    path: "/",
    expected_codes: [200],
    ...times,
  });
}

/** A place where servers run one after the other, with one state file; disposing removes it. */
export interface Site extends AsyncDisposable {
  /** Directory of the state file. */
  readonly dir: string;
  readonly file: string;
  readonly backends: readonly Backend[];
  /** Starts a server. */
  start(options?: object): Promise<Daemon>;
  /** Connects a client that sends a check of every backend; the first has the id 1. */
  connect(daemon: Daemon): Promise<Client>;
}

/** Options of a site. */
export interface SiteOptions {
  /** Further settings of `server`, with a comma before each. */
  readonly server?: string;
  /** Further configuration text. */
  readonly config?: string;
  /** Retries of each check; 2 by default. */
  readonly retries?: number;
}

/** Makes a site with a number of backends. */
export function site(count: number, { server = "", config = "", retries = 2 }: SiteOptions = {}): Site {
  const dir = makeTempDir("restart");
  const backends = times(count, () => backend());
  const file = join(dir.path, "state", "healthcheck-server.state");
  mkdirSync(join(dir.path, "state"));
  return {
    dir: join(dir.path, "state"),
    file,
    backends,
    start: async (options = {}) => {
      const socketPath = join(dir.path, "proxy.sock");
      const place = `server: { proxy_socket: ${socketPath}, state_file: ${file}${server} }\n`;
      return await startDaemon({ config: `${place}${NO_REFRESH}${config}`, socketPath, ...options });
    },
    connect: async (daemon) => {
      const client = await connectClient(daemon.socketPath);
      client.update(backends.map((one, at) => check(at + 1, one, retries)));
      return client;
    },
    [Symbol.asyncDispose]: async () => {
      for (const one of backends) one[Symbol.dispose]();
      dir.remove();
    },
  };
}

/** Every reported state, in order, as `id state`. */
export function reports({ lines }: Client): string[] {
  return lines
    .filter(({ type }) => type === "notification_batch")
    .flatMap(({ statuses }) => statuses.map(({ id, status }) => `${id} ${status.state}`));
}

/** Runs a daemon until every backend is reported healthy and in the file, and kills it. */
export async function runAndKill(place: Site): Promise<void> {
  await using daemon = await place.start();
  await using client = await place.connect(daemon);
  await until(() => client.latest.size === place.backends.length, STATE_PERIOD_MS, "every state");
  const isWritten = () => {
    const text = readFileSync(place.file, "latin1");
    const states = text.match(/"state":"healthy"/g)?.length ?? 0;
    // The header, which is written last, has the number of bytes that are complete.
    const [, length] = /^healthcheck-server state \d+ (\d+) /.exec(text) ?? [];
    return states >= place.backends.length && Number(length) === text.length;
  };
  await until(isWritten, STATE_PERIOD_MS, "every state in the file");
  daemon.signal("SIGKILL");
  await daemon.exited;
}
