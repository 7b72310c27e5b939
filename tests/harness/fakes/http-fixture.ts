/** The HTTP listener inside the test process, with everything behind it. Called by tests/http. */

import type { NetworkFault } from "../../../src/http/api.ts";
import { EventFeed } from "../../../src/http/events.ts";
import type { HostPolicy } from "../../../src/http/host.ts";
import type { Render } from "../../../src/http/metrics-handler.ts";
import { makeRouter } from "../../../src/http/routes.ts";
import { HttpServer, type Router } from "../../../src/http/server.ts";
import { connectHttp, get, type RawAnswer, readAnswer } from "../client/raw-http.ts";
import { FakeLogger } from "./fakes.ts";
import { Stock } from "./monitor-stock.ts";

const LOOPBACK = { ip: "127.0.0.1", port: 0 };

/** Parts that a test decides; the others are empty and healthy. */
export interface HttpOptions {
  /** In place of the routes of the daemon. */
  readonly router?: Router;
  readonly render?: Render;
  readonly maxConnections?: number;
  /** Allowed hosts; any name by default. */
  readonly hosts?: HostPolicy;
}

/** A listener; disposing closes it. */
export interface HttpFixture extends Disposable {
  readonly port: number;
  readonly stock: Stock;
  readonly feed: EventFeed;
  readonly log: FakeLogger;
  /** Liveness and readiness problems; set by the test. */
  problems: {
    livenessProblem?: string;
    readinessProblem?: string;
    network?: NetworkFault;
    overridden?: number;
  };
  /** One request on a connection of its own, and the whole answer. */
  ask(path: string, ...headers: readonly string[]): Promise<RawAnswer>;
  /** The same, and its body as JSON. */
  askJson(path: string): Promise<unknown>;
}

/** Starts it on a free port. */
export async function startHttp(options: HttpOptions = {}): Promise<HttpFixture> {
  const log = new FakeLogger();
  const stock: Stock = new Stock({
    settled: (monitor, { transition }) => {
      if (transition === undefined) return;
      feed.changed(monitor, transition.from, transition.result, monitor.sinceMs);
    },
  });
  const problems: HttpFixture["problems"] = {};
  const feed = new EventFeed(
    () => stock.counts(),
    () => problems.network,
    "1.2.3",
    16,
  );
  const routes = makeRouter({
    source: stock,
    feed,
    counts: () => ({ ...stock.counts(), overridden: problems.overridden ?? 0 }),
    network: () => problems.network,
    render: options.render ?? noMetrics,
    livenessProblem: () => problems.livenessProblem,
    readinessProblem: () => problems.readinessProblem,
  });
  const hosts = options.hosts ?? { loopback: false, allowedHosts: [] };
  const server = new HttpServer(options.router ?? routes, options.maxConnections ?? 40, hosts, log);
  const { port } = await server.listen(LOOPBACK);
  const ask = async (path: string, ...headers: readonly string[]) => {
    await using http = await connectHttp(port);
    http.write(get(path, "Connection: close", ...headers));
    return readAnswer(await http.waitForClose());
  };
  return {
    port,
    stock,
    feed,
    log,
    problems,
    ask,
    askJson: async (path) => JSON.parse(Buffer.from((await ask(path)).body, "latin1").toString()),
    [Symbol.dispose]() {
      feed.close();
      server.close();
    },
  };
}

async function* noMetrics(): AsyncGenerator<Uint8Array> {
  yield Buffer.from("nothing 0\n");
}
