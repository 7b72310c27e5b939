/**
 * Backends that share a VIP, in networks of their own, which the marks of the checks lead to: one that loses the VIP is unhealthy, the others stay
 * healthy, and without the capability no check has a verdict. Run by `bun test`.
 */
import { expect } from "bun:test";
import { join } from "node:path";
import { formatDuration } from "../../src/model/duration.ts";
import { startVipServices, VIP_PORTS, VIP_SECRET } from "../harness/backends/vip-services.ts";
import { runCommand } from "../harness/base/command.ts";
import { printFigure } from "../harness/base/figures.ts";
import { peerPath, rootTest } from "../harness/base/peers.ts";
import { makeTempDir } from "../harness/base/tempdir.ts";
import { until } from "../harness/base/wait.ts";
import { dnsCheck, httpCheck, radiusCheck, tcpCheck, udpCheck } from "../harness/client/checks.ts";
import { type Client, connectClient } from "../harness/client/client.ts";
import { nextNotification, notifications, requestStatus } from "../harness/client/client-assertions.ts";
import { startDaemon } from "../harness/daemon/daemon.ts";
import { type EngineCheck, startGoEngine } from "../harness/engine/goengine.ts";
import { startVipNetworks, VIP, type VipBackend, type VipNetworks } from "../harness/machines/vip.ts";

const INTERVAL_MS = 200;
const FALL = 2;
/** Timeout that only checks of a lost VIP reach: a busy machine makes no other check fail. */
const TIMEOUT_MS = 1_000;
const PACE = { interval: `${INTERVAL_MS}ms`, timeout: `${TIMEOUT_MS}ms`, fall: FALL };
const KINDS = ["tcp", "http", "dns", "udp", "radius"] as const;
/** Generous: what is measured is reported. */
const SOON_MS = 20_000;
/** Both capabilities that allow a mark; the executable runs as root otherwise. */
const WITHOUT = ["--bounding-set=-net_admin,-net_raw"];
const LOG_PERIOD_MS = 10_000;

/** A check of each kind, that goes to the VIP. */
function checksOf({ address, mark }: VipBackend, index: number): string[] {
  const path = { ...PACE, ip: VIP, mode: index === 1 ? "tun" : "dsr", host: address, mark };
  const at = (kind: (typeof KINDS)[number]) => ({ hostname: VIP, port: VIP_PORTS[kind] });
  const id = (kind: (typeof KINDS)[number]) => idOf(index, kind);
  return [
    tcpCheck(id("tcp"), at("tcp"), { ...path, receive: "ready\n" }),
    httpCheck(id("http"), at("http"), { ...path, response: "ready" }),
    dnsCheck(id("dns"), "www.example.test", { ...path, port: VIP_PORTS.dns }),
    udpCheck(id("udp"), at("udp"), { ...path, receive: "ready" }),
    radiusCheck(id("radius"), at("radius"), { ...path, secret: VIP_SECRET }),
  ];
}

function idOf(index: number, kind: (typeof KINDS)[number]): number {
  return index * 100 + KINDS.indexOf(kind);
}

/** A check of a backend's own address, without a mark. */
function plainCheck({ address }: VipBackend, index: number): string {
  return tcpCheck(index * 100 + 99, { hostname: address, port: VIP_PORTS.tcp }, PACE);
}

/** The beginning of each kind's sentence. */
function subjects({ address, mark }: VipBackend): Record<(typeof KINDS)[number], string> {
  const via = `via ${address} (mark ${mark})`;
  return {
    tcp: `TCP read from ${VIP}:7001 ${via}: `,
    http: `HTTP GET http://${VIP}:7002/ ${via}: `,
    dns: `DNS A www.example.test @${VIP}:7053 ${via}: `,
    udp: `UDP send to ${VIP}:7004 ${via}: `,
    radius: `RADIUS Access-Request to ${VIP}:1812 ${via}: `,
  };
}

interface Site extends AsyncDisposable {
  readonly networks: VipNetworks;
  readonly backends: readonly [VipBackend, VipBackend, VipBackend];
  readonly all: readonly string[];
}

/** Three backends with their services, and their checks. */
async function startSite(): Promise<Site> {
  await using stack = new AsyncDisposableStack();
  const networks = stack.use(await startVipNetworks(3));
  for (const backend of networks.backends) stack.use(await startVipServices(backend, VIP));
  const [one, two, three] = networks.backends;
  if (one === undefined || two === undefined || three === undefined) throw new Error("three backends");
  const all = networks.backends.flatMap((backend, index) => [
    ...checksOf(backend, index),
    plainCheck(backend, index),
  ]);
  const owned = stack.move();
  return {
    networks,
    backends: [one, two, three],
    all,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Waits until the ids of one backend's checks are in a state. */
async function waitForState(client: Client, index: number, state: string): Promise<void> {
  const states = () => KINDS.map((kind) => client.latest.get(String(idOf(index, kind)))?.state);
  await until(
    () => states().every((found) => found === state),
    SOON_MS,
    () => `${state} checks of backend ${index}: ${states().join(", ")}`,
  );
}

rootTest(
  "backends that share a VIP: one that loses it is unhealthy, the others and its own address never are",
  ["ip", "nsenter"],
  async () => {
    await using site = await startSite();
    const { networks, backends, all } = site;
    await using daemon = await startDaemon({ prefix: networks.prefix });
    await using client = await connectClient(daemon.socketPath);
    client.update(all);
    await until(() => client.latest.size === all.length, SOON_MS, "a state of every check");
    expect([...client.latest.values()].map(({ state, message }) => [state, message])).toEqual(
      [...client.latest.values()].map(({ message }) => ["healthy", message]),
    );
    const messageOf = async (index: number, kind: (typeof KINDS)[number]) =>
      (await requestStatus(client)).get(String(idOf(index, kind)))?.message ?? "";
    for (const [index, backend] of backends.entries())
      for (const kind of KINDS) expect(await messageOf(index, kind)).toContain(subjects(backend)[kind]);

    const before = notifications(client).length;
    const takenMs = Date.now();
    backends[1].takeVip();
    const tcp = await nextNotification(client, before, ({ id }) => id === String(idOf(1, "tcp")), SOON_MS);
    await waitForState(client, 1, "unhealthy");
    const lastMs = Math.max(
      ...notifications(client)
        .slice(before)
        .map(({ wallMs }) => wallMs),
    );
    printFigure(
      `VIP taken until reported (interval ${INTERVAL_MS} ms, fall ${FALL}, timeout ${TIMEOUT_MS} ms)`,
      tcp.wallMs - takenMs,
      "ms",
    );
    printFigure("the same, the last of five kinds", lastMs - takenMs, "ms");
    expect(await messageOf(1, "tcp")).toBe(
      `L4TOUT TCP connect to ${VIP}:7001 via ${backends[1].address} (mark ${backends[1].mark}): no answer within ${formatDuration(TIMEOUT_MS)}`,
    );
    for (const kind of ["dns", "udp", "radius"] as const)
      expect(await messageOf(1, kind)).toStartWith(
        `${kind === "udp" ? "L4TOUT" : "L7TOUT"} ${subjects(backends[1])[kind]}no answer within ${formatDuration(TIMEOUT_MS)}`,
      );

    backends[1].giveVip();
    await waitForState(client, 1, "healthy");
    // Of the others there is no notification at all.
    const changed = new Set(
      notifications(client)
        .slice(before)
        .map(({ id }) => id),
    );
    expect([...changed].sort()).toEqual(KINDS.map((kind) => String(idOf(1, kind))).sort());
    // The same path by hand.
    const { address, mark } = backends[2];
    const probe = ["--mode", "dsr", "--host", address, "--mark", String(mark)];
    const { status, out } = await runCommand(["probe", "tcp", `${VIP}:7001`, ...probe], {
      prefix: networks.prefix,
    });
    expect([status, out.trimEnd().split("\n").at(-1)]).toEqual([
      0,
      `healthy: L4OK TCP connect to ${VIP}:7001 via ${address} (mark ${mark}): connected`,
    ]);
  },
  120_000,
);

/** The healthchecks of the engine for one backend, by the types that an engine in Go sends. */
function engineChecks({ address, mark }: VipBackend, index: number): EngineCheck[] {
  const at = (kind: (typeof KINDS)[number]) => {
    const path = { IP: VIP, Host: address, Mark: mark, Mode: index === 1 ? 2 : 1 };
    return { ...path, Port: VIP_PORTS[kind], Proto: kind === "tcp" || kind === "http" ? 6 : 17 };
  };
  const checkers = {
    tcp: ["TCPChecker", { Receive: "ready\n" }],
    http: ["HTTPChecker", { Method: "GET", Request: "/", Response: "ready", ResponseCode: 200 }],
    dns: ["DNSChecker", { Question: { Name: "www.example.test", Qtype: 1, Qclass: 1 }, Answer: "192.0.2.9" }],
    udp: ["UDPChecker", { Send: "ping", Receive: "ready" }],
    radius: ["RADIUSChecker", { Username: "u", Password: "p", Secret: VIP_SECRET, Response: "accept" }],
  } as const;
  return KINDS.map((kind) => {
    const [type, fields] = checkers[kind];
    const pace = { interval_ns: INTERVAL_MS * 1e6, timeout_ns: TIMEOUT_MS * 1e6, retries: FALL - 1 };
    return { id: String(idOf(index, kind)), ...pace, type, checker: { ...at(kind), ...fields } };
  });
}

rootTest(
  "backends that share a VIP: mode, backend and mark of the engine lead to them, too",
  ["ip", "nsenter", "go"],
  async () => {
    await using site = await startSite();
    const { networks, backends } = site;
    await using dir = makeTempDir("engine");
    const socket = join(dir.path, "engine.sock");
    await using engine = await startGoEngine(socket);
    const config = `server: { control: engine, engine_socket: ${socket} }\n`;
    await using daemon = await startDaemon({ config, prefix: networks.prefix });
    await engine.command({ checks: backends.flatMap(engineChecks) });
    const newest = () =>
      new Map(engine.events.flatMap(({ notifications = [] }) => notifications.map((one) => [one.id, one])));
    const unhealthy = () =>
      [...newest()].flatMap(([id, { state }]) => (state === 1 ? [Number(id)] : [])).sort((a, b) => a - b);
    await until(() => newest().size === 15, SOON_MS, "a state of every healthcheck");
    expect(unhealthy()).toEqual([]);
    expect(newest().get("201")?.message).toContain(subjects(backends[2]).http);
    backends[1].takeVip();
    const gone = KINDS.map((kind) => idOf(1, kind));
    await until(() => unhealthy().length >= gone.length, SOON_MS, "the backend without its VIP");
    expect(unhealthy()).toEqual(gone);
    expect(daemon.log.filter((line) => line.includes("rejected"))).toEqual([]);
  },
  120_000,
);

rootTest(
  "backends that share a VIP: without the capability there is no verdict, and one log line names it",
  ["ip", "nsenter", "setpriv"],
  async () => {
    await using site = await startSite();
    const { networks, all } = site;
    const startedMs = performance.now();
    const prefix = [...networks.prefix, peerPath("setpriv"), ...WITHOUT];
    await using daemon = await startDaemon({ prefix });
    await using client = await connectClient(daemon.socketPath);
    client.update(all);
    const line = await daemon.waitForLog(/Check inconclusive/, SOON_MS);
    expect(line).toContain("WARN Check inconclusive, state unchanged");
    expect(line).toMatch(/set mark 6553[789]: operation not permitted; grant CAP_NET_ADMIN to the service/);
    expect(line).toContain("cause=permission");
    // All have run several times when the plain ones have.
    const settled = async () => {
      const statuses = await requestStatus(client);
      const plain = [...statuses].filter(([id]) => id.endsWith("99"));
      return plain.every(([, { successes }]) => successes >= 5) ? statuses : undefined;
    };
    const statuses = await until(settled, SOON_MS, "five results of each check without a mark");
    for (const [id, { state, failures }] of statuses)
      expect([id, state, failures]).toEqual([id, id.endsWith("99") ? "healthy" : "unknown", 0]);
    expect(notifications(client).filter(({ id }) => !id.endsWith("99"))).toEqual([]);
    const found = daemon.log.filter((one) => one.includes("Check inconclusive"));
    const periods = Math.floor((performance.now() - startedMs) / LOG_PERIOD_MS);
    expect(found.length).toBeLessThanOrEqual(1 + periods);
  },
  120_000,
);
