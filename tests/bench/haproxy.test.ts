/** The comparison's configurations of HAProxy: HAProxy itself accepts them. */
import { expect, test } from "bun:test";
import { startHaproxy } from "../../scripts/tools/bench/haproxy.ts";
import { requestsIn, startTlsSink } from "../../scripts/tools/bench/tls-sink.ts";
import { acceptAll } from "../harness/backends/backends.ts";
import { makeCa } from "../harness/backends/certs.ts";
import { peerTest } from "../harness/base/peers.ts";
import { until } from "../harness/base/wait.ts";

peerTest("haproxy: checks a plain target", ["haproxy"], async () => {
  await using backend = acceptAll();
  await using _haproxy = await startHaproxy({ kind: "http", targets: [backend], intervalMs: 20 });
  await until(() => backend.connections >= 3, 10_000, "three checks");
});

peerTest(
  "haproxy: HTTPS checks verify the certificate and the name, with resumption and without",
  ["haproxy", "openssl"],
  async () => {
    await using ca = await makeCa();
    const cert = ca.issue({ name: "bench.test", sans: ["DNS:bench.test"] });
    await using sink = await startTlsSink("127.201.7.1", 1, cert);
    // Requests for the count are not counted.
    expect([await sink.count(), await sink.count()]).toEqual([0, 0]);
    const { targets } = sink;
    const plan = { kind: "https", targets, intervalMs: 20 } as const;
    for (const resumption of [true, false]) {
      const before = await sink.count();
      await using _haproxy = await startHaproxy({ ...plan, caFile: ca.caFile, resumption });
      await until(async () => (await sink.count()) >= before + 3, 10_000, "three checks");
    }
  },
);

test("haproxy: the requests of the TLS sink are read from the statistics", () => {
  const csv = "# pxname,svname,stot,req_tot,\nbackend,FRONTEND,9,7,\nbackend,BACKEND,9,5,\n\n";
  expect(requestsIn(csv)).toBe(7);
  expect(requestsIn("")).toBeNaN();
});
