/**
 * Healthy backends in a process of their own, which stay healthy while the daemon's own host fails it. Called by tests/faults.
 */
import { join } from "node:path";
import { startChild } from "../base/child.ts";
import { dnsCheck, httpCheck, type Target, tcpCheck } from "../client/checks.ts";
import type { Cert } from "./certs.ts";

/** Options of the backends. */
export interface HealthyOptions {
  /** A command that runs them as its arguments, in the same process. */
  readonly prefix?: readonly string[];
  /** With it there is an HTTPS backend too. */
  readonly tls?: Cert;
  /** The impatient one breaks off connections that last longer; none if absent. */
  readonly patienceMs?: number;
}

/** Running backends; disposing ends them. */
export interface Healthy extends AsyncDisposable {
  readonly pid: number;
  /** CONFIGs for them, each kind in turn. @param firstId - then ascending */
  checks(count: number, firstId: number, fields?: Readonly<Record<string, unknown>>): string[];
  /** Takes every local port there is for connections to them. @returns how many it holds */
  holdPorts(): Promise<number>;
  releasePorts(): Promise<void>;
}

type Ports = Readonly<Record<"tcp" | "http" | "https" | "dns" | "impatient", number>>;

/** Starts them. @throws Error when they do not start within 10 s */
export async function startHealthy(options: HealthyOptions = {}): Promise<Healthy> {
  const { prefix = [], tls, patienceMs = 0 } = options;
  const script = join(import.meta.dir, "healthy-process.ts");
  const args = [tls?.certFile ?? "", tls?.keyFile ?? "", String(patienceMs)];
  const child = await startChild([...prefix, process.execPath, script, ...args], "the backends' ports");
  // The cast names what our own program writes.
  const ports = JSON.parse(child.first) as Ports;
  return {
    pid: child.pid,
    checks: (count, firstId, fields) => makeChecks(ports, count, firstId, fields),
    holdPorts: async () => Number(await child.ask("hold")),
    releasePorts: async () => void (await child.ask("release")),
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  };
}

function makeChecks(
  ports: Ports,
  count: number,
  firstId: number,
  fields: Readonly<Record<string, unknown>> = {},
): string[] {
  const at = (port: number): Target => ({ hostname: "127.0.0.1", port });
  const secure = ports.https === 0 ? {} : { secure: true, server_name: "good.test" };
  const http = { expected_codes: [200], response: "well", ...fields };
  const dns = { ip: "127.0.0.1", port: ports.dns, expected_ips: ["192.0.2.1"], ...fields };
  const kinds = [
    (id: number) => tcpCheck(id, at(ports.tcp), fields),
    (id: number) => httpCheck(id, at(ports.http), http),
    (id: number) => dnsCheck(id, "www.example.test", dns),
    (id: number) => httpCheck(id, at(ports.impatient), { ...secure, ...http }),
    (id: number) => httpCheck(id, at(ports.https || ports.http), { ...secure, ...http }),
  ];
  return Array.from({ length: count }, (_, index) => kinds[index % kinds.length]?.(firstId + index) ?? "");
}
