/**
 * The main job before one's eyes: the compiled server, three real backends (TCP, HTTP, DNS), and a stand-in for the Go
 * proxy on the Unix socket. One sees the checks become healthy, the HTTP backend killed and reported, and come back.
 */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ANSWER, startConstantNameserver } from "../../../tests/harness/backends/constant-nameserver.ts";

const SERVER = join(import.meta.dir, "..", "..", "..", "dist", "healthcheck-server");
const STEP_LIMIT_MS = 6_000;
const startedMs = performance.now();
const dir = mkdtempSync(join(tmpdir(), "healthcheck-demo-"));
const socketPath = join(dir, "proxy.sock");
const keep = process.argv.includes("--keep");

function say(text: string): void {
  process.stdout.write(`${((performance.now() - startedMs) / 1_000).toFixed(2).padStart(6)} s  ${text}\n`);
}

// The backends.
const tcp = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
const answer = () => new Response("ok\n");
let http: Bun.Server<undefined> | undefined = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: answer });
const httpPort = http.port ?? 0;
const dns = await startConstantNameserver();

// The healthchecks, numbered as the Seesaw engine does it: too large for a JavaScript number, so the JSON is text.
const FIRST_ID = 0xbeefn << 48n;
const NAMES = ["tcp backend", "http backend", "dns backend"];
const fields = '"interval":"500ms","timeout":"300ms","retries":0,"ip":"127.0.0.1"';
const configs = [
  `{"id":${FIRST_ID},${fields},"checker_type":"tcp","port":${tcp.port}}`,
  `{"id":${FIRST_ID + 1n},${fields},"checker_type":"http","port":${httpPort},"path":"/healthz","expected_codes":[200]}`,
  `{"id":${FIRST_ID + 2n},${fields},"checker_type":"dns","port":${dns.port},"query":"www.example.com","expected_ips":["${ANSWER}"]}`,
];

await Bun.write(join(dir, "config.yaml"), `server:\n  proxy_socket: ${socketPath}\n`);
say("starting healthcheck-server");
const server = Bun.spawn([SERVER, "--config", join(dir, "config.yaml"), "--log-level", "warn"], {
  stdout: "inherit",
  stderr: "inherit",
});

// The stand-in client.
const states = new Map<string, string>();
let received = "";
await reached("the socket", () => existsSync(socketPath));
const client = await Bun.connect({
  unix: socketPath,
  socket: {
    data(_socket, bytes) {
      const lines = (received + bytes.toString()).split("\n");
      received = lines.pop() ?? "";
      for (const line of lines) receive(line);
    },
  },
});
say(`client connected, sends ${configs.length} healthchecks`);
client.write(`{"type":"update_configs","configs":[${configs.join(",")}]}\n`);

await reached(
  "three healthy backends",
  () => [...states.values()].filter((state) => state === "healthy").length === 3,
);
say("--- all healthy; now the http backend is killed");
await http.stop(true);
http = undefined;
await reached("the report of the dead backend", () => states.get(String(FIRST_ID + 1n)) === "unhealthy");
say("--- reported; now it comes back");
http = Bun.serve({ hostname: "127.0.0.1", port: httpPort, fetch: answer });
await reached("the recovery", () => states.get(String(FIRST_ID + 1n)) === "healthy");
say("--- and is healthy again");

if (keep) {
  say(`left running: socket ${socketPath}, server process ${server.pid}; Ctrl-C ends it`);
  await new Promise((resolve) => process.once("SIGINT", resolve));
}
server.kill("SIGTERM");
const status = await server.exited;
say(`healthcheck-server stopped, exit status ${status}`);
rmSync(dir, { recursive: true, force: true });
process.exit(status);

/** Prints what the server says, with the exact ids, and remembers the states. */
function receive(line: string): void {
  for (const [, id = "", state = "", message = ""] of line.matchAll(
    /"id":([0-9]+),"status":\{[^}]*"state":"([a-z]+)","message":"((?:[^"\\]|\\.)*)"/g,
  )) {
    states.set(id, state);
    say(`${id} (${NAMES[Number(BigInt(id) - FIRST_ID)]}) is ${state}: ${message}`);
  }
}

/** Waits until something is so; what does not come in time ends the demonstration with status 1. */
async function reached(what: string, condition: () => boolean): Promise<void> {
  const endMs = performance.now() + STEP_LIMIT_MS;
  while (!condition()) {
    if (performance.now() > endMs || server.exitCode !== null) {
      say(`${what} did not come in time`);
      server.kill("SIGKILL");
      rmSync(dir, { recursive: true, force: true });
      process.exit(1);
    }
    await Bun.sleep(10);
  }
}
