/** Independence of the environment and the working directory: proxies, .env, bunfig.toml. Run by `bun test`. */

import { expect, setDefaultTimeout, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { acceptAll, httpAnswer, httpServer } from "../harness/backends/backends.ts";
import { makeCa } from "../harness/backends/certs.ts";
import { runCommand } from "../harness/base/command.ts";
import { peerTest } from "../harness/base/peers.ts";
import { until } from "../harness/base/wait.ts";
import { httpCheck, tcpCheck } from "../harness/client/checks.ts";
import { connectClient } from "../harness/client/client.ts";
import { requestStatus } from "../harness/client/client-assertions.ts";
import { startDaemon } from "../harness/daemon/daemon.ts";

setDefaultTimeout(30_000);

const NAMES = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];

peerTest(
  "daemon: with a proxy in the environment checks go straight to their target",
  ["openssl"],
  async () => {
    await using ca = await makeCa();
    const tls = ca.issue({ name: "good", sans: ["IP:127.0.0.1"] });
    const answer = (_: string, socket: { end(text: string): void }) => socket.end(httpAnswer(200));
    await using proxy = httpServer(answer);
    await using plain = httpServer(answer);
    await using secure = httpServer(answer, { tls });
    await using tcp = acceptAll();
    const url = `http://127.0.0.1:${proxy.port}`;
    const env = {
      ...Object.fromEntries(NAMES.map((name) => [name, url])),
      NO_PROXY: "",
      no_proxy: "",
      SSL_CERT_FILE: ca.caFile,
    };
    await using daemon = await startDaemon({ env });
    await using client = await connectClient(daemon.socketPath);
    client.update([
      httpCheck(1, plain, { expected_codes: [200] }),
      httpCheck(2, plain, { expected_codes: [200], path: `http://www.example.test:${plain.port}/x` }),
      httpCheck(3, secure, { expected_codes: [200], secure: true }),
      tcpCheck(4, tcp),
    ]);
    const checked = async () => {
      const statuses = [...(await requestStatus(client)).values()];
      return statuses.length === 4 && statuses.every(({ successes }) => successes >= 5);
    };
    await until(checked, 10_000, "five successes of each");
    expect(proxy.connections).toBe(0);
    expect(plain.connections).toBeGreaterThanOrEqual(10);
    expect(secure.connections).toBeGreaterThanOrEqual(5);

    const probe = await runCommand(["probe", "http", `http://127.0.0.1:${plain.port}/`], { env });
    expect([probe.status, proxy.connections]).toEqual([0, 0]);
  },
);

test("daemon: .env and bunfig.toml in the working directory are not read", async () => {
  const files = {
    ".env": "HEALTHCHECK_LOG=trace\n",
    "bunfig.toml": 'preload = ["./preload.ts"]\n',
    "preload.ts": 'require("node:fs").writeFileSync("preloaded", "");\n',
  };
  await using backend = acceptAll();
  const logOf = async (env: Readonly<Record<string, string>>) => {
    await using daemon = await startDaemon({ files, env });
    await using client = await connectClient(daemon.socketPath);
    client.update([tcpCheck(1, backend, { handshake: "full" })]);
    const { connections } = backend;
    await until(() => backend.connections >= connections + 3, 5_000, "three checks");
    expect(existsSync(join(daemon.dir, "preloaded"))).toBe(false);
    daemon.signal("SIGTERM");
    await daemon.exited;
    return daemon.log.join("\n");
  };
  expect(await logOf({})).not.toContain("DEBUG");
  // The same name in the environment proper does have its effect.
  expect(await logOf({ HEALTHCHECK_LOG: "trace" })).toContain("DEBUG Check finished");
});

test("daemon: an invalid HEALTHCHECK_LOG is reported, also where only errors are logged", async () => {
  const config = "logging: { level: error }\n";
  await using daemon = await startDaemon({
    config,
    env: { HEALTHCHECK_LOG: "bogus" },
    waitForSocket: false,
  });
  await daemon.waitForLog(
    / ERROR Configuration error: HEALTHCHECK_LOG: "bogus" is not valid .* trace, off$/,
    5_000,
  );
  daemon.signal("SIGTERM");
  await daemon.exited;
  expect(daemon.log.length).toBe(1);
});
