/**
 * Free loopback ports. Called by the support files that start a server.
 *
 * The ports lie below the kernel's ephemeral range (32768 and up by default): no outgoing connection can
 * take one between its choice and its use, and a connect to a closed one cannot end up connected to itself. Test files that run side by side
 * choose from ranges of their own, so that no port that one has chosen and not yet bound, or keeps closed, is taken by another.
 */

import { existsSync, readFileSync } from "node:fs";

const FIRST_PORT = 12_000;
const LAST_PORT = 32_000;
const ATTEMPTS = 100;

/** Number of test processes that can run side by side: each has its share of the ports. */
export const MAX_WORKERS = 16;
const WORKER_PORTS = Math.floor((LAST_PORT - FIRST_PORT) / MAX_WORKERS);
/** Number of this test process, from 1 on; `bun test --parallel` sets it, and the processes that a test starts inherit it. */
const WORKER = process.env["BUN_TEST_WORKER_ID"];
const [firstPort, ports] =
  WORKER === undefined
    ? [FIRST_PORT, LAST_PORT - FIRST_PORT]
    : [FIRST_PORT + ((Number(WORKER) - 1) % MAX_WORKERS) * WORKER_PORTS, WORKER_PORTS];

const given = new Set<string>();

/**
 * Picks a port that neither TCP nor UDP uses now, by binding and closing it. Gives no port twice; a process that a test has started may.
 * @param hostname the loopback address it is to be free on
 * @throws Error when a hundred tries find none
 */
export function freePort(hostname = "127.0.0.1"): number {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const port = firstPort + Math.floor(Math.random() * ports);
    const key = `${hostname} ${port}`;
    if (given.has(key) || isUdpPort(port) || !canBind(hostname, port)) continue;
    given.add(key);
    return port;
  }
  throw new Error(`no free port on ${hostname} in ${ATTEMPTS} tries`);
}

/** True when the IPv6 loopback address exists here; containers often lack it. */
export function hasIpv6Loopback(): boolean {
  return canBind("::1", 0);
}

/**
 * Returns true when a process accepts TCP connections there.
 * @returns false when the connect fails
 */
export async function accepts(hostname: string, port: number): Promise<boolean> {
  try {
    const socket = await Bun.connect({ hostname, port, socket: { data() {} } });
    socket.terminate();
    return true;
  } catch {
    return false;
  }
}

function canBind(hostname: string, port: number): boolean {
  try {
    Bun.listen({ hostname, port, socket: { data() {} } }).stop(true);
    return true;
  } catch {
    return false;
  }
}

/** True when a UDP socket of this network namespace has the port, whatever its address. */
function isUdpPort(port: number): boolean {
  const local = `:${port.toString(16).toUpperCase().padStart(4, "0")} `;
  return ["/proc/net/udp", "/proc/net/udp6"].some(
    (table) => existsSync(table) && readFileSync(table, "latin1").includes(local),
  );
}
