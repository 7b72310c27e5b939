/** UDP checks against a service written in Go, and where operators see them: metrics, API, explain and probe. Run by `bun test`. */
import { expect } from "bun:test";
import { verdicts } from "../harness/backends/check-table.ts";
import { startGoUdp } from "../harness/backends/go-udp.ts";
import { runCommand } from "../harness/base/command.ts";
import { peerTest } from "../harness/base/peers.ts";
import { freePort, hasIpv6Loopback } from "../harness/base/ports.ts";
import { udpCheck } from "../harness/client/checks.ts";
import { connectClient } from "../harness/client/client.ts";
import { stateOf } from "../harness/client/client-assertions.ts";
import { NO_REFRESH, startDaemon } from "../harness/daemon/daemon.ts";
import { metricsConfig, scrapeUntil } from "../harness/daemon/metrics.ts";

const SECRET = "hunter2-token";

peerTest(
  "daemon: udp against a Go service: text, bytes, an empty datagram, both families",
  ["go"],
  async () => {
    await using service = await startGoUdp();
    const at = (ip: string, port: number, fields: object) => (id: number) =>
      udpCheck(id, { hostname: ip, port }, { interval: "60s", ...fields });
    const v4 = (fields: object) => at("127.0.0.1", service.v4, fields);
    const closed = freePort();
    const ping = { send: "ping", receive_hex: "70 6f 6e 67 00" };
    const found = await verdicts({
      ping: v4(ping),
      any: v4({ send: "ping" }),
      empty: v4({}),
      emptyIsNotExpected: v4({ receive: "a" }),
      bytes: v4({ send_hex: "65 63 68 6f 20 00 ff 00", receive_hex: "00:ff:00" }),
      longer: v4({ send: "ping", receive: "po" }),
      wrong: v4({ send: "ping", receive: "pang" }),
      silent: v4({ send: "other", timeout: "300ms" }),
      silentAsExpected: v4({ send: "other", timeout: "300ms", expect: "none" }),
      answeredAnyway: v4({ send: "ping", expect: "none" }),
      closed: at("127.0.0.1", closed, ping),
      closedWhereSilenceIsExpected: at("127.0.0.1", closed, { expect: "none" }),
      v6: hasIpv6Loopback() ? at("::1", service.v6, ping) : v4(ping),
    });
    const words = Object.fromEntries(
      Object.entries(found).map(([name, verdict]) => [
        name,
        verdict.replace(/127\.0\.0\.1:\d+|\[::1\]:\d+/, "@"),
      ]),
    );
    const GOOD = "healthy L7OK UDP send to @: answered as expected";
    const REFUSED = "unhealthy L4CON UDP send to @: connection refused (ICMP port unreachable)";
    expect(words).toEqual({
      ping: GOOD,
      any: "healthy L7OK UDP send to @: answered",
      empty: "healthy L7OK UDP send to @: answered",
      emptyIsNotExpected: 'unhealthy L7RSP UDP send to @: answer is an empty datagram, expected "a"',
      bytes: GOOD,
      longer: GOOD,
      wrong: 'unhealthy L7RSP UDP send to @: answer starts with "pong\\u0000", expected "pang"',
      silent: "unhealthy L4TOUT UDP send to @: no answer within 300ms",
      silentAsExpected: "healthy L4OK UDP send to @: no ICMP error within 300ms",
      answeredAnyway: "healthy L7OK UDP send to @: answered",
      closed: REFUSED,
      closedWhereSilenceIsExpected: REFUSED,
      v6: GOOD,
    });
  },
  60_000,
);

peerTest(
  "daemon: udp: metrics, the API's type filter, explain and probe show the check without its secret",
  ["go"],
  async () => {
    await using service = await startGoUdp();
    const [port, closed] = [freePort(), freePort()];
    await using daemon = await startDaemon({ config: NO_REFRESH + metricsConfig(port) });
    await using client = await connectClient(daemon.socketPath);
    const target = { hostname: "127.0.0.1", port: service.v4 };
    client.update([
      udpCheck(1, target, { send: `echo ${SECRET}`, receive: "pong" }),
      udpCheck(2, { ...target, port: closed }),
    ]);
    const status = await stateOf(client, 1, "unhealthy");
    expect(status.message).toBe(
      `L7RSP UDP send to 127.0.0.1:${service.v4}: answer starts with "…", expected "pong"`,
    );
    const series = (code: string) => `healthcheck_failures_total{type="udp",reason="${code}"}`;
    await scrapeUntil(
      port,
      "failures of both",
      (samples) => (samples.get(series("L7RSP")) ?? 0) > 0 && (samples.get(series("L4CON")) ?? 0) > 0,
    );
    const list = await (await fetch(`http://127.0.0.1:${port}/api/healthchecks?type=udp`)).json();
    expect(list).toMatchObject({
      healthchecks: [
        { id: "1", type: "udp", target: `udp://127.0.0.1:${service.v4}` },
        { id: "2", type: "udp", target: `udp://127.0.0.1:${closed}` },
      ],
    });
    // The filter of the status page.
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toMatch(
      /\btcp\b[^<]*\bhttp\b[^<]*\bdns\b[^<]*\budp\b/,
    );
    const none = await (await fetch(`http://127.0.0.1:${port}/api/healthchecks?type=tcp`)).json();
    expect(none).toMatchObject({ healthchecks: [] });
    const explained = await runCommand(["explain", "1", "--addr", `127.0.0.1:${port}`]);
    expect(explained.out).toContain(`udp://127.0.0.1:${service.v4}`);
    expect(explained.out).toContain("expect          answer");
    expect(explained.out).toContain(`(${SECRET.length + 5} bytes, not shown)`);
    const probe = (...args: string[]) => runCommand(["probe", "udp", ...args]);
    const address = `127.0.0.1:${service.v4}`;
    const [good, bad, silent] = await Promise.all([
      probe(address, "--send", "ping", "--receive", "pong\\0", "--json"),
      probe(address, "--send", `echo ${SECRET}`, "--receive", "pong"),
      probe(address, "--send", "other", "--expect", "none", "--timeout", "200ms"),
    ]);
    expect([good.status, JSON.parse(good.out)]).toMatchObject([
      0,
      { target: `udp://${address}`, verdict: "healthy", code: "L7OK" },
    ]);
    expect([bad.status, silent.status]).toEqual([1, 0]);
    expect(silent.out).toContain(`healthy: L4OK UDP send to ${address}: no ICMP error within 200ms`);
    expect(explained.out + bad.out + bad.err + daemon.log.join("\n")).not.toContain(SECRET);
  },
  60_000,
);
