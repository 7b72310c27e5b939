/**
 * Variables by which the runtime would run other code, open a port or trust any certificate: without effect, and
 * reported. Run by `bun test`.
 */

import { expect, setDefaultTimeout, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { makeCa } from "../harness/backends/certs.ts";
import { verdicts } from "../harness/backends/check-table.ts";
import { startNginx } from "../harness/backends/nginx.ts";
import { listeningPorts } from "../harness/base/listening.ts";
import { peerTest } from "../harness/base/peers.ts";
import { freePort } from "../harness/base/ports.ts";
import { httpCheck, tcpCheck } from "../harness/client/checks.ts";
import { startDaemon } from "../harness/daemon/daemon.ts";

setDefaultTimeout(60_000);

const FILES = { "foreign.js": 'require("node:fs").writeFileSync("ran", "");\n' };
const WAIT = `ws://127.0.0.1:${freePort()}/x`;

test.each<[string, string]>([
  ["BUN_BE_BUN", "1"],
  ["BUN_OPTIONS", "--preload=./foreign.js"],
  ["BUN_OPTIONS", `--inspect=127.0.0.1:${freePort()}`],
  ["BUN_INSPECT", `127.0.0.1:${freePort()}`],
  ["BUN_INSPECT", `${WAIT}?wait=1`],
  ["BUN_INSPECT", `${WAIT}?break=1`],
  ["BUN_INSPECT_CONNECT_TO", "./notify.sock"],
  ["BUN_INSPECT_NOTIFY", "unix://notify.sock"],
  ["BUN_INSPECT_PRELOAD", "./foreign.js"],
  ["BUN_BYTECODE_ORDER_OUT", "./ran"],
  ["BUN_CRASH_REPORT_URL", "http://127.0.0.1:1"],
  ["NODE_OPTIONS", "--require=./foreign.js"],
  ["NODE_EXTRA_CA_CERTS", "./foreign.pem"],
  ["NODE_TLS_REJECT_UNAUTHORIZED", "0"],
])("daemon: %s=%s runs nothing and opens nothing, and one line reports it", async (name, value) => {
  await using daemon = await startDaemon({ files: FILES, env: { [name]: value } });
  expect(listeningPorts(daemon.pid)).toEqual([]);
  daemon.signal("SIGTERM");
  expect(await daemon.exited).toBe(0);
  expect(existsSync(join(daemon.dir, "ran"))).toBe(false);
  const lines = daemon.log.filter((line) => line.includes(name));
  expect(lines).toHaveLength(1);
  expect(lines[0]).toEndWith(` WARN Ignoring environment variable of the runtime variable=${name}`);
});

test("daemon: a variable that the runtime does obey is reported as such", async () => {
  await using daemon = await startDaemon({ env: { BUN_JSC_useConcurrentGC: "1" } });
  const line = await daemon.waitForLog(/BUN_JSC_useConcurrentGC/, 1_000);
  expect(line).toEndWith(
    " WARN Environment variable affects the runtime, unset it variable=BUN_JSC_useConcurrentGC",
  );
});

peerTest("daemon: with NODE_TLS_REJECT_UNAUTHORIZED=0 certificates count", ["nginx", "openssl"], async () => {
  await using ca = await makeCa();
  await using foreignCa = await makeCa();
  const names = { name: "good", sans: ["DNS:good.test", "IP:127.0.0.1"] };
  await using nginx = await startNginx({ tls: foreignCa.issue(names) });
  await using elsewhere = await startNginx({ tls: ca.issue({ name: "other", sans: ["DNS:other.test"] }) });
  const local = (port = 0) => ({ hostname: "127.0.0.1", port });
  const fields = { interval: "60s", timeout: "5s", secure: true };
  const found = await verdicts(
    {
      untrustedName: (id) => httpCheck(id, local(nginx.httpsPort), { ...fields, server_name: "good.test" }),
      untrustedAddress: (id) => httpCheck(id, local(nginx.httpsPort), fields),
      untrustedTcp: (id) => tcpCheck(id, local(nginx.httpsPort), { ...fields, server_name: "good.test" }),
      otherName: (id) => tcpCheck(id, local(elsewhere.httpsPort), { ...fields, server_name: "good.test" }),
      otherAddress: (id) => tcpCheck(id, local(elsewhere.httpsPort), fields),
    },
    // A foreign authority likewise: NODE_EXTRA_CA_CERTS would add it.
    {
      env: {
        SSL_CERT_FILE: ca.caFile,
        NODE_EXTRA_CA_CERTS: foreignCa.caFile,
        NODE_TLS_REJECT_UNAUTHORIZED: "0",
      },
    },
  );
  for (const verdict of Object.values(found)) expect(verdict).toStartWith("unhealthy L6RSP");
});
