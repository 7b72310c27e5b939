/**
 * `close: graceful` against servers that have sent more than the check reads: each connection ends by FIN. Unread data at the
 * close of a socket makes the kernel send a reset, for which some servers block a host. Run by `bun test`.
 */
import { expect } from "bun:test";
import { readFileSync } from "node:fs";
import { startBanners } from "../harness/backends/banners.ts";
import { printFigure } from "../harness/base/figures.ts";
import { rootTest } from "../harness/base/peers.ts";
import { until } from "../harness/base/wait.ts";
import { tcpCheck, times } from "../harness/client/checks.ts";
import { connectClient } from "../harness/client/client.ts";
import { requestStatus } from "../harness/client/client-assertions.ts";
import { startDaemon } from "../harness/daemon/daemon.ts";
import { startLink } from "../harness/machines/link.ts";

const CHECKS = 40;
/** Results that each kind of check must reach. */
const MIN_RESULTS = 2_000;
const LIMIT_MS = 40_000;

const TIME_WAIT = "06";

/** Returns the states of a table of the kernel's TCP connections (proc_net_tcp.rst). */
function statesOf(table: string): string[] {
  const lines = table.trim().split("\n").slice(1);
  return lines.map((line) => line.trim().split(/\s+/)[3] ?? "");
}

rootTest(
  "backend: close graceful: not one RST is sent, with a banner of 10 bytes and of 100 kB",
  ["ip", "nsenter"],
  async () => {
    await using link = await startLink();
    await using banners = await startBanners(link.far);
    await using daemon = await startDaemon({ prefix: link.near.prefix });
    await using client = await connectClient(daemon.socketPath);
    const before = link.near.resetsSent();
    const fields = { interval: "100ms", timeout: "5s", close: "graceful" };
    const { shortBanner, longBanner } = banners.ports;
    // A bare connect, too: it reads nothing at all.
    const kinds = [
      { port: shortBanner, receive: "220 ready" },
      { port: longBanner, receive: "220 ready" },
      { port: shortBanner },
      { port: longBanner },
    ];
    client.update(
      kinds.flatMap(({ port, ...expected }, kind) =>
        times(CHECKS / 2, (index) =>
          tcpCheck(
            (kind * CHECKS) / 2 + index,
            { hostname: link.far.address, port },
            { ...fields, ...expected },
          ),
        ),
      ),
    );
    const resultsOf = async (port: number) => {
      const statuses = await requestStatus(client);
      const counts = kinds.map((kind, row) => {
        const ids = times(CHECKS / 2, (index) => String((row * CHECKS) / 2 + index));
        return kind.port === port ? ids.reduce((sum, id) => sum + (statuses.get(id)?.successes ?? 0), 0) : 0;
      });
      return counts.reduce((sum, count) => sum + count, 0);
    };
    const enough = async () => {
      const [short, long] = [await resultsOf(shortBanner), await resultsOf(longBanner)];
      await Bun.sleep(100);
      return short >= MIN_RESULTS && long >= MIN_RESULTS;
    };
    await until(enough, LIMIT_MS, `${MIN_RESULTS} results of each banner`);
    const failures = [...(await requestStatus(client)).values()].filter((status) => status.failures > 0);
    client.update([]);
    const tcpTable = `/proc/${daemon.pid}/net/tcp`;
    // Kept sockets have no connection, and are not in the table.
    const isOver = () => statesOf(readFileSync(tcpTable, "utf8")).every((state) => state === TIME_WAIT);
    await until(isOver, 10_000, "the last connections to be read to their end");
    // The backends' end is not counted: after both FINs its kernel resets for a late acknowledgment of a segment that it sent twice.
    const sent = link.near.resetsSent() - before;
    printFigure("resets sent for 4,000 graceful checks", sent, "");
    expect(failures).toEqual([]);
    expect(sent).toBe(0);
  },
  60_000,
);
