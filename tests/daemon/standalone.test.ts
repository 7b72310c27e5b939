/** `run --checks FILE`: without a proxy, the file's healthchecks, reported in the log. Run by `bun test`. */

import { expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { acceptAll, closedPort } from "../harness/backends/backends.ts";
import { type Daemon, startDaemon } from "../harness/daemon/daemon.ts";

setDefaultTimeout(30_000);

const BIG_ID = "13758215386640154624";
const NEIGHBOR = "13758215386640154625";
const LARGEST = "18446744073709551615";

function entry(id: string, port: number): string {
  return `  - { id: ${id}, checker_type: tcp, ip: 127.0.0.1, port: ${port}, interval: 50ms, timeout: 1s }\n`;
}

function start(checks: string): Promise<Daemon> {
  // A relative path is of the working directory.
  return startDaemon({ files: { "checks.yaml": checks }, args: ["--checks", "checks.yaml"] });
}

function rewrite(daemon: Daemon, checks: string): void {
  writeFileSync(join(daemon.dir, "checks.yaml"), checks);
  daemon.signal("SIGHUP");
}

test("daemon: run --checks: quoted and unquoted 64-bit ids are exact, and SIGHUP loads the file again", async () => {
  await using up = acceptAll();
  await using down = closedPort();
  await using daemon = await start(
    `healthchecks:\n${entry(BIG_ID, up.port)}${entry(`"${NEIGHBOR}"`, down.port)}${entry(LARGEST, up.port)}`,
  );
  const changed = (id: string, state: string) =>
    daemon.waitForLog(new RegExp(`Health state changed id=${id} .*new_state=${state} `), 5_000);
  await changed(BIG_ID, "healthy");
  await changed(NEIGHBOR, "unhealthy");
  await changed(LARGEST, "healthy");
  // No proxy is served.
  expect(existsSync(daemon.socketPath)).toBe(false);

  rewrite(daemon, `healthchecks:\n${entry(`"${BIG_ID}"`, up.port)}${entry("7", down.port)}`);
  await changed("7", "unhealthy");
  await daemon.waitForLog(/Healthchecks updated added=1 adjusted=0 replaced=0 removed=2 running=2/, 5_000);
  // The one whose id lost its quotes is the same, and was left alone.
  expect(daemon.log.filter((line) => line.includes(`Adding healthcheck id=${BIG_ID}`)).length).toBe(1);

  rewrite(daemon, "healthchecks: none of it\n");
  await daemon.waitForLog(/the checks file was not loaded, the running healthchecks continue/, 5_000);
  up.down();
  await changed(BIG_ID, "unhealthy");
  daemon.signal("SIGTERM");
  expect(await daemon.exited).toBe(0);
});

test("daemon: run --checks: a bad entry is named with its place, the others run", async () => {
  await using up = acceptAll();
  await using daemon = await start(
    `healthchecks:\n${entry("1", 70_000)}${entry("2", up.port)}${entry("1.0", up.port)}`,
  );
  await daemon.waitForLog(/changed id=2 .*new_state=healthy/, 5_000);
  expect(daemon.log.join("\n")).toMatch(/checks\.yaml:2:\d+: healthchecks\[0\]\.port: 70000 is out of range/);
  expect(daemon.log.join("\n")).toMatch(/checks\.yaml:4:\d+: healthchecks\[2\]\.id: 1\.0 is not valid/);
});

test("daemon: run --checks: a misspelt field is named with its place, and the entry runs", async () => {
  await using up = acceptAll();
  await using daemon = await start(`healthchecks:\n${entry("2", up.port).replace("}", ", retreis: 3 }")}`);
  await daemon.waitForLog(/changed id=2 .*new_state=healthy/, 5_000);
  expect(daemon.log.join("\n")).toMatch(
    /Configuration warning: .*checks\.yaml:2:\d+: healthchecks\[0\]\.retreis: unknown field, ignored; did you mean retries\?/,
  );
});

test("daemon: run --checks: an invalid file at the start exits 1", async () => {
  for (const checks of ["healthchecks: [", "checks: []\n"]) {
    await using daemon = await startDaemon({
      files: { "checks.yaml": checks },
      args: ["--checks", "checks.yaml"],
      waitForSocket: false,
    });
    expect(await daemon.exited).toBe(1);
    expect(daemon.log.join("\n")).toMatch(/checks\.yaml:1:\d+: /);
  }
});

test("daemon: run --checks: an entry without an id keeps the healthchecks of the previous file running", async () => {
  await using up = acceptAll();
  const entries = `${entry("1", up.port)}${entry("2", up.port)}`;
  await using daemon = await start(`healthchecks:\n${entries}`);
  await daemon.waitForLog(/changed id=2 .*new_state=healthy/, 5_000);
  rewrite(daemon, `healthchecks:\n${entry("null", up.port)}${entry("3", up.port)}`);
  await daemon.waitForLog(/healthchecks\[0\]\.id: missing; must be an integer/, 5_000);
  await daemon.waitForLog(/WARN .* no running healthcheck was removed/, 5_000);
  await daemon.waitForLog(/Healthchecks updated added=1 adjusted=0 replaced=0 removed=0 running=3/, 5_000);
  rewrite(daemon, `healthchecks:\n${entry("3", up.port)}`);
  await daemon.waitForLog(/Healthchecks updated added=0 adjusted=0 replaced=0 removed=2 running=1/, 5_000);
});
