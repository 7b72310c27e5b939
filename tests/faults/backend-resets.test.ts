/**
 * Backends that reset as soon as they can, on a real interface and often: one verdict and one code, idle and under load. The reset comes
 * before or after this process looks, so a verdict that depended on that would change within seconds. Run by `bun test`.
 */
// alone: measures time
import { expect } from "bun:test";
import { startBanners } from "../harness/backends/banners.ts";
import { startBusyLoops } from "../harness/base/busy.ts";
import { printFigure } from "../harness/base/figures.ts";
import { rootTest } from "../harness/base/peers.ts";
import { lasting } from "../harness/base/soak.ts";
import { tcpCheck, times } from "../harness/client/checks.ts";
import { connectClient } from "../harness/client/client.ts";
import { notifications, requestStatus } from "../harness/client/client-assertions.ts";
import { NO_REFRESH, startDaemon } from "../harness/daemon/daemon.ts";
import { startLink } from "../harness/machines/link.ts";

const CHECKS = 20;
const RUN_MS = lasting(4_000, 20_000);
const POLL_MS = 100;
const FIELDS = { interval: "50ms", timeout: "5s" };

/** A row: which backend, what the check expects, and its one code. */
const KINDS = {
  resets: { fields: { handshake: "full" }, code: "L4OK" },
  bannerThenReset: { fields: { receive: "220 ready" }, code: "L7OK" },
} as const;

for (const load of ["idle", "beside two busy loops"] as const) {
  rootTest(
    `backend: resets immediately, ${load}: no state change after the first, and one code`,
    ["ip", "nsenter"],
    async () => {
      await using link = await startLink();
      await using banners = await startBanners(link.far);
      await using daemon = await startDaemon({ config: NO_REFRESH, prefix: link.near.prefix });
      await using client = await connectClient(daemon.socketPath);
      await using _ = startBusyLoops(load === "idle" ? 0 : 2);
      const entries = Object.entries(KINDS);
      client.update(
        entries.flatMap(([kind, { fields }], row) => {
          // The cast restores the names that entries() has widened.
          const target = { hostname: link.far.address, port: banners.ports[kind as keyof typeof KINDS] };
          return times(CHECKS, (index) => tcpCheck(row * CHECKS + index, target, { ...FIELDS, ...fields }));
        }),
      );
      const codes = entries.map(() => new Set<string>());
      const endMs = performance.now() + RUN_MS;
      while (performance.now() < endMs) {
        for (const [id, { message }] of await requestStatus(client)) {
          if (message !== "") codes[Math.floor(Number(id) / CHECKS)]?.add(message.split(" ", 1)[0] ?? "");
        }
        await Bun.sleep(POLL_MS);
      }
      const statuses = [...(await requestStatus(client)).values()];
      const results = statuses.reduce((sum, { successes, failures }) => sum + successes + failures, 0);
      printFigure(`results of backends that reset, ${load}`, results, "");
      expect(codes.map((seen) => [...seen].sort())).toEqual(entries.map(([, { code }]) => [code]));
      expect(statuses.filter(({ failures }) => failures > 0)).toEqual([]);
      expect(notifications(client).length).toBe(entries.length * CHECKS);
      // Enough of them that a coin toss would have shown.
      expect(results).toBeGreaterThan(entries.length * CHECKS * 5);
    },
    60_000,
  );
}
