/**
 * Checks leave nothing in the logs of their backends. A server that still writes its answer when the verdict has been reached must be
 * able to write it to its end; else each check is a line about a reset or a broken pipe. Run by `bun test`.
 */
import { expect } from "bun:test";
import { makeCa } from "../harness/backends/certs.ts";
import {
  type LoggingServer,
  startLoggingNginx,
  startNode,
  startPython,
} from "../harness/backends/logging-servers.ts";
import { type Peer, peerTest } from "../harness/base/peers.ts";
import { until } from "../harness/base/wait.ts";
import { httpCheck, times } from "../harness/client/checks.ts";
import { connectClient } from "../harness/client/client.ts";
import { requestStatus } from "../harness/client/client-assertions.ts";
import { startDaemon } from "../harness/daemon/daemon.ts";

const CHECKS = 10;
/** Over HTTP and over HTTPS each. */
const MIN_RESULTS = 1_000;
const LIMIT_MS = 60_000;
/** The words of the three servers for a client that has gone; access logs and notices have none of them. */
const COMPLAINTS =
  /reset|broken ?pipe|traceback|exception|prematurely|closed before|connection closed|SSL_|ECONN|EPIPE|ERR_|timed out/i;

const SERVERS: Readonly<Record<string, { readonly needs: Peer; readonly start: typeof startNode }>> = {
  "python3 -m http.server": { needs: "python3", start: startPython },
  "a Node server that streams": { needs: "node", start: startNode },
  nginx: { needs: "nginx", start: startLoggingNginx },
};

for (const [name, { needs, start }] of Object.entries(SERVERS)) {
  peerTest(
    `backend: ${name} logs nothing about its checks, over HTTP and HTTPS`,
    ["openssl", needs],
    async () => {
      await using ca = await makeCa();
      await using server: LoggingServer = await start(ca.issue({ name: "server", sans: ["IP:127.0.0.1"] }));
      await using daemon = await startDaemon({ env: { SSL_CERT_FILE: ca.caFile } });
      await using client = await connectClient(daemon.socketPath);
      const before = server.log().length;
      const fields = { interval: "50ms", timeout: "10s", expected_codes: [200] };
      client.update([
        ...times(CHECKS, (id) => httpCheck(id, server.http, fields)),
        ...times(CHECKS, (id) => httpCheck(CHECKS + id, server.https, { ...fields, secure: true })),
      ]);
      const results = async () => {
        const statuses = [...(await requestStatus(client)).entries()];
        const sum = (secure: boolean) =>
          statuses
            .filter(([id]) => Number(id) >= CHECKS === secure)
            .reduce((total, [, { successes }]) => total + successes, 0);
        await Bun.sleep(100);
        return sum(false) >= MIN_RESULTS && sum(true) >= MIN_RESULTS ? statuses : undefined;
      };
      const statuses = await until(results, LIMIT_MS, `${MIN_RESULTS} results of each kind`);
      expect(statuses.filter(([, { failures }]) => failures > 0)).toEqual([]);
      const complaints = server
        .log()
        .slice(before)
        .filter((line) => COMPLAINTS.test(line));
      // A few lines show what is wrong; thousands would not.
      expect({ lines: complaints.length, first: complaints.slice(0, 5) }).toEqual({ lines: 0, first: [] });
    },
    90_000,
  );
}
