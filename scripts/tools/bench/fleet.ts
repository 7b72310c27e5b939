/** A daemon with a set of checks, and the sink that they go to. Called by the scenarios. */
import {
  dnsCheck,
  httpCheck,
  radiusCheck,
  type Target,
  tcpCheck,
  times,
  udpCheck,
} from "../../../tests/harness/client/checks.ts";
import { resultWallMs } from "../../../tests/harness/client/client-assertions.ts";
import type { Samples } from "../../../tests/harness/daemon/metrics.ts";
import { largest } from "./arithmetic.ts";
import { firstResults, type Subject, type SubjectOptions, startSubject } from "./daemon.ts";
import { fromHistogram, type Lateness } from "./lateness.ts";
import { RADIUS_SECRET, type SinkKind, wallMs } from "./sink/commands.ts";
import { type Sink, sinkAddress, startSink } from "./sink.ts";
import { startTlsSink } from "./tls-sink.ts";

/** Kind, number and pace of the checks. */
export interface FleetPlan {
  readonly kind: SinkKind | "https";
  readonly checks: number;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** PEM files of https: the sink's, and the authority that the daemon trusts. */
  readonly tls?: { readonly certFile: string; readonly keyFile: string; readonly caFile: string };
  /** Number of checks, the last ones, that go to black holes. */
  readonly toBlackholes?: number;
}

/** Arrival of the first results of the set. */
export interface FirstResults {
  /** From sending the set to the last of them, by the statuses' own times. */
  readonly lastResultMs: number;
  /** From sending the set to the last line on the socket. */
  readonly lastLineMs: number;
  /** From result to socket, by the daemon's histogram. */
  readonly notification: Lateness;
  /** The longest the event loop was held meanwhile: the upper bound of a bucket. */
  readonly stallMs: number;
}

/** A fleet whose checks have all had their first result. Disposing ends everything. */
export interface Fleet extends AsyncDisposable {
  readonly plan: FleetPlan;
  readonly sink: Sink;
  readonly subject: Subject;
  /** The CONFIGs that were sent. */
  readonly configs: readonly string[];
  /** As many of the sink's ports, from the first, belong to one check alone. */
  readonly ownPorts: number;
  readonly first: FirstResults;
}

/** Beyond this, most checks share ports: a port costs the sink a descriptor. */
const MAX_PORTS = 10_000;
/** Number of targets with a port of their own, and number of ports that the others share. */
const SAMPLED_PORTS = 4_000;
const SHARED_PORTS = 40;
const BLACKHOLES = 20;
const FIRST_RESULTS_MS = 120_000;

/** Starts it all. */
export async function startFleet(plan: FleetPlan, options: SubjectOptions = {}): Promise<Fleet> {
  const { checks, toBlackholes = 0 } = plan;
  const layout = layOut(checks - toBlackholes);
  const stack = new AsyncDisposableStack();
  try {
    const sink = stack.use(await startSinkOf(plan, layout.own + layout.shared));
    const subject = stack.use(await startSubject({ ...options, env: trustOf(plan) }));
    const configs = times(checks, (n) => configOf(plan, n, targetOf(sink, layout, n, checks - toBlackholes)));
    const before = await subject.scrape();
    const first = await takeIn(subject, configs, checks, before);
    return {
      plan,
      sink,
      subject,
      configs,
      ownPorts: layout.own,
      first,
      [Symbol.asyncDispose]: () => stack.disposeAsync(),
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

/** Returns the environment of a daemon that trusts the sink. */
export function trustOf({ tls }: FleetPlan): Readonly<Record<string, string>> {
  return tls === undefined ? {} : { SSL_CERT_FILE: tls.caFile };
}

/** Starts the sink of a plan's checks. */
export function startSinkOf({ kind, tls, toBlackholes = 0 }: FleetPlan, ports: number): Promise<Sink> {
  if (kind !== "https") return startSink(kind, ports, toBlackholes > 0 ? BLACKHOLES : 0);
  if (tls === undefined) throw new Error("https needs a certificate");
  return startTlsSink(sinkAddress(), ports, tls);
}

/** Assignment of ports to checks. */
interface Layout {
  readonly own: number;
  readonly shared: number;
  /** One check in this many has a port of its own. */
  readonly stride: number;
}

function layOut(checks: number): Layout {
  if (checks <= MAX_PORTS) return { own: checks, shared: 0, stride: 1 };
  return { own: SAMPLED_PORTS, shared: SHARED_PORTS, stride: Math.floor(checks / SAMPLED_PORTS) };
}

function targetOf(sink: Sink, { own, shared, stride }: Layout, n: number, alive: number): Target {
  const place = n / stride;
  const hasOwn = Number.isInteger(place) && place < own;
  const target =
    n >= alive
      ? sink.blackholes[n % sink.blackholes.length]
      : sink.targets[hasOwn ? place : own + (n % shared)];
  if (target === undefined) throw new Error(`no port for check ${n}`);
  return target;
}

/** Returns the configuration of one check, as the client sends it. @param n - its id */
export function configOf({ kind, intervalMs, timeoutMs }: FleetPlan, n: number, target: Target): string {
  const pace = { interval: `${intervalMs}ms`, timeout: `${timeoutMs}ms` };
  if (kind === "dns")
    return dnsCheck(n, "www.bench.test", { ...pace, ip: target.hostname, port: target.port });
  if (kind === "udp") return udpCheck(n, target, { ...pace, send: "ping", receive: "pong" });
  if (kind === "radius")
    return radiusCheck(n, target, { ...pace, secret: RADIUS_SECRET, password: "a password" });
  if (kind === "https") return httpCheck(n, target, { ...pace, secure: true, server_name: "bench.test" });
  return kind === "http" ? httpCheck(n, target, pace) : tcpCheck(n, target, pace);
}

async function takeIn(
  subject: Subject,
  configs: readonly string[],
  checks: number,
  before: Samples,
): Promise<FirstResults> {
  const { client } = subject;
  const sentMs = wallMs();
  client.update(configs);
  await firstResults(subject, checks, FIRST_RESULTS_MS);
  const lastLineAtMs = performance.timeOrigin + (client.lines.at(-1)?.receivedAtMs ?? Number.NaN);
  const lastResultAtMs = largest([...client.latest.values()].map(resultWallMs));
  const after = await subject.scrape();
  return {
    lastResultMs: lastResultAtMs - sentMs,
    lastLineMs: lastLineAtMs - sentMs,
    notification: fromHistogram(before, after, "healthcheck_notification_latency_seconds"),
    stallMs: fromHistogram(before, after, "healthcheck_tick_delay_seconds").maxMs,
  };
}
