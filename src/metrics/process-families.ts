/** The families that every Prometheus client shows of its process. */
import { readdir, readFile } from "node:fs/promises";
import { Counter, Gauge, Registry } from "prom-client";
import type { ByteBuffer } from "./byte-buffer.ts";
import type { Format } from "./exposition.ts";
import { writeRegistry } from "./prom-client-writer.ts";

/** The unit of /proc/self/statm; Bun runs on no Linux with another one. */
const PAGE_BYTES = 4_096;

/** The process metrics that every Prometheus client exposes: CPU time, memory, descriptors, start time. */
export class ProcessFamilies {
  readonly #registry = new Registry();
  readonly #cpu: Counter;
  readonly #resident: Gauge;
  readonly #virtual: Gauge;
  readonly #openFds: Gauge;
  #reportedCpuSeconds = 0;

  /** @param maxFds - the soft limit on descriptors */
  constructor(maxFds: number) {
    const registers = [this.#registry];
    const gauge = (name: string, help: string) => new Gauge({ name: `process_${name}`, help, registers });
    this.#cpu = new Counter({
      name: "process_cpu_seconds_total",
      help: "User and system time of the process.",
      registers,
    });
    this.#resident = gauge("resident_memory_bytes", "Resident memory.");
    this.#virtual = gauge("virtual_memory_bytes", "Virtual memory.");
    this.#openFds = gauge("open_fds", "Open descriptors.");
    gauge("max_fds", "Maximum number of open descriptors.").set(maxFds);
    gauge("start_time_seconds", "Start time of the process since the Unix epoch in seconds.").set(
      Math.round(Date.now() - process.uptime() * 1_000) / 1_000,
    );
  }

  /** Writes them as they are now. */
  async write(sheet: ByteBuffer, format: Format): Promise<void> {
    const { user, system } = process.cpuUsage();
    const cpuSeconds = (user + system) / 1e6;
    this.#cpu.inc(Math.max(0, cpuSeconds - this.#reportedCpuSeconds));
    this.#reportedCpuSeconds = cpuSeconds;
    try {
      await this.#lookUp();
    } catch {
      // Out of descriptors, or no /proc: the last values stay, and all other metrics are shown.
    }
    await writeRegistry(sheet, this.#registry, format);
  }

  async #lookUp(): Promise<void> {
    // With many descriptors the directory takes a while to read; not on this thread.
    const [statm, fds] = await Promise.all([readFile("/proc/self/statm", "utf8"), readdir("/proc/self/fd")]);
    const [pages = 0, residentPages = 0] = statm.split(" ").map(Number);
    this.#virtual.set(pages * PAGE_BYTES);
    this.#resident.set(residentPages * PAGE_BYTES);
    // Without the one that the directory was read through.
    this.#openFds.set(fds.length - 1);
  }
}
