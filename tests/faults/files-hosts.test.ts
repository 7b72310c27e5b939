/** An /etc/hosts with 200,000 names that changes while the server runs: no neighbor's check waits for it. Run by `bun test`; needs root. */
// alone: measures time
import { expect } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { startHealthy } from "../harness/backends/healthy.ts";
import { printFigure } from "../harness/base/figures.ts";
import { peerTest } from "../harness/base/peers.ts";
import { freePort } from "../harness/base/ports.ts";
import { makeTempDir } from "../harness/base/tempdir.ts";
import { UNDISTURBED } from "../harness/base/undisturbed.ts";
import { until } from "../harness/base/wait.ts";
import { dnsCheck, times } from "../harness/client/checks.ts";
import { connectClient } from "../harness/client/client.ts";
import { requestStatus } from "../harness/client/client-assertions.ts";
import { NO_REFRESH, startDaemon } from "../harness/daemon/daemon.ts";
import { metricsConfig, sampleOf, scrape } from "../harness/daemon/metrics.ts";
import { canUnshare, inMountNamespace } from "../harness/machines/namespace.ts";

const NAMES = 200_000;
const CHANGES = 3;
/** Maximum share of the time. Three readings in one piece would take more than 10%. */
const MAX_STALLED = 0.02;

const FILES: Readonly<Record<string, string>> = {
  "different names": times(
    NAMES,
    (index) => `10.0.${(index >> 8) & 255}.${index & 255} n${index}.test\n`,
  ).join(""),
  "one name again and again": times(
    NAMES,
    (index) => `10.0.${(index >> 8) & 255}.${index & 255} n.test\n`,
  ).join(""),
};

if (canUnshare()) {
  for (const [kind, text] of Object.entries(FILES)) {
    peerTest(
      `files: a hosts file of 200,000 lines delays no check when it changes: ${kind}`,
      ["bash"],
      async () => {
        await using stack = new AsyncDisposableStack();
        const dir = stack.use(makeTempDir("hosts"));
        const path = join(dir.path, "hosts");
        const write = (change: number) => writeFileSync(path, `${text}192.0.2.${change} changes.test\n`);
        write(0);
        const port = freePort();
        const prefix = [...UNDISTURBED, ...inMountNamespace(`mount --bind ${path} /etc/hosts`)];
        const daemon = stack.use(await startDaemon({ config: NO_REFRESH + metricsConfig(port), prefix }));
        const client = stack.use(await connectClient(daemon.socketPath));
        const healthy = stack.use(await startHealthy({ prefix: UNDISTURBED }));
        const pace = { interval: "100ms", timeout: "2s" };
        client.update([dnsCheck(0, "changes.test", pace), ...healthy.checks(20, 1, pace)]);
        const found = async (change: number) => {
          const message = (await requestStatus(client)).get("0")?.message ?? "";
          return message.endsWith(`in /etc/hosts: 192.0.2.${change}`);
        };
        await until(() => found(0), 20_000, "the first reading");
        const [before, startMs] = [await scrape(port), performance.now()];
        for (let change = 1; change <= CHANGES; change++) {
          write(change);
          await until(() => found(change), 20_000, `change ${change}`);
        }
        const after = await scrape(port);
        const stalled = "healthcheck_stalled_seconds_total";
        const share =
          ((sampleOf(after, stalled) - sampleOf(before, stalled)) * 1_000) / (performance.now() - startMs);
        printFigure("stalled while the file was read", share * 100, "%");
        expect(share).toBeLessThan(MAX_STALLED);
        // The check that waits for the reading may itself still run when its next start is due.
        const late = 'healthcheck_checks_skipped_total{reason="late"}';
        expect(sampleOf(after, late) - sampleOf(before, late)).toBe(0);
        const states = [...(await requestStatus(client)).values()].map(({ state, failures }) => [
          state,
          failures,
        ]);
        expect(new Set(states.map(String))).toEqual(new Set(["healthy,0"]));
      },
    );
  }
}
