/** The file of certificate authorities: empty, cut off, spoilt, gone. No healthy backend is blamed for it. Run by `bun test`. */

import { expect, setDefaultTimeout } from "bun:test";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeCa } from "../harness/backends/certs.ts";
import { hostile } from "../harness/backends/hostile.ts";
import { peerTest } from "../harness/base/peers.ts";
import { freePort } from "../harness/base/ports.ts";
import { makeTempDir } from "../harness/base/tempdir.ts";
import { until } from "../harness/base/wait.ts";
import { tcpCheck } from "../harness/client/checks.ts";
import { connectClient } from "../harness/client/client.ts";
import { notifications, requestStatus, stateOf } from "../harness/client/client-assertions.ts";
import { NO_REFRESH, startDaemon } from "../harness/daemon/daemon.ts";
import { metricsConfig, sampleOf, scrape, scrapeUntil } from "../harness/daemon/metrics.ts";

setDefaultTimeout(60_000);

const INCONCLUSIVE = 'healthcheck_inconclusive_total{reason="fault"}';

peerTest("files: authorities that cannot be read blame no backend", ["openssl"], async () => {
  await using ca = await makeCa();
  await using other = await makeCa();
  await using dir = makeTempDir("authorities");
  const { certFile, keyFile } = ca.issue({ name: "good", sans: ["IP:127.0.0.1"] });
  const tls = { cert: readFileSync(certFile, "utf8"), key: readFileSync(keyFile, "utf8") };
  await using backend = hostile({}, tls);
  const good = readFileSync(ca.caFile, "utf8");
  const cut = good.slice(0, good.length / 2);
  const others = readFileSync(other.caFile, "utf8");
  const file = join(dir.path, "authorities.pem");
  const port = freePort();
  const config = NO_REFRESH + metricsConfig(port);
  writeFileSync(file, "");
  await using daemon = await startDaemon({ config, env: { SSL_CERT_FILE: file } });
  await using client = await connectClient(daemon.socketPath);
  const often = { interval: "100ms", timeout: "5s", secure: true };
  client.update([
    tcpCheck(1, backend, often),
    tcpCheck(2, backend, { ...often, tls_verify: false }),
    tcpCheck(3, backend, { ...often, server_name: "other.test" }),
  ]);
  /** Waits until every check has used the file. */
  const met = async () => {
    const before = sampleOf(await scrape(port), INCONCLUSIVE);
    await scrapeUntil(port, "what says nothing", (now) => sampleOf(now, INCONCLUSIVE) > before + 5);
  };
  const reported = () => notifications(client).map(({ id, status }) => `${id} ${status.state}`);

  // Whose certificate does not matter needs no authority.
  await stateOf(client, 2, "healthy");
  await met();
  expect(reported()).toEqual(["2 healthy"]);

  // Whole again, it is read without being asked.
  writeFileSync(file, good);
  await stateOf(client, 1, "healthy");
  await stateOf(client, 3, "unhealthy");

  const spoilt = {
    empty: "",
    comment: "# no certificate\n",
    keyOnly: tls.key,
    otherKind: good.replaceAll(" CERTIFICATE-", " TRUSTED CERTIFICATE-"),
    cut,
    cutBehindOthers: others + cut,
    cutAtItsBegin: others + good.slice(0, 12),
    otherKindBehindOthers: others + good.replaceAll(" CERTIFICATE-", " TRUSTED CERTIFICATE-"),
    indented: others + good.replaceAll("-----BEGIN", "  -----BEGIN"),
    dashMissing: others + good.replace("-----BEGIN", "----BEGIN"),
    brokenInTheMiddle: others + good.replace(/\n\w{8}/, "\n????????") + others,
    gone: undefined,
  };
  const checkedAgain = async () => {
    const successes = async () => (await requestStatus(client)).get("1")?.successes ?? 0;
    const before = await successes();
    await until(async () => (await successes()) > before, 10_000, "a check that says something");
  };
  for (const text of Object.values(spoilt)) {
    // The next results belong to this case, and not to the one before.
    writeFileSync(file, good);
    daemon.signal("SIGHUP");
    await checkedAgain();
    if (text === undefined) rmSync(file);
    else writeFileSync(file, text);
    daemon.signal("SIGHUP");
    await met();
    expect((await requestStatus(client)).get("1")?.state).toBe("healthy");
  }
  expect(reported().filter((line) => line.startsWith("1 "))).toEqual(["1 healthy"]);
  expect(reported().filter((line) => line.startsWith("2 "))).toEqual(["2 healthy"]);

  // Whom all of a whole file does not know is refused.
  writeFileSync(file, others);
  daemon.signal("SIGHUP");
  expect((await stateOf(client, 1, "unhealthy")).message).toStartWith("L6RSP TLS handshake with ");
  // And a file may hold more than authorities.
  writeFileSync(file, `\ufeff# ours\r\n${tls.key}${others}${good.replaceAll("\n", "\r\n")}`);
  daemon.signal("SIGHUP");
  await stateOf(client, 1, "healthy");
});
