/** The way of traces out of the compiled executable, as collectors see it: over HTTP and gRPC, plain and TLS. Run by `bun test`. */

import { expect, setDefaultTimeout, test } from "bun:test";
import { closedPort } from "../harness/backends/backends.ts";
import { type Cert, makeCa } from "../harness/backends/certs.ts";
import { hasPeer, peerTest, testUnless } from "../harness/base/peers.ts";
import { hasIpv6Loopback } from "../harness/base/ports.ts";
import { until } from "../harness/base/wait.ts";
import { tcpCheck } from "../harness/client/checks.ts";
import { connectClient } from "../harness/client/client.ts";
import { type Daemon, type DaemonOptions, NO_REFRESH, startDaemon } from "../harness/daemon/daemon.ts";
import {
  type Collector,
  type CollectorOptions,
  startGrpcCollector,
  startHttpCollector,
  telemetryConfig,
} from "../harness/observers/collector.ts";

setDefaultTimeout(60_000);

const SOON_MS = 20_000;
const PROTOCOLS = ["http", "grpc"] as const;
type Protocol = (typeof PROTOCOLS)[number];
const PATHS = { http: "/v1/traces", grpc: "/opentelemetry.proto.collector.trace.v1.TraceService/Export" };

async function startCollector(protocol: Protocol, options: CollectorOptions = {}): Promise<Collector> {
  return protocol === "http" ? startHttpCollector(options) : await startGrpcCollector(options);
}

/** A daemon whose one check fails, until a collector has received it. */
async function failing(
  collector: Collector,
  fields: Readonly<Record<string, unknown>>,
  options: DaemonOptions = {},
): Promise<Daemon> {
  await using stack = new AsyncDisposableStack();
  const config = NO_REFRESH + telemetryConfig(collector.port, fields);
  const daemon = stack.use(await startDaemon({ config, ...options }));
  await using backend = closedPort();
  await using client = await connectClient(daemon.socketPath);
  client.update([tcpCheck(1, backend)]);
  await collector.waitFor("failed checks", ({ name }) => name === "healthcheck.check_execution");
  stack.move();
  return daemon;
}

/** Six daemons, one after the other. */
const TLS_LIMIT_MS = 120_000;
const isHttp = (protocol: Protocol) => protocol === "http";

test.concurrent.each(PROTOCOLS)(
  "telemetry: a failed check comes to a collector, over %s",
  async (protocol) => {
    await using collector = await startCollector(protocol);
    await using daemon = await failing(collector, {
      use_http: isHttp(protocol),
      service_name: "checks-of-a-rack",
    });
    const [span] = collector.named("healthcheck.check_execution");
    expect(span).toMatchObject({ kind: "SPAN_KIND_CLIENT", status: "STATUS_CODE_ERROR", parentSpanId: "" });
    expect(span?.resource).toMatchObject({
      "service.name": "checks-of-a-rack",
      "telemetry.sdk.name": "opentelemetry",
    });
    expect(new Set(collector.requests.map(({ path }) => path))).toEqual(new Set([PATHS[protocol]]));
    expect(collector.requests[0]?.headers["user-agent"]).toStartWith("healthcheck-server/");
    // Nothing but log lines comes out of it.
    for (const line of daemon.log) expect(line).toMatch(/^\d{4}-\d\d-\d\dT\S+ +(INFO|WARN) /);
  },
);

const ENDPOINTS = [
  ["http", "", "/v1/traces"],
  ["http", "/", "/v1/traces"],
  ["http", "/v1/traces", "/v1/traces"],
  ["http", "/v1/traces/", "/v1/traces"],
  ["http", "/otlp", "/otlp/v1/traces"],
  ["http", "/otlp/", "/otlp/v1/traces"],
  ["grpc", "/v1/traces", PATHS.grpc],
] as const;
test.concurrent.each(ENDPOINTS)(
  "telemetry: %s endpoint ending in '%s' is asked at %s",
  async (protocol, end, path) => {
    await using collector = await startCollector(protocol);
    const otlp_endpoint = `http://127.0.0.1:${collector.port}${end}`;
    await using _ = await failing(collector, { use_http: isHttp(protocol), otlp_endpoint });
    expect(collector.requests[0]?.path).toBe(path);
  },
);

/**
 * A daemon with a TLS collector.
 *
 * @param host - of the endpoint
 * @returns "delivered", or the warning that came instead
 */
async function deliverOverTls(
  protocol: Protocol,
  host: string,
  env: Record<string, string>,
  options: CollectorOptions,
): Promise<string> {
  await using collector = await startCollector(protocol, options);
  const fields = { use_http: isHttp(protocol), otlp_endpoint: `https://${host}:${collector.port}` };
  await using daemon = await startDaemon({ config: telemetryConfig(0, fields), env });
  await using _ = await connectClient(daemon.socketPath);
  const failure = () => daemon.log.find((line) => line.includes("Cannot deliver traces"));
  return await until(
    () => (collector.spans.length > 0 ? "delivered" : failure()),
    SOON_MS,
    "spans, or a warning",
  );
}

const ABSENT = [
  ...(hasPeer("openssl") ? [] : [{ name: "openssl", words: "openssl is not installed" }]),
  ...(hasIpv6Loopback() ? [] : [{ name: "::1", words: "there is no IPv6 loopback address" }]),
];

for (const protocol of PROTOCOLS) {
  peerTest(
    `telemetry: TLS over ${protocol}, and whom it trusts`,
    ["openssl"],
    async () => {
      await using ca = await makeCa();
      await using otherCa = await makeCa();
      const request = { name: "localhost", sans: ["DNS:localhost", "IP:127.0.0.1"] };
      const run = (cert: Cert, env: Record<string, string>, clientCaFile?: string) =>
        deliverOverTls(protocol, "localhost", env, {
          tls: cert,
          ...(clientCaFile === undefined ? {} : { clientCaFile }),
        });
      expect(await run(ca.issue(request), { SSL_CERT_FILE: ca.caFile })).toBe("delivered");
      const own = { SSL_CERT_FILE: otherCa.caFile, OTEL_EXPORTER_OTLP_CERTIFICATE: ca.caFile };
      expect(await run(ca.issue(request), own)).toBe("delivered");
      expect(await run(ca.issue(request), { SSL_CERT_FILE: otherCa.caFile })).toMatch(
        /verify|certificate|issuer/,
      );
      // The runtime's own variables decide nothing.
      const lax = { NODE_TLS_REJECT_UNAUTHORIZED: "0", NODE_EXTRA_CA_CERTS: ca.caFile };
      expect(await run(ca.issue(request), { SSL_CERT_FILE: otherCa.caFile, ...lax })).toMatch(
        /verify|certificate|issuer/,
      );
      const elsewhere = { name: "other.test", sans: ["DNS:other.test"] };
      expect(await run(ca.issue(elsewhere), { SSL_CERT_FILE: ca.caFile })).toMatch(
        /altname|identity|certificate/i,
      );
      const us = ca.issue({ name: "us", sans: ["DNS:us.test"] });
      const withOurs = {
        SSL_CERT_FILE: ca.caFile,
        OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: us.certFile,
        OTEL_EXPORTER_OTLP_CLIENT_KEY: us.keyFile,
      };
      expect(await run(ca.issue(request), withOurs, ca.caFile)).toBe("delivered");
      expect(await run(ca.issue(request), { SSL_CERT_FILE: ca.caFile }, ca.caFile)).not.toBe("delivered");
    },
    TLS_LIMIT_MS,
  );

  testUnless(
    `telemetry: TLS over ${protocol} to an address, for which the certificate must be`,
    ABSENT,
    async () => {
      await using ca = await makeCa();
      await using otherCa = await makeCa();
      const run = (host: string, name: string, sans: readonly string[], caFile = ca.caFile) =>
        deliverOverTls(
          protocol,
          host.includes(":") ? `[${host}]` : host,
          { SSL_CERT_FILE: caFile },
          { host, tls: ca.issue({ name, sans }) },
        );
      // A name that looks like the address is no address.
      const others = ["DNS:localhost", "DNS:127.0.0.1", "IP:127.0.0.2", "IP:::2"];
      const us = ca.issue({ name: "us", sans: ["DNS:us.test"] });
      const runs = [
        run("127.0.0.1", "v4", ["IP:127.0.0.1"]),
        run("127.0.0.1", "other4", [...others, "IP:::1"]),
        run("127.0.0.1", "untrusted", ["IP:127.0.0.1"], otherCa.caFile),
        run("::1", "v6", ["IP:::1"]),
        run("::1", "other6", [...others, "IP:127.0.0.1"]),
        deliverOverTls(
          protocol,
          "127.0.0.1",
          {
            SSL_CERT_FILE: ca.caFile,
            OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: us.certFile,
            OTEL_EXPORTER_OTLP_CLIENT_KEY: us.keyFile,
          },
          { tls: ca.issue({ name: "asks", sans: ["IP:127.0.0.1"] }), clientCaFile: ca.caFile },
        ),
      ];
      const refused = expect.stringMatching(/does not match certificate|altname/i);
      const untrusted = expect.stringMatching(/verify|certificate|issuer/);
      const wanted = ["delivered", refused, untrusted, "delivered", refused, "delivered"];
      const settled = await Promise.allSettled(runs);
      expect(settled.map((run) => (run.status === "fulfilled" ? run.value : run.reason))).toEqual(wanted);
    },
    TLS_LIMIT_MS,
  );
}

test.concurrent.each(PROTOCOLS)(
  "telemetry: the environment's headers, resource and name, over %s",
  async (protocol) => {
    await using collector = await startCollector(protocol);
    const otlp_endpoint = `http://some%20one:pass%3Aword@127.0.0.1:${collector.port}`;
    const env = {
      // Two of them cannot be headers, and cost the others nothing.
      OTEL_EXPORTER_OTLP_HEADERS:
        "X-Tenant=a%20b, x-two = 2,authorization=Bearer of-the-environment,bad name=1,x-bad=a%0ab",
      OTEL_RESOURCE_ATTRIBUTES: "deployment.environment.name=rack%2042,service.name=unheard,host.name=here",
      OTEL_SERVICE_NAME: "named-by-the-environment",
      OTEL_EXPORTER_OTLP_COMPRESSION: "gzip",
      // The file names the endpoint, so this one is not even read, and its password is shown nowhere.
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://user:hunter2@[bad",
      // No setting names a proxy, and no process listens there.
      http_proxy: "http://127.0.0.1:1",
      grpc_proxy: "http://127.0.0.1:1",
    };
    await using daemon = await failing(collector, { use_http: isHttp(protocol), otlp_endpoint }, { env });
    expect(collector.requests[0]?.headers).toMatchObject({
      "x-tenant": "a b",
      "x-two": "2",
      authorization: `Basic ${Buffer.from("some one:pass:word").toString("base64")}`,
    });
    expect(collector.spans[0]?.resource).toMatchObject({
      "service.name": "named-by-the-environment",
      "deployment.environment.name": "rack 42",
      "host.name": "here",
    });
    const log = daemon.log.join("\n");
    expect(log).toContain(`endpoint=http://***@127.0.0.1:${collector.port}/`);
    expect(log).not.toContain("hunter2");
  },
);

test.concurrent("telemetry: the file wins over the environment, and the environment over defaults", async () => {
  await using collector = startHttpCollector();
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: `127.0.0.1:${collector.port}/of-all-signals`,
    OTEL_SERVICE_NAME: "unheard",
    OTEL_TRACES_SAMPLER: "always_off",
  };
  const config = `${NO_REFRESH}telemetry: { enabled: true, use_http: true, service_name: healthcheck-server }\n`;
  await using daemon = await failing(collector, {}, { config, env });
  expect(collector.requests[0]?.path).toBe("/of-all-signals/v1/traces");
  expect(collector.spans[0]?.resource["service.name"]).toBe("healthcheck-server");
  expect(daemon.log.join("\n")).toMatch(
    /WARN .*variable=OTEL_TRACES_SAMPLER .*telemetry\.sampling_rate decides/,
  );
});

test.concurrent.each(PROTOCOLS)(
  "telemetry: a stop delivers what waits, those of the last batch too, over %s",
  async (protocol) => {
    await using collector = await startCollector(protocol, { delayMs: 50 });
    await using backend = closedPort();
    const config = `batching: { delay: 10s }\n${NO_REFRESH}${telemetryConfig(collector.port, { use_http: isHttp(protocol) })}`;
    await using daemon = await startDaemon({ config });
    await using client = await connectClient(daemon.socketPath);
    client.update([tcpCheck(1, backend, { interval: "60s" })]);
    await daemon.waitForLog(/Health state changed/, SOON_MS);
    daemon.signal("SIGTERM");
    expect(await daemon.exited).toBe(0);
    const [batch] = collector.named("healthcheck.batch_send");
    const [change] = collector.named("healthcheck.state_transition");
    expect(batch?.links).toEqual([{ traceId: change?.traceId ?? "", spanId: change?.spanId ?? "" }]);
  },
);

test.concurrent("telemetry: telemetry that cannot start is logged, and the checks continue without it", async () => {
  await using backend = closedPort();
  await using daemon = await startDaemon({
    config: telemetryConfig(0, { otlp_endpoint: "https://127.0.0.1:1" }),
    env: { OTEL_EXPORTER_OTLP_CERTIFICATE: "/nonexistent/ca.pem" },
  });
  await using client = await connectClient(daemon.socketPath);
  client.update([tcpCheck(1, backend)]);
  await until(() => client.latest.get("1")?.state === "unhealthy", SOON_MS, "a verdict");
  expect(daemon.log.join("\n")).toMatch(/ERROR Cannot export traces error=.*\/nonexistent\/ca\.pem/);
});

test.concurrent.each(PROTOCOLS)(
  "telemetry: without TLS no file of authorities is missed, over %s",
  async (protocol) => {
    await using collector = await startCollector(protocol);
    const otlp_endpoint = `http://127.0.0.1:${collector.port}`;
    const config = telemetryConfig(0, { use_http: isHttp(protocol), otlp_endpoint });
    await using daemon = await startDaemon({ config, env: { SSL_CERT_FILE: "/nonexistent.pem" } });
    await using _ = await connectClient(daemon.socketPath);
    await until(() => collector.spans.length > 0, SOON_MS, "spans");
  },
);
