/** The configuration file: an invalid one is reported with its positions, and its effect. Run by `bun test`. */

import { expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, existsSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { acceptAll } from "../harness/backends/backends.ts";
import { runCommand } from "../harness/base/command.ts";
import { rootTest } from "../harness/base/peers.ts";
import { makeTempDir } from "../harness/base/tempdir.ts";
import { tcpCheck } from "../harness/client/checks.ts";
import { connectClient } from "../harness/client/client.ts";
import { stateOf } from "../harness/client/client-assertions.ts";
import { startDaemon } from "../harness/daemon/daemon.ts";
import { canUnshare, inMountNamespace } from "../harness/machines/namespace.ts";

setDefaultTimeout(30_000);

const DEFAULT_SOCKET = "seesaw/healthcheck-proxy.sock";
const FAULTY = `server:
  proxy_socket: relative/path/
batching:
  delay: 20s
  max_size: many
logging:
  level: loud
metrics: yes please
`;

test.skipIf(!canUnshare())(
  "daemon: with an invalid file the error has line and column, and it runs on the defaults (needs root)",
  async () => {
    await using backend = acceptAll();
    await using daemon = await startDaemon({
      config: "batching:\n  delay: 20s\n",
      // The default socket lies in /var/run, which is this namespace's own.
      prefix: inMountNamespace('mount -t tmpfs tmpfs "$(readlink -f /var/run)"'),
    });
    const run = realpathSync("/var/run");
    const socketPath = join(`/proc/${daemon.pid}/root`, run, DEFAULT_SOCKET);
    expect(daemon.log.join("\n")).toMatch(
      /ERROR Configuration error: \S+\/config\.yaml:4:10: batching\.delay: "20s" is out of range/,
    );
    expect(daemon.log.join("\n")).toContain("using the defaults");
    // Nothing of a faulty file holds, its socket neither.
    expect(existsSync(daemon.socketPath)).toBe(false);
    await using client = await connectClient(socketPath);
    client.update([tcpCheck(1, backend)]);
    await stateOf(client, 1, "healthy");
  },
);

rootTest("daemon: root obeys no file that other users can change, and logs the remedy", [], async () => {
  await using dir = makeTempDir("config");
  const file = join(dir.path, "healthcheck-server.yaml");
  await Bun.write(file, "logging: { level: debug }\n");
  chmodSync(file, 0o666);
  const named = await runCommand(["run", "--config", file, "--strict-config"]);
  expect(named.status).toBe(1);
  expect(named.out).toEndWith(
    `ERROR Configuration error: ${file}: root reads only files that no other user can change: ` +
      `${file} is writable by every user; run chmod go-w ${file}\n`,
  );
  // Neither the home nor the working directory is searched.
  await Bun.write(join(dir.path, ".config/seesaw/healthcheck-server.yaml"), "logging: { level: debug }\n");
  const found = await runCommand(["check-config"], { cwd: dir.path, env: { HOME: dir.path } });
  expect(found.err).toContain("No configuration file found");
});

test("daemon: --strict-config exits 1 on an invalid file", async () => {
  await using daemon = await startDaemon({
    config: "batching:\n  delay: 20s\n",
    args: ["--strict-config"],
    waitForSocket: false,
  });
  expect(await daemon.exited).toBe(1);
  expect(daemon.log.join("\n")).toMatch(/Configuration error: \S+:4:10: batching\.delay/);
  expect(daemon.log.join("\n")).not.toContain("server running");
});

test("daemon: a --config file that does not exist is an error in either mode", async () => {
  for (const mode of [[], ["--strict-config"]]) {
    const { status, out } = await runCommand(["run", "--config", "/nonexistent/hc.yaml", ...mode]);
    expect(status).toBe(1);
    expect(out).toContain("/nonexistent/hc.yaml");
    expect(out).not.toContain("server running");
  }
});

test("daemon: check-config lists every error in one run, with line and column", async () => {
  await using dir = makeTempDir("config");
  const file = join(dir.path, "hc.yaml");
  await Bun.write(file, FAULTY);
  const { status, out } = await runCommand(["check-config", file]);
  expect(status).toBe(1);
  const lines = out.trim().split("\n");
  const places = [
    "2:17: server.proxy_socket",
    "4:10: batching.delay",
    "5:13: batching.max_size",
    "7:10: logging.level",
    "8:10: metrics",
  ];
  expect(lines.map((line) => line.slice(0, line.indexOf(": ", line.indexOf("hc.yaml:") + 15)))).toEqual(
    places.map((place) => `Configuration error: ${file}:${place}`),
  );
});

test("daemon: check-config --print shows the effective configuration", async () => {
  await using dir = makeTempDir("config");
  const file = join(dir.path, "hc.yaml");
  await Bun.write(file, "batching: { delay: 0.25s }\nbatchign: { delay: 1s }\n");
  const { status, out, err } = await runCommand(["check-config", file, "--print"]);
  expect(status).toBe(0);
  expect(parse(out)).toMatchObject({
    server: { proxy_socket: `/var/run/${DEFAULT_SOCKET}` },
    batching: { delay: "250ms", max_size: 100 },
    advanced: { notify_interval: "15s" },
    logging: { level: "info", format: "text" },
    metrics: { enabled: false, listen_addr: "127.0.0.1:9090" },
  });
  expect(err).toMatch(/hc\.yaml:2:1: batchign: unknown key, ignored; did you mean batching\?/);
  expect((await runCommand(["check-config", file, "--strict-config"])).status).toBe(1);
  // The printed text is a file like any other, and means the same.
  await Bun.write(file, out);
  const again = await runCommand(["check-config", file, "--print"]);
  expect([again.status, again.out]).toEqual([0, out]);
});
