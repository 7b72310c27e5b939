/** Healthy backends that are declared down while this host is cut off from its network. Listed in ../scenarios.ts. */
import { findPeer, type Peer } from "../../../../tests/harness/base/peers.ts";
import { until } from "../../../../tests/harness/base/wait.ts";
import { times } from "../../../../tests/harness/client/checks.ts";
import { type Client, config, connectClient } from "../../../../tests/harness/client/client.ts";
import { startDaemon } from "../../../../tests/harness/daemon/daemon.ts";
import {
  CARRIER_LOST,
  FAR_SIDE_DROPS,
  type Loss,
  OUTPUT_DROP,
  ROUTE_REMOVED,
} from "../../../../tests/harness/machines/losses.ts";
import { startUplink } from "../../../../tests/harness/machines/uplink.ts";
import { WEB_PORT } from "../../../../tests/harness/machines/uplink-ports.ts";
import { startHaproxy } from "../haproxy.ts";
import { startKeepalived } from "../keepalived.ts";
import type { Group, Outcome, Scenario } from "../scenario.ts";

const BACKENDS = 200;
const INTERVAL_SECONDS = 1;
const TIMEOUT_SECONDS = 1;
const FALL = 3;
const AWAY_MS = 10_000;
const START_MS = 30_000;
/** Every contender has checked everything some times. */
const SETTLE_MS = 3 * INTERVAL_SECONDS * 1_000;
const LOSSES: readonly Loss[] = [ROUTE_REMOVED, OUTPUT_DROP, FAR_SIDE_DROPS, CARRIER_LOST];
const NEEDED: readonly Peer[] = ["ip", "nft", "nsenter", "openssl", "haproxy", "keepalived", "gcc"];

const GROUP: Group = {
  title: `This host is cut off for 10 s: how many of ${BACKENDS} healthy backends are declared down`,
  note: `TCP checks × ${INTERVAL_SECONDS} s, timeout ${TIMEOUT_SECONDS} s, down after ${FALL} failures; all three in the same network, at the same time.`,
  head: ["loss", "healthcheck-server", "HAProxy", "keepalived"],
};

export const cutOff: Scenario = {
  name: "cut-off",
  group: GROUP,
  summary:
    "healthy backends that are declared down while this host is cut off, beside HAProxy and keepalived",
  quick: false,
  run,
};

/** Backends that each contender has declared down. */
interface Down {
  readonly ours: number;
  readonly haproxy: number;
  readonly keepalived: number;
}

async function run(): Promise<Outcome> {
  const missing = NEEDED.filter((peer) => findPeer(peer) === null);
  if (missing.length > 0)
    return {
      figures: {},
      rows: [],
      regressions: [],
      notes: [`left out: ${missing.join(", ")} not installed`],
    };
  const found: (readonly [Loss, Down])[] = [];
  for (const loss of LOSSES) found.push([loss, await lose(loss)]);
  return {
    figures: Object.fromEntries(found.map(([{ name }, down]) => [name, { ...down }])),
    rows: found.map(([{ name }, { ours, haproxy, keepalived }]) => [
      name,
      ...[ours, haproxy, keepalived].map((count) => `${count} of ${BACKENDS}`),
    ]),
    regressions: [],
  };
}

async function lose(loss: Loss): Promise<Down> {
  await using uplink = await startUplink({ count: BACKENDS });
  const { prefix } = uplink.link.near;
  const targets = uplink.addresses.map((hostname) => ({ hostname, port: WEB_PORT }));
  await using daemon = await startDaemon({ prefix });
  await using client = await connectClient(daemon.socketPath);
  const fields = { interval: `${INTERVAL_SECONDS}s`, timeout: `${TIMEOUT_SECONDS}s`, fall: FALL };
  client.update(
    times(BACKENDS, (index) =>
      config({ checker_type: "tcp", ip: uplink.addresses[index], port: WEB_PORT, ...fields, id: index + 1 }),
    ),
  );
  const plan = { targets, prefix, fall: FALL };
  await using haproxy = await startHaproxy({
    ...{ ...plan, kind: "tcp", intervalMs: INTERVAL_SECONDS * 1_000, resumption: false, stats: true },
  });
  await using keepalived = await startKeepalived({
    ...{ ...plan, intervalSeconds: INTERVAL_SECONDS, timeoutSeconds: TIMEOUT_SECONDS },
  });
  await until(
    async () => {
      const all = [states(client, "healthy"), await haproxy.servers("UP"), keepalived.checked];
      return all.every((count) => count === BACKENDS) && keepalived.down === 0;
    },
    START_MS,
    "healthy backends",
  );
  await Bun.sleep(SETTLE_MS);
  loss.lose(uplink);
  await Bun.sleep(AWAY_MS);
  return {
    ours: states(client, "unhealthy"),
    haproxy: await haproxy.servers("DOWN"),
    keepalived: keepalived.down,
  };
}

function states({ latest }: Client, wanted: string): number {
  return [...latest.values()].filter(({ state }) => state === wanted).length;
}
