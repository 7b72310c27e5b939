/** TLS checks against nginx: who is trusted, under which name, and what a refusal says. Run by `bun test`. */

import { expect } from "bun:test";
import { makeCa } from "../harness/backends/certs.ts";
import { verdicts } from "../harness/backends/check-table.ts";
import { startNginx } from "../harness/backends/nginx.ts";
import { peerTest } from "../harness/base/peers.ts";
import { until } from "../harness/base/wait.ts";
import { httpCheck, tcpCheck } from "../harness/client/checks.ts";

const local = (port = 0) => ({ hostname: "127.0.0.1", port });

peerTest("daemon: https against nginx: verification, names and SNI", ["nginx", "openssl"], async () => {
  await using ca = await makeCa();
  await using foreignCa = await makeCa();
  const names = { name: "good", sans: ["DNS:good.test", "IP:127.0.0.1"] };
  await using nginx = await startNginx({ tls: ca.issue(names) });
  await using old = await startNginx({ tls: ca.issue({ ...names, name: "old", expired: true }) });
  await using foreign = await startNginx({ tls: foreignCa.issue(names) });
  const { httpPort, httpsPort = 0 } = nginx;
  const http = (port: number | undefined, fields: object) => (id: number) =>
    httpCheck(id, local(port), { interval: "60s", timeout: "5s", expected_codes: [200], ...fields });
  const tcp = (port: number | undefined, fields: object) => (id: number) =>
    tcpCheck(id, local(port), { interval: "60s", timeout: "5s", secure: true, ...fields });
  const found = await verdicts(
    {
      url: http(httpsPort, { path: "https://good.test/healthz" }),
      address: http(httpsPort, { path: "/healthz", secure: true }),
      serverName: http(httpsPort, { path: "/healthz", secure: true, server_name: "good.test" }),
      dot: http(httpsPort, { path: "https://good.test./healthz" }),
      hostHeader: http(httpsPort, { path: "/healthz", secure: true, headers: { Host: "good.test.:8443" } }),
      secureOfPlainUrl: http(httpsPort, { path: "http://good.test/healthz", secure: true }),
      plainOfSecureUrl: http(httpPort, { path: "https://good.test/healthz", secure: false }),
      wrongName: http(httpsPort, { path: "https://other.test/healthz" }),
      expired: http(old.httpsPort, { path: "https://good.test/healthz" }),
      untrusted: http(foreign.httpsPort, { path: "https://good.test/healthz" }),
      unverified: http(foreign.httpsPort, { path: "https://other.test/healthz", tls_verify: false }),
      expiredUnverified: http(old.httpsPort, { path: "/healthz", secure: true, tls_verify: false }),
      status: http(httpsPort, { path: "https://good.test/fail" }),
      plainPort: http(httpPort, { path: "https://good.test/healthz" }),
      tcp: tcp(httpsPort, { server_name: "good.test" }),
      tcpWrongName: tcp(httpsPort, { server_name: "other.test" }),
      tcpPlainPort: tcp(httpPort, {}),
    },
    { env: { SSL_CERT_FILE: ca.caFile } },
  );
  const handshake = (port: number | undefined, name: string) =>
    `unhealthy L6RSP TLS handshake with 127.0.0.1:${port} (${name}): `;
  expect(found.url).toBe(`healthy L7OK HTTP GET https://127.0.0.1:${httpsPort}/healthz: status 200 OK`);
  expect(found.address).toStartWith("healthy L7OK");
  expect(found.serverName).toStartWith("healthy L7OK");
  expect(found.dot).toStartWith("healthy L7OK");
  expect(found.hostHeader).toStartWith("healthy L7OK HTTP GET https://");
  expect(found.secureOfPlainUrl).toStartWith("healthy L7OK HTTP GET https://");
  expect(found.plainOfSecureUrl).toStartWith("healthy L7OK HTTP GET http://");
  expect(found.unverified).toStartWith("healthy L7OK");
  expect(found.expiredUnverified).toStartWith("healthy L7OK");
  expect(found.status).toStartWith("unhealthy L7STS");
  expect(found.tcp).toBe(`healthy L6OK TLS handshake with 127.0.0.1:${httpsPort} (good.test): connected`);
  // A sentence: the target, then words of what was wrong.
  expect(found.wrongName).toStartWith(handshake(httpsPort, "other.test"));
  expect(found.wrongName).toMatch(/: certificate is for .+, not /);
  expect(found.tcpWrongName).toStartWith(handshake(httpsPort, "other.test"));
  expect(found.expired).toStartWith(handshake(old.httpsPort, "good.test"));
  expect(found.expired).toMatch(/: .*expired/);
  expect(found.untrusted).toStartWith(handshake(foreign.httpsPort, "good.test"));
  expect(found.untrusted).toMatch(/: .*(issuer|self.signed|verify)/);
  expect(found.plainPort).toStartWith(handshake(httpPort, "good.test"));
  expect(found.plainPort.length).toBeGreaterThan(handshake(httpPort, "good.test").length + 5);
  expect(found.tcpPlainPort).toStartWith(`unhealthy L6RSP TLS handshake with 127.0.0.1:${httpPort}: `);

  await until(() => nginx.accessLog().length >= 8, 2_000, "the access log");
  expect(nginx.accessLog().filter((line) => /sni=\S*\.( |$)/.test(line))).toEqual([]);
  expect(nginx.accessLog().join("\n")).toMatch(
    /^host=good\.test request="GET \/healthz HTTP\/1\.1" status=200 .* sni=good\.test /m,
  );
  // A name for TLS alone leaves the Host header as it is.
  expect(nginx.accessLog().join("\n")).toMatch(/^host=127\.0\.0\.1 .* status=200 .* sni=good\.test /m);
});

peerTest(
  "daemon: https against nginx: without SSL_CERT_FILE the host decides whom to trust",
  ["nginx", "openssl"],
  async () => {
    await using ca = await makeCa();
    await using nginx = await startNginx({ tls: ca.issue({ name: "good", sans: ["DNS:good.test"] }) });
    const check = (id: number) =>
      httpCheck(id, local(nginx.httpsPort), {
        path: "https://good.test/healthz",
        interval: "60s",
        timeout: "5s",
      });
    const found = await verdicts({ check }, { env: { SSL_CERT_FILE: "" } });
    expect(found.check).toStartWith("unhealthy L6RSP TLS handshake");
  },
);

peerTest(
  "daemon: https against nginx: a target without a name goes by its address",
  ["nginx", "openssl"],
  async () => {
    await using ca = await makeCa();
    await using foreignCa = await makeCa();
    await using right = await startNginx({ tls: ca.issue({ name: "right", sans: ["IP:127.0.0.1"] }) });
    await using other = await startNginx({ tls: ca.issue({ name: "other", sans: ["IP:127.0.0.2"] }) });
    // The name that the runtime itself would expect when none is given.
    await using localhost = await startNginx({
      tls: ca.issue({ name: "localhost", sans: ["DNS:localhost"] }),
    });
    await using foreign = await startNginx({
      tls: foreignCa.issue({ name: "foreign", sans: ["IP:127.0.0.1"] }),
    });
    await using expired = await startNginx({
      tls: ca.issue({ name: "expired", sans: ["IP:127.0.0.1"], expired: true }),
    });
    const check = (port: number | undefined, fields: object) => (id: number) =>
      httpCheck(id, local(port), {
        interval: "60s",
        timeout: "5s",
        path: "/healthz",
        secure: true,
        ...fields,
      });
    const found = await verdicts(
      {
        right: check(right.httpsPort, {}),
        other: check(other.httpsPort, {}),
        localhost: check(localhost.httpsPort, {}),
        foreign: check(foreign.httpsPort, {}),
        expired: check(expired.httpsPort, {}),
        unverified: check(foreign.httpsPort, { tls_verify: false }),
      },
      { env: { SSL_CERT_FILE: ca.caFile } },
    );
    expect(found.right).toStartWith("healthy L7OK");
    expect(found.unverified).toStartWith("healthy L7OK");
    expect(found.other).toMatch(
      /^unhealthy L6RSP TLS handshake with 127\.0\.0\.1:\d+: certificate is for 127\.0\.0\.2, not 127\.0\.0\.1$/,
    );
    expect(found.localhost).toMatch(/^unhealthy L6RSP .*127\.0\.0\.1/);
    expect(found.foreign).toMatch(/^unhealthy L6RSP .*(issuer|self.signed|verify)/);
    expect(found.expired).toMatch(/^unhealthy L6RSP .*expired/);

    // An address is no name: RFC 6066 3 forbids to send it as SNI.
    await until(() => right.accessLog().length >= 1, 2_000, "the access log");
    expect(right.accessLog().join("\n")).toMatch(/ sni=-/);
  },
);
