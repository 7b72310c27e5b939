/** Description of the machine that the figures were measured on. Called by main.ts. */
import { readFileSync } from "node:fs";
import { cpus, loadavg, release, totalmem } from "node:os";
import { version } from "../../../package.json";
import { haproxyVersion } from "./haproxy.ts";
import type { Figures } from "./scenario.ts";

/** For the head of the output and the file of `--json`. */
export function machine(): Figures {
  return {
    cpu: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    memoryBytes: totalmem(),
    kernel: release().split(".").slice(0, 2).join("."),
    bun: Bun.version,
    version,
    haproxy: haproxyVersion() ?? null,
    descriptors: descriptorLimit(),
    loadAverage: loadavg(),
  };
}

/** One line for people. */
export function machineLine(): string {
  const { cpu, cores, kernel, haproxy } = machine();
  const peer = haproxy === null ? "no HAProxy" : `HAProxy ${haproxy}`;
  return `${cores} × ${cpu}, Linux ${kernel}, Bun ${Bun.version}, ${peer}`;
}

/** Largest number of descriptors of a process, to which the daemon raises its limit. */
export function descriptorLimit(): number {
  const limits = readFileSync("/proc/self/limits", "utf8");
  return Number(/^Max open files\s+\d+\s+(\d+)/m.exec(limits)?.[1] ?? Number.NaN);
}
