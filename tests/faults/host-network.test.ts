/** Faults of this host's own network, in namespaces: the host, its uplink, and backends beyond it. Run by `bun test`. */
// alone: measures the time of reports, and needs every check on time
import { expect } from "bun:test";
import { runCommand } from "../harness/base/command.ts";
import { peerPath, peerTest } from "../harness/base/peers.ts";
import { freePort } from "../harness/base/ports.ts";
import { until } from "../harness/base/wait.ts";
import { type Client, connectClient } from "../harness/client/client.ts";
import { type Arrival, notifications } from "../harness/client/client-assertions.ts";
import { type Daemon, NO_REFRESH, startDaemon } from "../harness/daemon/daemon.ts";
import { metricsConfig } from "../harness/daemon/metrics.ts";
import {
  CARRIER_LOST,
  FAR_SIDE_DROPS,
  LINK_LOCAL_LEFT,
  LOCAL_LOSSES,
  type Loss,
  SILENT_LOSSES,
} from "../harness/machines/losses.ts";
import {
  firewall,
  startUplink,
  type Uplink,
  type UplinkOptions,
  unfirewall,
} from "../harness/machines/uplink.ts";

const COUNT = 100;
/** Checks outlast an outage, and a host under load answers in time. */
const PACE = { interval: "200ms", timeout: "1s" };
const INTERVAL_MS = 200;
/** Lost packets that no rule takes for an outage: of two checks at least. */
const FEW_LOST = 3;
const SOON_MS = 20_000;
const PEERS = ["ip", "nft", "nsenter", "openssl"] as const;

/** A host with healthy backends, its daemon, and a client. */
interface Host extends AsyncDisposable {
  readonly uplink: Uplink;
  readonly daemon: Daemon;
  readonly client: Client;
  /** Reports of unhealthy backends since the call before. */
  unhealthy(): readonly Arrival[];
}

interface HostOptions extends Omit<UplinkOptions, "count"> {
  readonly config?: string;
  readonly retries?: number;
}

async function startHost({ config = "", retries = 0, ...options }: HostOptions = {}): Promise<Host> {
  await using stack = new AsyncDisposableStack();
  const uplink = stack.use(await startUplink({ count: COUNT, ...options }));
  const prefix = uplink.link.near.prefix;
  const daemon = stack.use(await startDaemon({ prefix, config: `${NO_REFRESH}${config}\n` }));
  const client = stack.use(await connectClient(daemon.socketPath));
  client.update(uplink.checks({ ...PACE, retries }));
  await until(() => healthy(client) === COUNT || undefined, SOON_MS, "healthy backends");
  // Every check has run twice, and joined its grid.
  await Bun.sleep(2 * INTERVAL_MS);
  let seen = notifications(client).length;
  const owned = stack.move();
  return {
    uplink,
    daemon,
    client,
    unhealthy() {
      const all = notifications(client);
      const fresh = all.slice(seen).filter(({ status }) => status.state === "unhealthy");
      seen = all.length;
      return fresh;
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function healthy({ latest }: Client): number {
  return [...latest.values()].filter(({ state }) => state === "healthy").length;
}

/** Log lines of the edges. */
function edges({ log }: Daemon): string[] {
  return log.flatMap((line) => /Network (blind|sighted)/.exec(line)?.[1] ?? []);
}

/** Loses the network in each way, and brings it back: both are noticed, and no backend is reported unhealthy. */
async function endure(losses: readonly Loss[], options: HostOptions): Promise<void> {
  await using host = await startHost(options);
  const { uplink, daemon } = host;
  let seen = 0;
  for (const loss of losses) {
    const edge = async (name: string) => {
      const found = await until(() => edges(daemon)[seen], SOON_MS, `${name} after ${loss.name}`);
      expect(`${loss.name}: ${found}`).toBe(`${loss.name}: ${name}`);
      seen++;
    };
    loss.lose(uplink);
    await edge("blind");
    await Bun.sleep(2 * INTERVAL_MS);
    loss.restore(uplink);
    await edge("sighted");
    await Bun.sleep(2 * INTERVAL_MS);
    const reports = host.unhealthy().map(({ status }) => status.message);
    expect({ loss: loss.name, reports }).toEqual({ loss: loss.name, reports: [] });
  }
  expect(edges(daemon)).toHaveLength(seen);
}

peerTest(
  "host network: nothing is reported unhealthy while this host is cut off, whatever the way",
  PEERS,
  async () => {
    await Promise.all([
      endure([...LOCAL_LOSSES, ...SILENT_LOSSES], {}),
      endure(SILENT_LOSSES, { retries: 1 }),
      endure([...LOCAL_LOSSES, LINK_LOCAL_LEFT, ...SILENT_LOSSES], { family: "ipv6" }),
    ]);
  },
  120_000,
);

peerTest(
  "host network: a lost carrier is noticed without a check, and the commands show that this host is blind",
  PEERS,
  async () => {
    const port = freePort();
    await using host = await startHost({ config: `${metricsConfig(port)}network: { hold: 1m }` });
    const { uplink, daemon, client } = host;
    const command = async (...args: string[]) => {
      const addr = `127.0.0.1:${port}`;
      const { out } = await runCommand([...args, "--addr", addr], { prefix: uplink.link.near.prefix });
      return out;
    };
    FAR_SIDE_DROPS.lose(uplink);
    const shows = (what: RegExp, ...args: string[]) =>
      until(async () => what.test(await command(...args)) || undefined, SOON_MS, String(what));
    await shows(/^ready\n(.*\n)*network blind, reports held: 100\n$/, "status");
    await shows(/"healthy":100,.*"network":\{"blind":true,"held":100\}/, "status", "--json");
    await shows(/\n {2}held +unhealthy is not reported yet: the server is probably cut off/, "explain", "1");
    FAR_SIDE_DROPS.restore(uplink);
    await until(() => edges(daemon)[1], SOON_MS, "sight");
    await shows(/^ready\n((?!network).*\n)*$/, "status");
    // A third of the checks is due within SOON_MS, which is not most of them.
    client.update(uplink.checks({ ...PACE, interval: "1m" }));
    await shows(/\n {2}interval_ms +60000\n/, "explain", String(COUNT));
    CARRIER_LOST.lose(uplink);
    await until(() => edges(daemon)[2], SOON_MS, "blindness");
    CARRIER_LOST.restore(uplink);
    expect(host.unhealthy()).toEqual([]);
  },
  60_000,
);

peerTest(
  "host network: a link that is gone for a moment takes out no backend whose check was under way",
  PEERS,
  async () => {
    const port = freePort();
    await using host = await startHost({ config: metricsConfig(port) });
    const { uplink, daemon, client } = host;
    const { near, far } = uplink.link;
    client.update(uplink.checks({ ...PACE, interval: "2s" }));
    const addr = `127.0.0.1:${port}`;
    const explain = async () =>
      (await runCommand(["explain", String(COUNT), "--addr", addr], { prefix: near.prefix })).out;
    await until(
      async () => /\n {2}interval_ms +2000\n/.test(await explain()) || undefined,
      SOON_MS,
      "update",
    );
    firewall(uplink.near, "output", `ip daddr ${uplink.family.backends} counter drop`);
    const nft = [peerPath("nft"), "list", "table", "inet", "cut"];
    const dropped = () => Number(/counter packets ([0-9]+)/.exec(near.run(nft))?.[1]);
    await until(() => dropped() >= FEW_LOST || undefined, SOON_MS, "lost packets");
    far.run([peerPath("ip"), "link", "set", "cable", "down"]);
    far.run([peerPath("ip"), "link", "set", "cable", "up"]);
    unfirewall(uplink.near);
    // Every check that was under way ends, and so does the next one.
    await Bun.sleep(5_000);
    expect(host.unhealthy()).toEqual([]);
    expect(daemon.log.filter((line) => line.includes("new_state=unhealthy"))).toEqual([]);
  },
  60_000,
);

peerTest(
  "host network: a route that stays away becomes a failure whose message names it",
  PEERS,
  async () => {
    // A check that is under way when the route goes fails in another way, once.
    await using host = await startHost({ config: "network: { hold: 2s }", retries: 1 });
    host.uplink.near("ip route del default");
    await until(() => healthy(host.client) === 0 || undefined, SOON_MS, "the end of the hold");
    const messages = host.unhealthy().map(({ status }) => status.message);
    expect(messages).toHaveLength(COUNT);
    for (const message of messages)
      expect(message).toMatch(/^L4CON .*: network is unreachable; this host has no route, for 2s now$/);
  },
  60_000,
);

peerTest(
  "host network: backends that all die are reported when the hold is over, and immediately when a reference answers",
  PEERS,
  async () => {
    await using host = await startHost({ config: "network: { hold: 2s }", mortal: 1 });
    const { uplink, daemon, client } = host;
    uplink.kill();
    const blind = await daemon.waitForLog(/Network blind, holding reports of unhealthy backends/, SOON_MS);
    expect(blind).toMatch(/ healthy=100 .* hold_ms=2000 references=0$/);
    await until(() => healthy(client) === 0 || undefined, SOON_MS, "reports");
    await daemon.waitForLog(/Network hold is over, reporting unhealthy count=100 hold_ms=2000/, SOON_MS);
    uplink.revive();
    await until(() => healthy(client) === COUNT || undefined, SOON_MS, "healthy backends");
    expect(edges(daemon)).toEqual(["blind", "sighted"]);

    await using sure = await startHost({
      config: "network: { hold: 1m, references: [192.0.2.2] }",
      mortal: 1,
    });
    sure.uplink.kill();
    // Without a reference they would wait for a minute. On a loaded machine its answer may come a moment after the doubt.
    await until(() => healthy(sure.client) === 0 || undefined, SOON_MS, "reports");
    expect(sure.daemon.log.filter((line) => line.includes("Network hold is over"))).toEqual([]);
  },
  60_000,
);

peerTest(
  "host network: 40% of the backends that die are reported without a doubt",
  PEERS,
  async () => {
    await using host = await startHost({ config: "network: { hold: 1m }", mortal: 0.4 });
    host.uplink.kill();
    await until(() => healthy(host.client) === COUNT * 0.6 || undefined, SOON_MS, "reports");
    expect(host.unhealthy()).toHaveLength(COUNT * 0.4);
    expect(edges(host.daemon)).toEqual([]);
  },
  60_000,
);
