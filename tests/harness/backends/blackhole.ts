/**
 * A dead host: an address that drops SYNs, without root and without a firewall. Called by the tests of
 * connect timeouts and of dead racks.
 *
 * How: a listener with backlog 0 that never accepts. Once its queue holds a connection, the kernel drops every
 * further SYN. Each black hole costs two descriptors.
 */

import { closeFd, connectTcp, listenTcp, TCP_STATE, tcpInfo } from "../base/libc.ts";
import { freePort } from "../base/ports.ts";
import { until } from "../base/wait.ts";
import { acceptAll, type Backend, type BackendOptions } from "./backends.ts";

const MAX_FILLERS = 4;

/** A port that drops SYNs; disposing closes all its descriptors. */
export interface Blackhole extends AsyncDisposable {
  readonly hostname: string;
  readonly port: number;
  /** Connections accepted since it was revived; 0 before. */
  readonly connections: number;
  /**
   * Makes the same port accept, for good. Between the two listeners lie some microseconds in which it refuses.
   */
  revive(): void;
}

/**
 * Opens a black hole and proves that it drops.
 * @param options an IPv4 loopback address and a port; 127.0.0.1 and a free one if absent
 * @throws Error when a further connect gets through
 */
export async function startBlackhole(
  options: Pick<BackendOptions, "hostname" | "port"> = {},
): Promise<Blackhole> {
  const { hostname = "127.0.0.1" } = options;
  const { port = freePort(hostname) } = options;
  const descriptors = [listenTcp(hostname, port, 0)];
  const closeAll = () => {
    for (const fd of descriptors.splice(0)) closeFd(fd);
  };
  try {
    await fill(hostname, port, descriptors);
    prove(hostname, port);
  } catch (error) {
    closeAll();
    throw error;
  }
  let revived: Backend | undefined;
  return {
    hostname,
    port,
    get connections() {
      return revived?.connections ?? 0;
    },
    revive() {
      // The listener is the first: closing it resets the fillers, so none of them stays in TIME_WAIT.
      closeAll();
      revived ??= acceptAll({ hostname, port });
    },
    async [Symbol.asyncDispose]() {
      closeAll();
      await revived?.[Symbol.asyncDispose]();
    },
  };
}

/** Connects until the queue is full; each connection is added to the descriptors. */
async function fill(hostname: string, port: number, descriptors: number[]): Promise<void> {
  const [listener = -1] = descriptors;
  const full = () => {
    const { waiting, backlog } = tcpInfo(listener);
    return waiting > backlog;
  };
  for (let fillers = 0; !full(); fillers++) {
    if (fillers >= MAX_FILLERS) throw new Error(`${hostname}:${port} still accepts after ${fillers} fillers`);
    const filler = connectTcp(hostname, port);
    descriptors.push(filler);
    // Without SYN cookies a backlog of 0 drops even the first SYN; a retransmission shows it.
    const settled = () => full() || tcpInfo(filler).retransmits > 0;
    await until(settled, 5_000, `${hostname}:${port} to drop SYNs`);
    if (tcpInfo(filler).retransmits > 0) return;
  }
}

function prove(hostname: string, port: number): void {
  const probe = connectTcp(hostname, port);
  const { state } = tcpInfo(probe);
  closeFd(probe);
  if (state !== TCP_STATE.synSent) throw new Error(`${hostname}:${port} does not drop SYNs: state ${state}`);
}
