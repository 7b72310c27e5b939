/** The unit's hardening and limits under a running systemd: everything that the server does works inside them. Run by `bun test`. */
// alone: its files share one booted system
import { afterAll, beforeAll, expect } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../scripts/tools/build/source.ts";
import { startSink } from "../harness/backends/sink.ts";
import { hasPeer, missingPeer, testUnless } from "../harness/base/peers.ts";
import { until } from "../harness/base/wait.ts";
import { dnsCheck, httpCheck, icmpCheck, tcpCheck, times } from "../harness/client/checks.ts";
import { daemonPath } from "../harness/daemon/executable.ts";
import { type Booted, bootDebian } from "./nspawn.ts";
import { limitLikeTheUnit } from "./nspawn-limits.ts";
import { startPeers } from "./nspawn-peers.ts";
import { absentForNspawn, ROOT_LIMIT_MS } from "./nspawn-root.ts";
import { CONFIG, connectInside, installByHand, SOON_MS, UNIT, waitForStatus } from "./nspawn-server.ts";

const LIMIT_MS = 180_000;
/** Bit 13 of a capability set. */
const CAP_NET_RAW = "2000";
const ABSENT = [
  ...absentForNspawn(),
  ...(hasPeer("openssl") ? [] : [{ name: "openssl", words: missingPeer("openssl") }]),
];

let booted: Booted;

beforeAll(async () => {
  if (ABSENT.length > 0) return;
  daemonPath();
  booted = await bootDebian();
  await installByHand(booted);
}, ROOT_LIMIT_MS);

afterAll(async () => await booted?.[Symbol.asyncDispose]());

const hardeningTest = (name: string, fn: () => Promise<void>) =>
  testUnless(`hardening: ${name}`, ABSENT, fn, LIMIT_MS);

/** Entries of the running service's journal. */
async function journal(...args: readonly string[]): Promise<string[]> {
  const { InvocationID } = await booted.show(UNIT, "InvocationID");
  const entries = await booted.journal(`_SYSTEMD_INVOCATION_ID=${InvocationID}`, ...args);
  return entries.map(({ MESSAGE }) => MESSAGE);
}

hardeningTest(
  "TLS, DNS by a given and by the system nameserver, and traces work in the hardened unit",
  async () => {
    await using peers = await startPeers(booted);
    const endpoint = `http://127.0.0.1:${peers.collectorPort}`;
    booted.write(
      CONFIG,
      `telemetry: { enabled: true, use_http: true, trace: all, otlp_endpoint: "${endpoint}" }\n`,
    );
    await booted.ok(`systemctl restart ${UNIT}`);
    await using client = await connectInside(booted);
    const target = { hostname: "192.0.2.1", port: 443 };
    const https = { secure: true, expected_codes: [200], response: "fine" };
    client.update([
      httpCheck(1, target, { ...https, host: "www.example.com" }),
      httpCheck(2, target, { ...https, host: "other.test" }),
      dnsCheck(3, "name.test", { ip: "192.0.2.53", port: 53, query_type: "A" }),
      dnsCheck(4, "name.test", { query_type: "A" }),
    ]);
    await waitForStatus(booted, /^3 healthy, 1 unhealthy, 0 unknown; client connected$/);
    expect(client.latest.get("2")?.message).toContain("other.test");
    await until(() => peers.spans.length > 0, SOON_MS, "a span at the collector");
    expect(await journal("-p", "err")).toEqual([]);
    const status = await booted.ok(`cat /proc/$(systemctl show -P MainPID ${UNIT})/status`);
    for (const line of [/^CapEff:\t0+$/m, /^NoNewPrivs:\t1$/m, /^Seccomp:\t2$/m])
      expect(status).toMatch(line);
  },
);

hardeningTest(
  "without a capability checks with a mark and pings have no verdict, with the drop-in of the examples all have one",
  async () => {
    await using sink = await startSink(1, booted.inNetwork);
    const [target = { hostname: "", port: 0 }] = sink.targets;
    booted.write(CONFIG, "");
    // Debian's systemd opens it to all groups.
    await booted.ok("echo 1 0 > /proc/sys/net/ipv4/ping_group_range");
    const dropIn = `/etc/systemd/system/${UNIT}.d/net-raw.conf`;
    const restart = () => booted.ok(`systemctl daemon-reload && systemctl restart ${UNIT}`);
    const capabilities = async () => {
      const status = await booted.ok(`cat /proc/$(systemctl show -P MainPID ${UNIT})/status`);
      return /^CapEff:\t0*([0-9a-f]+)$/m.exec(status)?.[1];
    };
    const checks = [
      tcpCheck(1, target, { mark: 7 }),
      tcpCheck(2, target, { mark: 7, mode: "dsr", host: "192.0.2.7" }),
      icmpCheck(3, "127.0.0.1"),
    ];
    await restart();
    expect(await capabilities()).toBe("0");
    {
      await using client = await connectInside(booted);
      client.update([...checks, tcpCheck(4, target)]);
      await waitForStatus(booted, /^1 healthy, 0 unhealthy, 3 unknown; client connected$/);
      const named = async () => (await journal("-g", "'cause=permission'")).length > 0;
      await until(named, SOON_MS, "a line about the permission");
      const [line = "", ...others] = await journal("-g", "'cause=permission'");
      expect(line).toMatch(/grant CAP_NET_(?:ADMIN|RAW) to the service/);
      expect(others.filter((other) => other.includes("suppressed=0"))).toEqual([]);
    }
    booted.write(
      dropIn,
      readFileSync(join(ROOT, "examples", "systemd", "healthcheck-server-net-raw.conf"), "utf8"),
    );
    await restart();
    expect(await capabilities()).toBe(CAP_NET_RAW);
    await using client = await connectInside(booted);
    client.update(checks);
    await waitForStatus(booted, /^3 healthy, 0 unhealthy, 0 unknown; client connected$/);
    expect(client.latest.get("2")?.message).toContain(" via 192.0.2.7 (mark 7): connected");
    await booted.ok(`rm ${dropIn}`);
    await restart();
  },
);

hardeningTest("within 80 MB and a twentieth of a core, checks continue without a false verdict", async () => {
  await using sink = await startSink(1, booted.inNetwork);
  const [target = { hostname: "", port: 0 }] = sink.targets;
  booted.write(CONFIG, "metrics: { enabled: true }\n");
  booted.write(`/etc/systemd/system/${UNIT}.d/limits.conf`, "[Service]\nMemoryMax=80000000\nCPUQuota=5%\n");
  await booted.ok(`systemctl daemon-reload && systemctl restart ${UNIT}`);
  const { MainPID, ...limits } = await booted.show(UNIT, "MainPID", "MemoryMax", "CPUQuotaPerSecUSec");
  expect(limits).toEqual({ MemoryMax: "80000000", CPUQuotaPerSecUSec: "50ms" });
  using _limits = limitLikeTheUnit(booted.hostPid(MainPID), { memoryBytes: 80_000_000, cpuShare: 0.05 });
  await using client = await connectInside(booted);
  client.update(times(50, (id) => tcpCheck(id, target, { interval: "1s", timeout: "5s" })));
  await waitForStatus(booted, /^50 healthy, 0 unhealthy, 0 unknown; client connected$/);
  const checked = async () => {
    const text = await booted.ok("curl -s http://127.0.0.1:9090/metrics");
    const counts = [...text.matchAll(/^healthcheck_checks_total\{.*\} (\d+)$/gm)];
    return counts.reduce((sum, [, count]) => sum + Number(count), 0);
  };
  await until(async () => (await checked()) >= 250, 2 * SOON_MS, "five results of each healthcheck");
  expect(await booted.show(UNIT, "MainPID", "NRestarts")).toEqual({ MainPID, NRestarts: "0" });
  const changes = await journal("-g", "'Health state changed'");
  expect(changes.filter((line) => !line.includes("old_state=unknown new_state=healthy"))).toEqual([]);
});
