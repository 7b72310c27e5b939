/**
 * The sink for HTTPS: HAProxy, one thread, TLS 1.3; clients may resume sessions. Called by fleet.ts and the comparison with HAProxy.
 *
 * Not the runtime's own TLS server: when more handshakes come than it can do, it serves the newest first and lets the oldest
 * starve, and what such a backend does to a check cannot be distinguished from the daemon's effect.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readLines, stopProcess } from "../../../tests/harness/base/process.ts";
import { makeTempDir } from "../../../tests/harness/base/tempdir.ts";
import { until } from "../../../tests/harness/base/wait.ts";
import { times } from "../../../tests/harness/client/checks.ts";
import { killOnExit } from "../child-cleanup.ts";
import { findHaproxy, HAPROXY_MISSING } from "./haproxy.ts";
import type { Sink } from "./sink.ts";

const FIRST_PORT = 12_000;
const START_MS = 10_000;

/**
 * Starts it.
 *
 * @param address - loopback, exclusively
 * @param cert - PEM files
 * @throws Error when HAProxy is missing or does not start
 */
export async function startTlsSink(
  address: string,
  ports: number,
  cert: { readonly certFile: string; readonly keyFile: string },
): Promise<Sink> {
  const program = findHaproxy();
  if (program === null) throw new Error(HAPROXY_MISSING);
  const dir = makeTempDir("tls");
  const pemFile = join(dir.path, "server.pem");
  writeFileSync(pemFile, readFileSync(cert.certFile, "utf8") + readFileSync(cert.keyFile, "utf8"));
  const configFile = join(dir.path, "haproxy.cfg");
  const socket = join(dir.path, "stats.sock");
  writeFileSync(
    configFile,
    configuration(socket, `${address}:${FIRST_PORT}-${FIRST_PORT + ports - 1}`, pemFile),
  );
  const child = Bun.spawn([program, "-db", "-f", configFile], {
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
  });
  const lines: string[] = [];
  const reading = readLines(child.stderr, (line) => lines.push(line));
  const orphan = killOnExit(child.pid);
  const stop = async () => {
    await stopProcess(child);
    orphan[Symbol.dispose]();
    await reading;
    dir.remove();
  };
  try {
    // It says what it has counted as soon as it listens.
    await until(
      () => (child.exitCode === null ? counted(socket).catch(() => undefined) : Number.NaN),
      START_MS,
      () => lines.join("\n"),
    );
    if (child.exitCode !== null) throw new Error(`haproxy as TLS sink: ${lines.join("\n")}`);
  } catch (error) {
    await stop();
    throw error;
  }
  const unable = () => Promise.reject(new Error("the TLS sink cannot do that"));
  return {
    kind: "https",
    pid: child.pid,
    targets: times(ports, (n) => ({ hostname: address, port: FIRST_PORT + n })),
    blackholes: [],
    count: () => counted(socket),
    record: async () => {},
    take: async () => [],
    down: unable,
    up: unable,
    [Symbol.asyncDispose]: stop,
  };
}

function configuration(socket: string, bind: string, pemFile: string): string {
  return [
    "global",
    "  nbthread 1",
    "  maxconn 8000",
    `  stats socket ${socket}`,
    "defaults",
    "  mode http",
    "  timeout connect 5s",
    "  timeout client 30s",
    "  timeout server 5s",
    "frontend backend",
    `  bind ${bind} ssl crt ${pemFile} backlog 4096`,
    "  http-request return status 200 content-type text/plain string ok",
    "",
  ].join("\n");
}

/** Returns the number of requests answered until now. */
async function counted(socket: string): Promise<number> {
  let said = "";
  const end = Promise.withResolvers<void>();
  const connection = await Bun.connect({
    unix: socket,
    socket: {
      data: (_, bytes) => {
        said += bytes.toString();
      },
      close: () => end.resolve(),
      error: (_, error) => end.reject(error),
    },
  });
  connection.write("show stat\n");
  await end.promise;
  return requestsIn(said);
}

/**
 * Reads the number of requests of the frontend from HAProxy's statistics.
 *
 * @param csv - a line of names, which begins with `# `, and a line for each proxy
 * @returns NaN when the frontend or the column is missing
 */
export function requestsIn(csv: string): number {
  const lines = csv.split("\n").map((line) => line.split(","));
  const column = lines[0]?.indexOf("req_tot") ?? -1;
  const frontend = lines.find(([proxy, server]) => proxy === "backend" && server === "FRONTEND");
  return Number(frontend?.[column]);
}
