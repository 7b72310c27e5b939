/** The commands besides serving: version, help and probe, with their exit statuses. Run by `bun test`. */
// alone: measures time

import { expect, setDefaultTimeout, test } from "bun:test";
import { version } from "../../package.json";
import { acceptAll, closedPort, hang, httpAnswer, httpServer } from "../harness/backends/backends.ts";
import { startKnot } from "../harness/backends/knot.ts";
import { runCommand } from "../harness/base/command.ts";
import { peerTest } from "../harness/base/peers.ts";

setDefaultTimeout(30_000);

test("daemon: --version and --help", async () => {
  const result = await runCommand(["--version"]);
  expect(result.status).toBe(0);
  expect(result.out).toStartWith(`healthcheck-server ${version} (revision `);
  const help = await runCommand(["--help"]);
  expect(help.status).toBe(0);
  expect(help.out).toMatch(/^Examples:\n {2}\$ healthcheck-server /m);
  for (const command of ["run", "check-config", "probe"]) {
    expect(help.out).toContain(`  ${command} `);
    const { status, out } = await runCommand([command, "--help"]);
    expect(status).toBe(0);
    expect(out).toContain(`Examples:\n  $ healthcheck-server ${command}`);
  }
});

test("daemon: wrong usage exits 2 with the error", async () => {
  for (const args of [
    ["--no-such-option"],
    ["no-such-command"],
    ["run", "--log-level", "loud"],
    ["probe", "tcp", "127.0.0.1"],
    ["probe", "tcp", "127.0.0.1:80", "--timeout", "soon"],
    ["probe", "tcp", "127.0.0.1:80", "--count", "0"],
    ["probe", "http", "ftp://127.0.0.1/"],
    ["probe", "dns", "www.example.test", "127.0.0.1"],
  ]) {
    const { status, err } = await runCommand(args);
    expect([args.join(" "), status]).toEqual([args.join(" "), 2]);
    expect(err).toContain("error: ");
  }
});

test("daemon: probe tcp: healthy 0, unhealthy 1", async () => {
  await using up = acceptAll();
  await using down = closedPort();
  const healthy = await runCommand(["probe", "tcp", `127.0.0.1:${up.port}`]);
  expect(healthy.status).toBe(0);
  expect(healthy.out).toMatch(/\n {2}connect +[0-9.]+ ms\n/);
  expect(healthy.out).toEndWith(`healthy: L4OK TCP connect to 127.0.0.1:${up.port}: connected\n`);
  const refused = await runCommand(["probe", "tcp", `127.0.0.1:${down.port}`]);
  expect(refused.status).toBe(1);
  expect(refused.out).toEndWith(
    `unhealthy: L4CON TCP connect to 127.0.0.1:${down.port}: connection refused\n`,
  );
});

test("daemon: probe http: phases, expectations, --json, --count, --timeout", async () => {
  await using web = httpServer((_, socket) => socket.end(httpAnswer(503, "sorry")));
  await using silent = hang();
  const url = `http://127.0.0.1:${web.port}/healthz`;
  const any = await runCommand(["probe", "http", url, "--json", "--count", "3"]);
  expect(any.status).toBe(0);
  const objects = any.out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(objects.length).toBe(3);
  for (const object of objects) {
    expect(object).toMatchObject({ target: url, verdict: "healthy", code: "L7OK" });
    expect(object.message).toContain("status 503");
    expect(Object.keys(object.phases)).toEqual(["connect_ms", "first_byte_ms", "transfer_ms"]);
    expect(object.duration_ms).toBeGreaterThan(0);
  }
  expect(web.connections).toBe(3);
  const unwanted = await runCommand(["probe", "http", url, "--expect", "200,204", "--json"]);
  expect(unwanted.status).toBe(1);
  expect(JSON.parse(unwanted.out)).toMatchObject({ verdict: "unhealthy", code: "L7STS" });
  const startMs = performance.now();
  const late = await runCommand(["probe", "http", `http://127.0.0.1:${silent.port}/`, "--timeout", "300ms"]);
  expect(late.status).toBe(1);
  expect(late.out).toContain("unhealthy: L7TOUT");
  expect(performance.now() - startMs).toBeLessThan(2_000);
  const elsewhere = await runCommand([
    ...["probe", "http", "http://www.example.test/x", "--connect", `127.0.0.1:${web.port}`],
    ...["--header", "X-Check: 7"],
  ]);
  expect(elsewhere.status).toBe(0);
  expect(web.received).toMatch(/GET \/x HTTP\/1\.1\r\nHost: www\.example\.test\r\n(.+\r\n)*X-Check: 7\r\n/);
});

peerTest("daemon: probe dns: found 0, not found 1", ["knotd"], async () => {
  await using knot = await startKnot();
  const server = `@127.0.0.1:${knot.port}`;
  const found = await runCommand(["probe", "dns", "one.example.test", server, "--expect", "192.0.2.10"]);
  expect(found.status).toBe(0);
  expect(found.out).toContain("healthy: L7OK DNS A one.example.test");
  const missing = await runCommand(["probe", "dns", "nowhere.example.test", server, "--json"]);
  expect(missing.status).toBe(1);
  expect(JSON.parse(missing.out)).toMatchObject({ verdict: "unhealthy", code: "L7STS" });
});
