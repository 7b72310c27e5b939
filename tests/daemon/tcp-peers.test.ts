/** TCP checks: a conversation, how the connection is closed, IPv6. Run by `bun test`. */

import { expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { acceptAll, closedPort, httpAnswer, httpServer } from "../harness/backends/backends.ts";
import { verdicts } from "../harness/backends/check-table.ts";
import { startNginx } from "../harness/backends/nginx.ts";
import { peerTest } from "../harness/base/peers.ts";
import { hasIpv6Loopback } from "../harness/base/ports.ts";
import { until } from "../harness/base/wait.ts";
import { httpCheck, tcpCheck } from "../harness/client/checks.ts";
import { connectClient } from "../harness/client/client.ts";
import { startDaemon } from "../harness/daemon/daemon.ts";

setDefaultTimeout(30_000);

peerTest("daemon: tcp against nginx: what is sent and what must come back", ["nginx"], async () => {
  await using nginx = await startNginx();
  const target = { hostname: "127.0.0.1", port: nginx.httpPort };
  const send = "GET /healthz HTTP/1.0\r\n\r\n";
  const found = await verdicts({
    answered: (id) => tcpCheck(id, target, { interval: "60s", send, receive: "HTTP/1.1 200 OK\r\n" }),
    otherwise: (id) => tcpCheck(id, target, { interval: "60s", send, receive: "220 " }),
    silent: (id) => tcpCheck(id, target, { interval: "60s", timeout: "300ms", receive: "220 " }),
  });
  const at = `127.0.0.1:${nginx.httpPort}`;
  expect(found).toEqual({
    answered: `healthy L7OK TCP send to ${at}: answered as expected`,
    // Of the answer 60 bytes are shown, a Date among them.
    otherwise: expect.stringContaining(
      `unhealthy L7RSP TCP send to ${at}: answer starts with "HTTP/1.1 200 OK`,
    ),
    silent: `unhealthy L7TOUT TCP read from ${at}: no answer within 300ms`,
  });
});

test("daemon: tcp closes by RST, and with close graceful by FIN", async () => {
  await using reset = acceptAll();
  await using graceful = acceptAll();
  await using daemon = await startDaemon();
  await using client = await connectClient(daemon.socketPath);
  client.update([tcpCheck(1, reset, { handshake: "full" }), tcpCheck(2, graceful, { close: "graceful" })]);
  await until(() => reset.resets >= 5 && graceful.ends >= 5, 10_000, "five ends of each kind");
  expect([reset.ends, graceful.resets]).toEqual([0, 0]);
  client.send({ type: "update_configs" });
  await until(() => reset.open === 0 && graceful.open === 0, 2_000, "no connection to stay");
});

test("daemon: tcp closes as configured in the section checks, unless the healthcheck overrides it; a change needs a restart", async () => {
  await using graceful = acceptAll();
  await using reset = acceptAll();
  const config = (close: string) => `checks: { close: ${close}, thresholds: rust, handshake: full }\n`;
  await using daemon = await startDaemon({ config: config("graceful") });
  await using client = await connectClient(daemon.socketPath);
  const checks = [tcpCheck(1, graceful), tcpCheck(2, reset, { close: "reset" })];
  client.update(checks);
  await until(() => reset.resets >= 5 && graceful.ends >= 5, 10_000, "five ends of each kind");
  const file = join(daemon.dir, "config.yaml");
  writeFileSync(file, readFileSync(file, "utf8").replace("graceful", "reset"));
  daemon.signal("SIGHUP");
  await daemon.waitForLog(/restart required.* key=checks.close/, 5_000);
  client.update(checks);
  const { ends } = graceful;
  await until(() => graceful.ends >= ends + 5, 10_000, "five more ends");
  expect([reset.ends, graceful.resets]).toEqual([0, 0]);
  expect(daemon.log.filter((line) => / (?:Adjusting|Replacing) /.test(line))).toEqual([]);
});

test.skipIf(!hasIpv6Loopback())("daemon: tcp and http over IPv6", async () => {
  await using up = acceptAll({ hostname: "::1" });
  await using down = closedPort({ hostname: "::1" });
  await using web = httpServer((_, socket) => socket.end(httpAnswer(200)), { hostname: "::1" });
  const found = await verdicts({
    up: (id) => tcpCheck(id, up),
    down: (id) => tcpCheck(id, down),
    web: (id) => httpCheck(id, web, { expected_codes: [200] }),
  });
  expect(found).toEqual({
    up: `healthy L4OK TCP connect to [::1]:${up.port}: connected`,
    down: `unhealthy L4CON TCP connect to [::1]:${down.port}: connection refused`,
    web: `healthy L7OK HTTP GET http://[::1]:${web.port}/: status 200 Test`,
  });
  expect(web.received).toContain(`\r\nHost: [::1]:${web.port}\r\n`);
});
