/** More TLS handshakes than two cores can do: they get late, and no healthy backend is called unhealthy. Run by `bun test`. */
// alone: measures time

import { expect } from "bun:test";
import { hang } from "../harness/backends/backends.ts";
import { makeCa } from "../harness/backends/certs.ts";
import { startNginx } from "../harness/backends/nginx.ts";
import { printFigure } from "../harness/base/figures.ts";
import { peerTest } from "../harness/base/peers.ts";
import { until } from "../harness/base/wait.ts";
import { httpCheck, times } from "../harness/client/checks.ts";
import { connectClient } from "../harness/client/client.ts";
import { notifications, requestStatus } from "../harness/client/client-assertions.ts";
import { NO_REFRESH, startDaemon } from "../harness/daemon/daemon.ts";

const HEALTHY = 400;
const SILENT = 50;
/** Checks of the healthy backends that are watched. */
const WATCHED = 20_000;

peerTest(
  "daemon: 4,000 https checks a second wanted, some backends silent: late, and no verdict is false",
  ["nginx", "openssl"],
  async () => {
    await using ca = await makeCa();
    await using nginx = await startNginx({ tls: ca.issue({ name: "good", sans: ["DNS:good.test"] }) });
    await using silent = hang();
    await using daemon = await startDaemon({ config: NO_REFRESH, env: { SSL_CERT_FILE: ca.caFile } });
    await using client = await connectClient(daemon.socketPath);
    const secure = { secure: true, server_name: "good.test", interval: "100ms", timeout: "3s" };
    const healthy = { hostname: "127.0.0.1", port: nginx.httpsPort ?? 0 };
    client.update([
      ...times(HEALTHY, (n) => httpCheck(n + 1, healthy, { ...secure, path: "/healthz" })),
      ...times(SILENT, (n) => httpCheck(10_000 + n, silent, secure)),
    ]);
    const isHealthyOne = (id: string) => Number(id) <= HEALTHY;
    const successes = async () =>
      [...(await requestStatus(client))]
        .filter(([id]) => isHealthyOne(id))
        .reduce((sum, [, status]) => sum + status.successes, 0);
    const enough = async () => ((await successes()) >= WATCHED ? true : undefined);
    await until(() => client.latest.size >= HEALTHY + SILENT, 20_000, "every first result");
    const startMs = performance.now();
    while ((await enough()) === undefined && performance.now() - startMs < 30_000) await Bun.sleep(100);
    // Fewer than that on a slow machine, and never none.
    expect(await successes()).toBeGreaterThan(2 * HEALTHY);
    printFigure("https checks a second", (await successes()) / ((performance.now() - startMs) / 1_000), "");

    const reported = notifications(client);
    expect(reported.filter(({ id, status }) => isHealthyOne(id) && status.state !== "healthy")).toEqual([]);
    const statuses = [...(await requestStatus(client))];
    expect(statuses.filter(([id, { failures }]) => isHealthyOne(id) && failures > 0)).toEqual([]);
    const silentOnes = statuses.filter(([id]) => !isHealthyOne(id));
    expect(silentOnes.map(([, { state }]) => state)).toEqual(times(SILENT, () => "unhealthy"));
  },
  60_000,
);
