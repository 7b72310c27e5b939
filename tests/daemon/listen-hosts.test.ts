/** `metrics.listen_addr` as a host name, and as a port alone. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { existsSync } from "node:fs";
import { listenHosts } from "../../src/system/listen-hosts.ts";
import { startDaemon } from "../harness/daemon/daemon.ts";

setDefaultTimeout(30_000);

test("listen hosts: an address is itself, nothing is every address, localhost is this host", async () => {
  expect(await listenHosts("10.0.0.1")).toEqual(["10.0.0.1"]);
  expect(await listenHosts("::1")).toEqual(["::1"]);
  expect(await listenHosts("")).toEqual([existsSync("/proc/net/if_inet6") ? "::" : "0.0.0.0"]);
  expect(await listenHosts("LocalHost")).toEqual(["127.0.0.1"]);
});

test("listen hosts: a name has its addresses, IPv4 before IPv6", async () => {
  const find = async () => [
    { address: "2001:db8::1", family: 6 },
    { address: "192.0.2.1", family: 4 },
  ];
  expect(await listenHosts("lb.example", find)).toEqual(["192.0.2.1", "2001:db8::1"]);
});

test("listen hosts: a name that does not resolve is named", () => {
  const find = () => Promise.reject(new Error("no such host"));
  expect(listenHosts("lb.example", find)).rejects.toThrow("lb.example does not resolve: no such host");
});

test.each(["localhost", ""])("daemon: metrics are served on %j", async (host) => {
  await using daemon = await startDaemon({
    config: `metrics: { enabled: true, listen_addr: "${host}:0" }\n`,
  });
  await daemon.waitForLog(/Serving metrics and status page/, 5_000);
  const line = daemon.log.find((one) => one.includes("Serving metrics and status page")) ?? "";
  const port = /address=\S*:([0-9]+)/.exec(line)?.[1];
  expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200);
});

test("daemon: a listen name that does not resolve is logged, and the rest of the file counts", async () => {
  await using daemon = await startDaemon({
    config: 'metrics: { enabled: true, listen_addr: "no-such-host.invalid:9" }\nlogging: { level: debug }\n',
  });
  await daemon.waitForLog(
    /ERROR Cannot serve metrics, retrying .*no-such-host.invalid does not resolve/,
    10_000,
  );
  expect(daemon.log.join("\n")).toContain("Configuration loaded successfully");
});
