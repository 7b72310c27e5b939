/**
 * Out of descriptors: a limit of 100 with 1,000 checks, and one below the number in use. No backend is reported
 * unhealthy. Run by `bun test`.
 */
// alone: needs the whole machine
import { expect } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { hang } from "../harness/backends/backends.ts";
import { printFigure } from "../harness/base/figures.ts";
import { peerTest } from "../harness/base/peers.ts";
import { until } from "../harness/base/wait.ts";
import { httpCheck, times } from "../harness/client/checks.ts";
import { connectClient } from "../harness/client/client.ts";
import { requestStatus } from "../harness/client/client-assertions.ts";
import { sampleOf, scrape } from "../harness/daemon/metrics.ts";
import { startSteady } from "../harness/daemon/steady.ts";

const LIMIT = 100;
const CHECKS = 1_000;
/** More than the limit leaves for checks. */
const SILENT = 60;
const FIRST_SILENT = 100_000;

peerTest(
  "host: with 100 descriptors and 1,000 checks they wait for each other, and none is called unhealthy",
  ["openssl"],
  async () => {
    await using silent = hang();
    await using steady = await startSteady({
      checks: CHECKS,
      fields: { interval: "1s", timeout: "900ms" },
      daemon: () => ({ prefix: ["prlimit", `--nofile=${LIMIT}:${LIMIT}`] }),
    });
    const { daemon, client, configs, metricsPort } = steady;
    const taking = times(SILENT, (n) =>
      httpCheck(FIRST_SILENT + n, silent, { interval: "500ms", timeout: "2s" }),
    );
    client.update([...configs, ...taking]);
    await daemon.waitForLog(
      /Checks are late: all file descriptors for checks are in use; .*for_checks=50/,
      10_000,
    );
    let most = 0;
    const isSilent = ([id]: readonly [string, unknown]) => Number(id) >= FIRST_SILENT;
    const haveFailed = async () => {
      most = Math.max(most, daemon.fdCount());
      return [...(await requestStatus(client))].filter(isSilent).every(([, status]) => status.failures >= 1);
    };
    await until(haveFailed, 30_000, "the silent ones to fail");
    // The reserve is for others: a scrape and a second client are served meanwhile.
    expect(sampleOf(await scrape(metricsPort), "process_max_fds")).toBe(LIMIT);
    printFigure("most open descriptors", most, `of ${LIMIT}`);
    expect(most).toBeLessThanOrEqual(LIMIT);
    await using second = await connectClient(daemon.socketPath);
    second.update(configs);
    await steady.level(2, second);
    expect(await steady.inconclusive("descriptors")).toBe(0);
    const lines = client.lines.flatMap(({ statuses }) => statuses);
    expect(lines.filter(({ id, status }) => Number(id) < FIRST_SILENT && status.failures > 0)).toEqual([]);
    const wrong = daemon.log.filter(
      (line) => /new_state=unhealthy/.test(line) && !/ id=1000\d\d /.test(line),
    );
    expect(wrong).toEqual([]);
  },
  90_000,
);

peerTest(
  "host: without a free descriptor, checks of every type are inconclusive, and clients are served afterwards",
  ["openssl"],
  async () => {
    await using steady = await startSteady();
    const { daemon } = steady;
    const limit = (soft: string) => Bun.spawnSync(["prlimit", `--pid=${daemon.pid}`, `--nofile=${soft}:`]);
    limit("3");
    await daemon.waitForLog(/WARN Check inconclusive, state unchanged .*cause=descriptors/, 10_000);
    // It connects, and waits in the kernel; the file cannot be opened, so nothing changes.
    await using client = await connectClient(daemon.socketPath);
    client.update(steady.configs);
    writeFileSync(join(daemon.dir, "config.yaml"), "logging: { level: trace }\n");
    daemon.signal("SIGHUP");
    await daemon.waitForLog(/Configuration error: \S+config\.yaml: cannot be read/, 5_000);
    const cpuMs = daemon.cpuMs();
    await Bun.sleep(1_000);
    printFigure("CPU of a second without descriptors", daemon.cpuMs() - cpuMs, "ms");
    limit("1024");
    await client.waitFor(({ type }) => type === "ready", 10_000);
    await steady.level(3, client);
    printFigure("inconclusive for want of descriptors", await steady.inconclusive("descriptors"), "");
    // Every one of them, more than once.
    expect(await steady.inconclusive("descriptors")).toBeGreaterThanOrEqual(2 * steady.configs.length);
    await steady.expectNoFalseVerdict(client);
  },
  60_000,
);
