/**
 * The daemon against HAProxy: both make the same checks of the same sinks, in turn. These scenarios make a table of
 * docs/performance.md. Listed in ../scenarios.ts.
 */
import { makeCa } from "../../../../tests/harness/backends/certs.ts";
import { type Load, outcome, type Peer } from "../comparison.ts";
import { type DaemonTurn, daemonTurn, haproxyTurn, type Turn, type TurnPlan } from "../contenders.ts";
import { type FleetPlan, startSinkOf } from "../fleet.ts";
import { findHaproxy } from "../haproxy.ts";
import type { Earlier, Group, Outcome, Scenario, Settings } from "../scenario.ts";

/** Number of checks from which the daemon is scraped every second during the measurement. */
const SCRAPED_FROM = 10_000;
const TIMEOUT_MS = 1_000;
/** Time after which code is compiled and memory no longer grows. */
const WARM_UP_MS = 5_000;
const QUICK_WARM_UP_MS = 2_000;
const SECONDS = 10;
const QUICK_SECONDS = 4;
const PLAIN: readonly Peer[] = [{ suffix: "", resumption: true }];
const TLS: readonly Peer[] = [
  { suffix: ", sessions resumed", resumption: true },
  { suffix: ", `no-ssl-reuse`", resumption: false },
];

const HEAD = [
  ...["check", "this server", "user + kernel", "HAProxy", "user + kernel", "ratio (rounds)", "checks/s"],
  ...["of a core", "lateness p50 / p99 / p99.9 / largest", "missed", "RSS"],
];

const GROUP: Group = {
  title: "CPU per check, metrics on, against HAProxy in turn",
  note: [
    "The median round; the ratio is the median of the rounds' own ratios, their range in parentheses. A / B: daemon / HAProxy.",
    "Lateness in ms by the daemon's own histogram; missed: starts left out, as the daemon / the sink counts them, all rounds.",
    "HTTPS: certificate and name are verified; `sessions resumed` and `no-ssl-reuse` are HAProxy's settings.",
  ].join("\n"),
  head: HEAD,
  page: { name: "against-haproxy", head: HEAD },
};

export const tcp = compare({ ...load("tcp", 400, 100), quick: "in turn" });
export const http = compare({ ...load("http", 400, 100), quick: "in turn" });
export const dns = compare({
  ...load("dns", 400, 100),
  peers: [],
  comparedWith: "tcp",
  quick: "alone",
});
export const udp = compare({ ...load("udp", 400, 100), peers: [], comparedWith: "tcp", quick: "alone" });
export const radius = compare({ ...load("radius", 400, 100), peers: [], comparedWith: "tcp" });
export const https = compare({ ...load("https", 400, 100), peers: TLS });
/** HTTPS every second, which two cores can do; every 100 ms is more than they can do. */
export const httpsSlow = compare({ ...load("https", 400, 1_000), name: "https-1s", peers: TLS });
export const tcp10k = compare({ ...load("tcp", 10_000, 1_000), name: "tcp-10k-1s", quick: "alone" });
export const http10k = compare({ ...load("http", 10_000, 1_000), name: "http-10k-1s" });

function load(kind: FleetPlan["kind"], checks: number, intervalMs: number): Load {
  const interval = intervalMs < 1_000 ? `${intervalMs} ms` : `${intervalMs / 1_000} s`;
  const label = `${checks.toLocaleString("en-US")} ${kind.toUpperCase()} × ${interval}`;
  return { name: kind, label, kind, checks, intervalMs, peers: PLAIN, quick: "no" };
}

function compare(load: Load): Scenario {
  const against = load.peers.length > 0 ? "against HAProxy" : `against ${load.comparedWith} of the same run`;
  return {
    name: load.name,
    group: GROUP,
    summary: `${load.label} ${against}`,
    quick: load.quick !== "no",
    ...(load.kind === "https" ? { haproxy: "sink" } : load.peers.length > 0 ? { haproxy: "peer" } : {}),
    run: (settings, say, earlier) => run(load, settings, say, earlier),
  };
}

async function run(
  load: Load,
  settings: Settings,
  say: (text: string) => void,
  earlier: Earlier,
): Promise<Outcome> {
  const { kind, checks, intervalMs } = load;
  await using ca = kind === "https" ? await makeCa() : undefined;
  const cert = ca?.issue({ name: "bench.test", sans: ["DNS:bench.test"] });
  const tls = ca === undefined || cert === undefined ? {} : { tls: { ...cert, caFile: ca.caFile } };
  const fleet: FleetPlan = { kind, checks, intervalMs, timeoutMs: TIMEOUT_MS, ...tls };
  await using sink = await startSinkOf(fleet, checks);
  const plan: TurnPlan = {
    fleet,
    warmUpMs: settings.quick ? QUICK_WARM_UP_MS : WARM_UP_MS,
    seconds: settings.seconds ?? (settings.quick ? QUICK_SECONDS : SECONDS),
    scraped: checks >= SCRAPED_FROM,
  };
  const isAlone = findHaproxy() === null || (settings.quick && load.quick === "alone");
  const peers = isAlone ? [] : load.peers;
  const ours: DaemonTurn[] = [];
  const theirs: Turn[][] = peers.map(() => []);
  const rounds = settings.quick && load.quick === "alone" ? 1 : settings.rounds;
  for (let round = 1; round <= rounds; round++) {
    say(`round ${round} of ${rounds}: the daemon`);
    ours.push(await daemonTurn(plan, sink));
    for (const [index, { suffix, resumption }] of peers.entries()) {
      say(`round ${round} of ${rounds}: HAProxy${suffix}`);
      theirs[index]?.push(await haproxyTurn(plan, sink, resumption));
    }
  }
  const comparedWith = earlier.get(load.comparedWith ?? "")?.perCheckUs;
  return outcome(load, { ours, theirs }, comparedWith);
}
