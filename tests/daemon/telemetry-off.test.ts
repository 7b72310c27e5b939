/** Without telemetry nothing of OpenTelemetry is loaded, and with it only what is used. Run by `bun test`. */

import { expect, setDefaultTimeout, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { stopProcess } from "../harness/base/process.ts";
import { makeTempDir } from "../harness/base/tempdir.ts";

setDefaultTimeout(60_000);

const MAIN = join(import.meta.dir, "..", "..", "src", "main.ts");
const FOREIGN = /node_modules\/(@opentelemetry|@grpc|protobufjs)\//;
/** All of telemetry but its port, which imports only types. */
const OURS = /src\/telemetry\/(?!port\.ts$)[a-z-]+\.ts$/;

/** Runs the server from its sources until it is up. @returns the modules that it has loaded by then */
async function loadedModules(telemetry: string): Promise<string[]> {
  await using dir = makeTempDir("off");
  const socket = join(dir.path, "proxy.sock");
  writeFileSync(
    join(dir.path, "config.yaml"),
    `server: { proxy_socket: ${JSON.stringify(socket)} }\n${telemetry}`,
  );
  // It prints the modules that it has loaded when it stops.
  const preload = join(dir.path, "preload.ts");
  writeFileSync(
    preload,
    'process.once("SIGTERM", () => process.stderr.write(JSON.stringify(Object.keys(require.cache))));',
  );
  const child = Bun.spawn(
    [process.execPath, "--preload", preload, MAIN, "--config", join(dir.path, "config.yaml")],
    {
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    },
  );
  await using stack = new AsyncDisposableStack();
  stack.defer(() => stopProcess(child));
  const said = new Response(child.stderr).text();
  const decoder = new TextDecoder();
  let log = "";
  for await (const bytes of child.stdout) {
    const wasUp = log.includes("server running");
    log += decoder.decode(bytes, { stream: true });
    if (!wasUp && log.includes("server running")) child.kill("SIGTERM");
  }
  const modules: unknown = JSON.parse(await said);
  if (!Array.isArray(modules)) throw new Error(`no modules: ${log}`);
  return modules.map(String);
}

test("telemetry: off, none of its code is loaded; on, that of one protocol only", async () => {
  const off = await loadedModules(
    "telemetry: { enabled: false, use_http: true, trace: all, propagate: true }\n",
  );
  expect(off.some((path) => path.endsWith("src/daemon/daemon.ts"))).toBe(true);
  expect(off.filter((path) => FOREIGN.test(path) || OURS.test(path))).toEqual([]);
  const grpc = await loadedModules("telemetry: { enabled: true }\n");
  const http = await loadedModules("telemetry: { enabled: true, use_http: true }\n");
  const has = (paths: readonly string[], part: string) => paths.some((path) => path.includes(part));
  const parts = ["@grpc/grpc-js", "exporter-trace-otlp-http", "otlp-http-export-delegate"];
  expect(parts.map((part) => has(grpc, part))).toEqual([true, false, false]);
  expect(parts.map((part) => has(http, part))).toEqual([false, true, true]);
});
