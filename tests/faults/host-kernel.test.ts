/**
 * A kernel out of resources: `socket` and `connect` fail with ENFILE, ENOMEM, ENOBUFS. strace makes them fail. No
 * backend is reported unhealthy. Run by `bun test`.
 */
import { expect } from "bun:test";
import { printFigure } from "../harness/base/figures.ts";
import { peerPath, peerTest } from "../harness/base/peers.ts";
import { stopProcess } from "../harness/base/process.ts";
import { until } from "../harness/base/wait.ts";
import { startSteady } from "../harness/daemon/steady.ts";

const FAULTS = [
  { call: "socket", error: "ENFILE", cause: "descriptors" },
  { call: "socket", error: "ENOMEM", cause: "memory" },
  { call: "socket", error: "ENOBUFS", cause: "memory" },
  { call: "connect", error: "ENOBUFS", cause: "memory" },
  { call: "connect", error: "EADDRNOTAVAIL", cause: "ports" },
] as const;

peerTest(
  "host: a kernel short of memory, files or ports makes no backend unhealthy",
  ["openssl", "strace"],
  async () => {
    await using steady = await startSteady({ checks: 20 });
    const { daemon } = steady;
    for (const { call, error, cause } of FAULTS) {
      const before = await steady.inconclusive(cause);
      const inject = [`-etrace=${call}`, `-einject=${call}:error=${error}`, "-qq", "-o/dev/null"];
      const tracer = Bun.spawn([peerPath("strace"), "-f", ...inject, "-p", String(daemon.pid)], {
        stdin: "ignore",
        stdout: "ignore",
        stderr: "ignore",
      });
      const counted = async () => (await steady.inconclusive(cause)) - before;
      try {
        await until(
          async () => (await counted()) > 0,
          10_000,
          `a check without a result for ${call} ${error}`,
        );
      } finally {
        await stopProcess(tracer);
      }
      printFigure(`inconclusive for ${call} ${error}`, await counted(), "");
      await steady.level(1);
    }
    await steady.expectNoFalseVerdict();
    expect(daemon.log.filter((line) => line.includes("Unexpected error"))).toEqual([]);
  },
  90_000,
);
