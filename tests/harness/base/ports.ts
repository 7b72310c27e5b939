/**
 * Free loopback ports. Called by the support files that start a server.
 *
 * The ports lie below the kernel's ephemeral range (32768 and up by default): no outgoing connection can
 * take one between its choice and its use, and a connect to a closed one cannot end up connected to itself.
 */

const FIRST_PORT = 12_000;
const LAST_PORT = 32_000;
const ATTEMPTS = 100;

const given = new Set<string>();

/**
 * Picks a port on which nothing listens now, by binding and closing it. Gives no port twice.
 * @param hostname the loopback address it is to be free on
 * @throws Error when a hundred tries find none
 */
export function freePort(hostname = "127.0.0.1"): number {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const port = FIRST_PORT + Math.floor(Math.random() * (LAST_PORT - FIRST_PORT));
    const key = `${hostname} ${port}`;
    if (given.has(key) || !canBind(hostname, port)) continue;
    given.add(key);
    return port;
  }
  throw new Error(`no free port on ${hostname} in ${ATTEMPTS} tries`);
}

/** Whether the IPv6 loopback address exists here; containers often lack it. */
export function hasIpv6Loopback(): boolean {
  return canBind("::1", 0);
}

/**
 * Whether something accepts TCP connections there.
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
