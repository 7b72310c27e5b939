/**
 * Secrets of healthchecks: what is sent, headers' values, users and passwords of URLs, query strings. They reach their backend and appear
 * nowhere else: no log line of any level, no metric, no page, no answer of the API, no status, no error. Run by `bun test`.
 */

import { expect, setDefaultTimeout, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { closedPort, hang, httpServer } from "../harness/backends/backends.ts";
import {
  BASIC,
  canaryConfigs,
  type Fields,
  leaks,
  REFUSED_FILES,
  REFUSED_LINES,
  rejectedConfigs,
  secret,
} from "../harness/base/canaries.ts";
import { runCommand } from "../harness/base/command.ts";
import { freePort } from "../harness/base/ports.ts";
import { makeTempDir } from "../harness/base/tempdir.ts";
import { until } from "../harness/base/wait.ts";
import { type Client, connectClient } from "../harness/client/client.ts";
import { handled } from "../harness/client/client-assertions.ts";
import { connectHttp, get } from "../harness/client/raw-http.ts";
import { type Daemon, NO_REFRESH, startDaemon } from "../harness/daemon/daemon.ts";
import { metricsConfig, scrapeText } from "../harness/daemon/metrics.ts";
import { startGrpcCollector, startHttpCollector, telemetryConfig } from "../harness/observers/collector.ts";

setDefaultTimeout(60_000);

const SOON_MS = 15_000;
const FIRST_REFUSED = 101;
const REMOVED = 3;
const CHANGES = new Map<number, Fields>([
  [1, { send: `QUIT ${secret("other")}\r\n\r\n` }],
  [2, { interval: "150ms" }],
]);
/** Secrets that the backends must have received. */
const SENT = ["send", "bearer", "header", "query", "other", "datagram", "datagram-hex"]
  .map(secret)
  .concat(BASIC);

/** Backends that repeat the request, as far as they can. */
async function startBackends() {
  const stack = new AsyncDisposableStack();
  const echo = stack.use(
    httpServer((request, socket) => void socket.end(`-ERR unknown command '${request}'\r\n`)),
  );
  const web = stack.use(
    httpServer((request, socket) => {
      const reason = request.replace(/[^\x21-\x7e]+/g, " ").slice(0, 300);
      socket.end(`HTTP/1.1 200 ${reason}\r\nContent-Length: ${request.length}\r\n\r\n${request}`);
    }),
  );
  const datagrams: string[] = [];
  const udpEcho = await Bun.udpSocket({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      data(socket, bytes, port, address) {
        datagrams.push(bytes.toString("latin1"));
        socket.send(`-NO unknown command '${bytes}'`, port, address);
      },
      error() {},
    },
  });
  stack.defer(() => udpEcho.close());
  const silent = stack.use(hang());
  const closed = stack.use(closedPort());
  const ports = {
    echo: echo.port,
    web: web.port,
    udpEcho: udpEcho.port,
    silent: silent.port,
    closed: closed.port,
  };
  return {
    ports,
    received: () => `${echo.received}${web.received}${datagrams.join("")}`,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** Everything that can be read of a daemon by HTTP and by its commands, by where it was read. */
async function everythingShown(port: number, ids: readonly number[]): Promise<Map<string, string>> {
  const shown = new Map<string, string>();
  const ask = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`);
    shown.set(path, await response.text());
  };
  shown.set("/metrics", await scrapeText(port));
  shown.set("OpenMetrics", await scrapeText(port, { Accept: "application/openmetrics-text" }));
  for (const path of ["/", "/readyz", "/api/healthchecks?limit=1000"]) await ask(path);
  for (const id of ids) await ask(`/api/healthchecks/${id}`);
  for (const command of [["status"], ["explain", "2"], ["explain", "8"]]) {
    const { out, err } = await runCommand([...command, "--addr", `127.0.0.1:${port}`]);
    shown.set(command.join(" "), out + err);
  }
  return shown;
}

function expectNoLeaks(where: string, text: string): void {
  expect([where, leaks(text)]).toEqual([where, []]);
}

/** Expects the log lines without which the test would prove nothing. */
function expectEvents(daemon: Daemon, configs: readonly Fields[]): void {
  const log = daemon.log.join("\n");
  for (const { id } of configs) expect(log).toMatch(new RegExp(`"?id"?[=:]"?${id}\\b`));
  expect(log).toContain("Check finished");
  expect(log).toContain("Health state changed");
  expect(log).toContain("unknown command '");
}

/** One is replaced, one adjusted, one removed, many are rejected; those that run continue. @returns the number of rejected ones */
async function change(client: Client, configs: readonly Fields[]): Promise<number> {
  const changed = configs
    .filter(({ id }) => id !== REMOVED)
    .map((fields) => ({ ...fields, ...CHANGES.get(Number(fields["id"])) }));
  const refused = rejectedConfigs(FIRST_REFUSED);
  client.update([...changed, ...refused].map((entry) => JSON.stringify(entry)));
  client.update(changed.map((entry) => JSON.stringify({ ...entry, port: -1 })));
  client.send({ type: "request_status" });
  await handled(client);
  return refused.length + changed.length;
}

test.each(["text", "json"])(
  "security: secrets of a client's healthchecks stay secret, with a %s log",
  async (format) => {
    await using backends = await startBackends();
    await using collector = startHttpCollector();
    const port = freePort();
    const tracing = { use_http: true, trace: "all" };
    await using daemon = await startDaemon({
      config: NO_REFRESH + metricsConfig(port) + telemetryConfig(collector.port, tracing),
      args: ["--log-level", "trace", "--log-format", format],
    });
    await using client = await connectClient(daemon.socketPath);
    await using viewer = await connectHttp(port);
    viewer.write(get("/api/events"));
    await viewer.waitFor(/event: totals/);
    const configs = canaryConfigs(backends.ports);
    client.update(configs);
    await until(() => client.latest.size === configs.length, SOON_MS, "a state of each");
    await viewer.waitFor(/event: changes/);

    const refused = await change(client, configs);
    for (const text of SENT) await until(() => backends.received().includes(text), SOON_MS, text);
    const shown = await everythingShown(
      port,
      configs.map(({ id }) => Number(id)).filter((id) => id !== REMOVED),
    );
    const found = await fetch(`http://127.0.0.1:${port}/api/healthchecks?q=${secret("send")}`);
    expect(await found.json()).toMatchObject({ matched: 0 });
    for (const id of [1, 6]) expect(shown.get(`/api/healthchecks/${id}`)).toContain("not shown)");
    for (const line of REFUSED_LINES) client.send(line);
    await handled(client);
    shown.set("events", viewer.text);
    shown.set("lines to the client", client.lines.map(({ raw }) => raw).join("\n"));
    daemon.signal("SIGTERM");
    expect(await daemon.exited).toBe(0);
    shown.set("log", daemon.log.join("\n"));
    shown.set("traces", collector.spans.map((span) => JSON.stringify(span)).join("\n"));
    for (const name of [
      "check_execution",
      "state_transition",
      "batch_send",
      "proxy_receive",
      "config_update",
    ])
      expect([name, collector.named(`healthcheck.${name}`).length > 0]).toEqual([name, true]);
    for (const [where, text] of shown) {
      expect([where, text.length > 0]).toEqual([where, true]);
      expectNoLeaks(where, text);
    }
    expectEvents(daemon, configs);
    const rejections = client.lines.filter(
      ({ type, message }) => type === "error" && message?.includes("rejected"),
    );
    expect(rejections.length).toBeGreaterThanOrEqual(refused);
  },
);

test("security: secrets of a checks file stay secret, also when it is no longer one", async () => {
  await using backends = await startBackends();
  const port = freePort();
  const configs = canaryConfigs(backends.ports);
  const entries = [...configs, ...rejectedConfigs(FIRST_REFUSED)].map(
    (entry) => `  - ${JSON.stringify(entry)}\n`,
  );
  await using daemon = await startDaemon({
    config: metricsConfig(port),
    args: ["--checks", "checks.yaml", "--log-level", "trace"],
    files: { "checks.yaml": `healthchecks:\n${entries.join("")}` },
  });
  const log = () => daemon.log.join("\n");
  const states = () => daemon.log.filter((line) => line.includes("Health state changed")).length;
  await until(() => states() >= configs.length, SOON_MS, "a state of each");
  for (const [index, text] of REFUSED_FILES.entries()) {
    writeFileSync(join(daemon.dir, "checks.yaml"), text);
    daemon.signal("SIGHUP");
    const isRejected = () => log().split("the checks file was not loaded").length - 1 > index;
    await until(isRejected, SOON_MS, () => `a verdict on ${text}`);
  }
  const shown = await everythingShown(
    port,
    configs.map(({ id }) => Number(id)),
  );
  daemon.signal("SIGTERM");
  expect(await daemon.exited).toBe(0);
  shown.set("log", log());
  for (const [where, text] of shown) expectNoLeaks(where, text);
  expectEvents(daemon, configs);
});

test("security: a checks file passed as a configuration file is validated without quoting its content", async () => {
  await using dir = makeTempDir("sec");
  const checks = [{ send: secret("first") }];
  const files = [
    ...REFUSED_FILES,
    ...[checks, { server: checks }, { healthchecks: checks, metrics: checks }],
  ];
  for (const [index, content] of files.entries()) {
    const file = join(dir.path, `${index}.yaml`);
    writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content));
    const { out, err } = await runCommand(["check-config", file, "--print"]);
    expect([file, (out + err).includes("onfiguration ")]).toEqual([file, true]);
    expectNoLeaks(file, out + err);
  }
});

/** A collector's user and password, and its environment variables. */
const LOGIN = `${secret("user")}:${secret("password")}`;
const COLLECTOR_ENV = {
  OTEL_EXPORTER_OTLP_HEADERS: `x-token=${secret("token")},authorization=Bearer ${secret("header")}`,
};

test.each(["http", "grpc"])(
  "security: a collector's secrets go to it and nowhere else, over %s",
  async (protocol) => {
    const isHttp = protocol === "http";
    // Rejects, and repeats the request as far as it can.
    const refuse = () => (isHttp ? 401 : 16);
    await using collector = isHttp ? startHttpCollector({ refuse }) : await startGrpcCollector({ refuse });
    const otlp_endpoint = `http://${LOGIN}@127.0.0.1:${collector.port}/?key=${secret("query")}`;
    const telemetry = telemetryConfig(collector.port, { use_http: isHttp, otlp_endpoint });
    const port = freePort();
    await using daemon = await startDaemon({
      config: metricsConfig(port) + telemetry,
      args: ["--log-level", "trace"],
      env: { ...COLLECTOR_ENV, GRPC_TRACE: "all", GRPC_VERBOSITY: "DEBUG", OTEL_LOG_LEVEL: "debug" },
    });
    await using client = await connectClient(daemon.socketPath);
    client.send("nonsense");
    await daemon.waitForLog(/Cannot deliver traces/, SOON_MS);
    writeFileSync(
      join(daemon.dir, "config.yaml"),
      `server: { proxy_socket: ${JSON.stringify(daemon.socketPath)} }\n${telemetry.replace("/?key", "/other?key")}`,
    );
    daemon.signal("SIGHUP");
    await daemon.waitForLog(/restart required key=telemetry\.otlp_endpoint/, SOON_MS);
    expect(collector.requests[0]?.headers).toMatchObject({
      "x-token": secret("token"),
      authorization: `Basic ${BASIC}`,
    });
    for (const [where, text] of await everythingShown(port, [])) expectNoLeaks(where, text);
    daemon.signal("SIGTERM");
    expect(await daemon.exited).toBe(0);
    expectNoLeaks("log", daemon.log.join("\n"));
    for (const line of daemon.log) expect(line).toMatch(/^\d{4}-\d\d-\d\dT\S+ +[A-Z]+ /);
  },
);

test("security: a collector's secrets are not shown with the configuration, nor when it is refused", async () => {
  await using dir = makeTempDir("sec");
  const endpoints = [
    `http://${LOGIN}@c:4317/path?key=${secret("query")}#${secret("fragment")}`,
    `https://${secret("user")}@c`,
    `ftp://${LOGIN}@c`,
    `${LOGIN}@c:4317`,
    `http://${LOGIN}@c:port/`,
    `//${LOGIN}@c`,
    `http:${LOGIN}@ c`,
  ];
  for (const [index, otlp_endpoint] of endpoints.entries()) {
    const file = join(dir.path, `${index}.yaml`);
    writeFileSync(file, JSON.stringify({ telemetry: { enabled: true, otlp_endpoint } }));
    const { out, err } = await runCommand(["check-config", file, "--print"]);
    expect(out + err).toContain("otlp_endpoint");
    expectNoLeaks(otlp_endpoint, out + err);
  }
});
