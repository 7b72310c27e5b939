/**
 * The ports of a sink: opening them, closing them and opening them again. Called by loop.ts.
 *
 * They lie below the range from which the kernel takes the ports of outgoing connections: none of those can be in the way.
 */
import { startBlackhole } from "../../../../tests/harness/backends/blackhole.ts";
import { libc, openSocket } from "../../../../tests/harness/base/libc.ts";
import { isDatagram, type SinkPlan } from "./commands.ts";

const FIRST_PORT = 12_000;
const LAST_PORT = 32_000;

/** Listening ports of a sink, which can be closed and opened again. */
export class Ports {
  readonly numbers: number[] = [];
  readonly #fds: number[] = [];
  readonly #indexOf = new Map<number, number>();

  /** @param onOpen - receives each descriptor that was opened */
  constructor(
    readonly plan: SinkPlan,
    readonly onOpen: (fd: number) => void,
  ) {
    for (let port = FIRST_PORT; this.numbers.length < plan.ports; port++) {
      if (port > LAST_PORT) throw new Error(`sink: fewer than ${plan.ports} free ports on ${plan.address}`);
      const fd = this.#socket(port);
      if (fd === undefined) continue;
      this.#keep(this.numbers.length, fd);
      this.numbers.push(port);
    }
  }

  /** Index of the port that a descriptor listens on; undefined for that of a connection. */
  indexOf(fd: number): number | undefined {
    return this.#indexOf.get(fd);
  }

  /** Closes some: connections to them are refused from now on. */
  close(from: number, to: number): void {
    for (const fd of this.#fds.slice(from, to)) {
      libc.close(fd);
      this.#indexOf.delete(fd);
    }
  }

  /** Opens some again that were closed. */
  open(from: number, to: number): void {
    for (let index = from; index < to; index++) {
      const fd = this.#socket(this.numbers[index] ?? 0);
      if (fd === undefined) throw new Error(`sink: port ${this.numbers[index]} was taken meanwhile`);
      this.#keep(index, fd);
    }
  }

  #socket(port: number): number | undefined {
    return openSocket(isDatagram(this.plan.kind) ? "udp" : "tcp", this.plan.address, port);
  }

  #keep(index: number, fd: number): void {
    this.#fds[index] = fd;
    this.#indexOf.set(fd, index);
    this.onOpen(fd);
  }
}

/** Opens the ports that drop every SYN. @returns their numbers */
export async function openBlackholes({ address, blackholes }: SinkPlan): Promise<number[]> {
  const numbers: number[] = [];
  while (numbers.length < blackholes) numbers.push((await startBlackhole({ hostname: address })).port);
  return numbers;
}
