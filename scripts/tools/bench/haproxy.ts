/**
 * HAProxy as the other contender: one thread, health checks only, nothing logged. Called by contenders.ts and main.ts.
 */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readLines, stopProcess } from "../../../tests/harness/base/process.ts";
import { makeTempDir } from "../../../tests/harness/base/tempdir.ts";
import type { Target } from "../../../tests/harness/client/checks.ts";
import { killOnExit } from "../child-cleanup.ts";

/** The message when HAProxy is missing; names Debian's package. */
export const HAPROXY_MISSING = "haproxy is not installed (Debian package haproxy)";

/** Targets of HAProxy and the kind of its checks. */
export interface HaproxyPlan {
  readonly kind: "tcp" | "http" | "https";
  readonly targets: readonly Target[];
  readonly intervalMs: number;
  /** For https: PEM file of the authority that every certificate is verified with. */
  readonly caFile?: string;
  /** For https: false makes a full handshake for every check (`no-ssl-reuse`); true resumes sessions if the server permits it. */
  readonly resumption?: boolean;
  /** Failures in a row that take a server down; HAProxy's default if absent. */
  readonly fall?: number;
  /** A prefix for its command. */
  readonly prefix?: readonly string[];
  /** Opens the socket that {@link Haproxy.servers} asks. */
  readonly stats?: boolean;
}

/** A running HAProxy; disposing ends it. */
export interface Haproxy extends AsyncDisposable {
  readonly pid: number;
  /** Counts its servers by the beginning of their status: `UP`, `DOWN`. The plan must have `stats`. */
  servers(status: string): Promise<number>;
}

/** Its program; the sbin directories are searched too, which a user's PATH often lacks. */
export function findHaproxy(): string | null {
  const { PATH = "" } = process.env;
  return Bun.which("haproxy", { PATH: `${PATH}:/usr/local/sbin:/usr/sbin:/sbin` });
}

/** Its first words about itself: `HAProxy version 2.6.12-1+deb12u4 …`; undefined when it is missing. */
export function haproxyVersion(): string | undefined {
  const program = findHaproxy();
  if (program === null) return undefined;
  const said = Bun.spawnSync([program, "-v"], { stdin: "ignore" }).stdout.toString();
  return /version (\S+)/.exec(said)?.[1] ?? "unknown";
}

/**
 * Starts checking the targets.
 *
 * @throws Error with HAProxy's own message when it rejects its configuration
 */
export async function startHaproxy(plan: HaproxyPlan): Promise<Haproxy> {
  const program = findHaproxy();
  if (program === null) throw new Error(HAPROXY_MISSING);
  const dir = makeTempDir("haproxy");
  const file = join(dir.path, "haproxy.cfg");
  const statsSocket = join(dir.path, "stats.sock");
  writeFileSync(file, configuration(plan, join(dir.path, "unused.sock"), statsSocket));
  const checked = Bun.spawnSync([program, "-c", "-f", file], { stdin: "ignore" });
  if (!checked.success) throw new Error(`haproxy rejects its configuration: ${checked.stderr}`);
  const child = Bun.spawn([...(plan.prefix ?? []), program, "-db", "-f", file], {
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
  });
  const reading = readLines(child.stderr, () => {});
  const orphan = killOnExit(child.pid);
  return {
    pid: child.pid,
    servers: (status) => countServers(statsSocket, status),
    async [Symbol.asyncDispose]() {
      await stopProcess(child);
      orphan[Symbol.dispose]();
      await reading;
      dir.remove();
    },
  };
}

/** Servers of one backend, checked as the daemon checks them; it does not start without a frontend, which receives no requests. */
function configuration(plan: HaproxyPlan, socket: string, statsSocket: string): string {
  const { kind, targets, intervalMs, fall, stats = false } = plan;
  const http = [
    "  option httpchk",
    "  http-check send meth GET uri / ver HTTP/1.1 hdr Host bench.test hdr User-Agent haproxy hdr Accept */*",
    "  http-check expect status 200",
  ];
  return [
    "global",
    "  nbthread 1",
    "  maxconn 1000",
    ...(stats ? [`  stats socket ${statsSocket}`] : []),
    "defaults",
    "  mode http",
    "  timeout connect 1s",
    "  timeout check 1s",
    "  timeout client 1s",
    "  timeout server 1s",
    "frontend unused",
    `  bind ${socket}`,
    "backend checked",
    ...(kind === "tcp" ? [] : http),
    `  default-server check inter ${intervalMs}ms${fall === undefined ? "" : ` fall ${fall}`}${tlsOptions(plan)}`,
    ...targets.map(({ hostname, port }, index) => `  server s${index} ${hostname}:${port}`),
    "",
  ].join("\n");
}

/** Lines of `show stat` begin with the proxy and the server; the status is their 18th field. */
const STATUS_FIELD = 17;

async function countServers(statsSocket: string, status: string): Promise<number> {
  // It exists once HAProxy listens on it.
  if (!existsSync(statsSocket)) return 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  let text = "";
  const socket = await Bun.connect({
    unix: statsSocket,
    socket: {
      data(_, bytes) {
        text += bytes.toString();
      },
      close: () => resolve(),
    },
  });
  socket.write("show stat\n");
  await promise;
  const servers = text.split("\n").map((line) => line.split(","));
  return servers.filter(([proxy, name, ...rest]) => {
    const isServer = proxy === "checked" && name !== "BACKEND";
    return isServer && rest[STATUS_FIELD - 2]?.startsWith(status) === true;
  }).length;
}

/** Options of a server whose checks use TLS: HAProxy verifies certificate and name, as the daemon does. */
function tlsOptions({ kind, caFile, resumption = true }: HaproxyPlan): string {
  if (kind !== "https") return "";
  if (caFile === undefined) throw new Error("https needs an authority");
  const verified = ` check-ssl verify required ca-file ${caFile} check-sni bench.test verifyhost bench.test`;
  return resumption ? verified : `${verified} no-ssl-reuse`;
}
