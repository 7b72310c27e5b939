/**
 * The image without Docker: its root made by hand, the server in it by chroot as the user that the Dockerfile names. Run by
 * `bun test`.
 */
import { expect } from "bun:test";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { acceptAll } from "../harness/backends/backends.ts";
import { makeCa } from "../harness/backends/certs.ts";
import { ANSWER, startConstantNameserver } from "../harness/backends/constant-nameserver.ts";
import { startNginx } from "../harness/backends/nginx.ts";
import { peerPath, rootTest } from "../harness/base/peers.ts";
import { freePort } from "../harness/base/ports.ts";
import { readLines, stopProcess } from "../harness/base/process.ts";
import { until } from "../harness/base/wait.ts";
import { dnsCheck, httpCheck, tcpCheck } from "../harness/client/checks.ts";
import { connectClient } from "../harness/client/client.ts";
import { firstStates, requestStatus } from "../harness/client/client-assertions.ts";
import { makeImageRoot, readImage } from "../harness/machines/image.ts";
import { inRoot } from "../harness/machines/rootfs.ts";

const LIMIT_MS = 60_000;
const TOP = join(import.meta.dir, "..", "..");
const IMAGE = readImage();
const CONFIG = "/etc/seesaw/healthcheck-server.yaml";
/** Path of the public CA certificates in the base image. */
const AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt";
const SOCKET = "/run/seesaw/healthcheck-proxy.sock";

/** The container: its log, and its end. */
function startContainer(root: string) {
  const child = Bun.spawn([...inRoot(root, IMAGE.user), ...IMAGE.entrypoint, ...IMAGE.command], {
    cwd: "/",
    env: {},
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const log: string[] = [];
  const reading = Promise.all(
    [child.stdout, child.stderr].map((from) => readLines(from, (line) => log.push(line))),
  );
  return {
    log,
    child,
    async [Symbol.asyncDispose]() {
      await stopProcess(child);
      await reading;
    },
  };
}

/** The image's own configuration; its port may be taken here, where the network is that of the host. */
function configWithFreePort(): Record<string, string> {
  const config = readFileSync(join(TOP, "examples/container/healthcheck-server.yaml"), "utf8");
  return { [CONFIG]: config.replaceAll(":9090", `:${freePort()}`) };
}

/** The effect of HEALTHCHECK in `docker`. */
function healthcheck(root: string) {
  const run = Bun.spawnSync([...inRoot(root, IMAGE.user), ...IMAGE.healthcheck], {
    cwd: "/",
    env: {},
    timeout: 30_000,
    killSignal: "SIGKILL",
  });
  return { status: run.exitCode, text: `${run.stdout}${run.stderr}` };
}

async function connect(root: string) {
  const tried = () => connectClient(join(root, SOCKET)).catch(() => undefined);
  return await until(tried, 10_000, "the container's socket");
}

rootTest(
  "image: in its root, as its user, the server checks TCP, HTTP, verified HTTPS and DNS; it is healthy, and stops on its signal",
  ["openssl", "nginx"],
  async () => {
    await using ca = await makeCa();
    await using nginx = await startNginx({ tls: ca.issue({ name: "good.test", sans: ["DNS:good.test"] }) });
    await using tcp = acceptAll();
    await using dns = await startConstantNameserver();
    await using root = makeImageRoot(IMAGE, {
      [AUTHORITIES]: readFileSync(ca.caFile, "utf8"),
      ...configWithFreePort(),
    });
    expect(healthcheck(root.path).status).toBe(1);

    await using container = startContainer(root.path);
    await using client = await connect(root.path);
    const web = { hostname: "127.0.0.1", port: nginx.httpPort };
    const secure = { hostname: "127.0.0.1", port: nginx.httpsPort ?? 0 };
    const verified = { path: "/healthz", secure: true, tls_verify: true, expected_codes: [200] };
    client.update([
      tcpCheck(1, tcp),
      httpCheck(2, web, { path: "/healthz", expected_codes: [200] }),
      httpCheck(3, secure, { ...verified, server_name: "good.test" }),
      httpCheck(4, secure, { ...verified, server_name: "bad.test" }),
      dnsCheck(5, "www.example.test", { ip: "127.0.0.1", port: dns.port, expected_ips: [ANSWER] }),
      dnsCheck(6, "localhost", { expected_ips: ["127.0.0.1"] }),
    ]);
    expect(await firstStates(client, [1, 2, 3, 4, 5, 6], 15_000)).toEqual([
      "healthy",
      "healthy",
      "healthy",
      "unhealthy",
      "healthy",
      "healthy",
    ]);
    expect(client.latest.get("4")?.message).toStartWith("L6RSP TLS handshake");

    expect(healthcheck(root.path)).toEqual({
      status: 0,
      text: expect.stringMatching(/^ready\nhealthchecks +6\n/),
    });
    const status = readFileSync(`/proc/${container.child.pid}/status`, "utf8");
    expect(status).toMatch(/^Uid:\t65532\t65532\t65532\t65532$/m);

    // Authorities of the host that were there and are gone are no reason to trust others.
    rmSync(join(root.path, AUTHORITIES));
    container.child.kill("SIGHUP");
    const missed = () => container.log.some((line) => line.includes("cannot read the CA certificates"));
    await until(missed, 15_000, "a check that misses its authorities");
    expect((await requestStatus(client)).get("3")?.state).toBe("healthy");

    expect(IMAGE.stopSignal).toBe("SIGTERM");
    container.child.kill("SIGTERM");
    expect(await container.child.exited).toBe(0);
    expect(healthcheck(root.path).status).toBe(1);
    expect(container.log.join("\n")).toContain(`Loading configuration from: ${CONFIG}`);
  },
  LIMIT_MS,
);

rootTest(
  "docker-compose.yml: its client, as written there, receives the states of its healthchecks",
  ["socat"],
  async () => {
    await using root = makeImageRoot(IMAGE, configWithFreePort());
    await using container = startContainer(root.path);
    await using backend = acceptAll();
    await until(() => container.log.some((line) => line.includes("server running")), 10_000, "the server");

    const compose = readFileSync(join(TOP, "examples/docker-compose.yml"), "utf8");
    const [, command = ""] = /^ +command: \["(cat .*)"\]$/m.exec(compose) ?? [];
    const update = readFileSync(join(TOP, "examples/container/update.jsonl"), "utf8");
    const here = update
      .replaceAll("172.30.53.10", "127.0.0.1")
      .replaceAll('"port":80', `"port":${backend.port}`);
    const file = join(root.path, "tmp", "update.jsonl");
    await Bun.write(file, here);
    const local = command
      .replace("/update.jsonl", file)
      .replace("/var/run/seesaw/", `${root.path}/run/seesaw/`)
      .replace("socat", peerPath("socat"));
    const client = Bun.spawn(["sh", "-c", local], { stdin: "pipe", stdout: "pipe", stderr: "inherit" });
    const lines: string[] = [];
    const reading = readLines(client.stdout, (line) => lines.push(line));
    try {
      // The backend speaks no HTTP, so one is healthy and one is not.
      const output = () => lines.join("\n");
      await until(
        () => /"id":2,.*"state":"healthy"/.test(output()),
        10_000,
        () => `a healthy backend: ${output()}`,
      );
    } finally {
      await client.stdin.end();
      await reading;
      await stopProcess(client);
    }
  },
  LIMIT_MS,
);
