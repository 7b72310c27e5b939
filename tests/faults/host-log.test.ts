/**
 * A log that cannot be written: a full device, a full disk, a reader that has gone. The checks continue. Run by `bun
 * test`.
 */
import { expect } from "bun:test";
import { readFileSync, unlinkSync } from "node:fs";
import { peerTest, rootTest } from "../harness/base/peers.ts";
import { until } from "../harness/base/wait.ts";
import { type Steady, startSteady } from "../harness/daemon/steady.ts";

/** Every check is a line of it. */
const TALKATIVE = "logging: { level: debug, format: json }\n";
const DISK = "/mnt";
const LOG = `${DISK}/log`;

function isWhole(line: string): boolean {
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}

function startLogging(prefix: readonly string[]): Promise<Steady> {
  return startSteady({ daemon: () => ({ prefix, config: TALKATIVE, waitForSocket: false }) });
}

for (const [what, script] of [
  ["a device that is always full", 'exec "$0" "$@" > /dev/full 2>&1'],
  ["a pipe whose reader has gone", 'exec "$0" "$@" > >(exec true) 2>&1'],
] as const) {
  peerTest(`host: with ${what} as its log, everything else continues`, ["openssl"], async () => {
    await using steady = await startLogging(["bash", "-c", script]);
    await steady.level(5);
    await steady.expectNoFalseVerdict();
    steady.daemon.signal("SIGHUP");
    await steady.level(1);
    steady.daemon.signal("SIGTERM");
    expect(await steady.daemon.exited).toBe(0);
  });
}

rootTest(
  "host: the disk of the log is full for a while: checks continue, and the loss is reported in whole lines",
  ["openssl"],
  async () => {
    const fill = `head -c 32768 /dev/zero > ${DISK}/other`;
    const mount = `mount -t tmpfs -o size=64k tmpfs ${DISK} && ${fill} && exec "$0" "$@" >> ${LOG} 2>&1`;
    await using steady = await startLogging(["unshare", "-m", "sh", "-c", mount]);
    const root = `/proc/${steady.daemon.pid}/root`;
    const text = () => readFileSync(`${root}${LOG}`, "utf8");
    await until(() => text().length === 32 * 1_024, 20_000, "a full disk");
    await steady.level(5);
    unlinkSync(`${root}${DISK}/other`);
    await until(() => text().includes('"message":"Log lines were lost"'), 10_000, "the loss to be logged");
    await steady.level(1);
    // The line at which the disk was full is torn; it ends there, and every other one is whole.
    const lines = text().split("\n").slice(0, -1);
    const torn = lines.filter((line) => !isWhole(line));
    expect(torn.length).toBeLessThanOrEqual(1);
    const loss = lines.find((line) => line.includes('"message":"Log lines were lost"'));
    expect(loss).toMatch(/^\{.*"lines":[1-9]\d*\}$/);
    await steady.expectNoFalseVerdict();
  },
  60_000,
);
