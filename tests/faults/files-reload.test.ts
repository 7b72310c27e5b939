/**
 * SIGHUP after SIGHUP while the files are broken in every way: running checks continue, and the next valid file counts.
 * Run by `bun test`.
 */
import { expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { acceptAll, closedPort } from "../harness/backends/backends.ts";
import { makeTempDir } from "../harness/base/tempdir.ts";
import { until } from "../harness/base/wait.ts";
import { tcpCheck } from "../harness/client/checks.ts";
import { connectClient } from "../harness/client/client.ts";
import { requestStatus, stateOf } from "../harness/client/client-assertions.ts";
import { type Daemon, startDaemon } from "../harness/daemon/daemon.ts";

setDefaultTimeout(60_000);

/** Root may read everything, without this. */
const NOT_ALMIGHTY = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"];
const LOOP = 200;

/** Ways in which a file is useless; each writes it again. */
const BREAK: Readonly<Record<string, (file: string) => void>> = {
  "cut off in a value": (file) => writeFileSync(file, 'server:\n  proxy_socket: "/tm'),
  binary: (file) =>
    writeFileSync(
      file,
      Uint8Array.from({ length: 3_000 }, (_, n) => (n * 7_919 + 13) % 256),
    ),
  "its own element": (file) =>
    writeFileSync(file, "healthchecks: &h [*h]\nserver: &s { proxy_socket: *s }\n"),
  "a list": (file) => writeFileSync(file, "- 1\n- 2\n"),
  "a directory": (file) => mkdirSync(file),
  "a pipe": (file) => void Bun.spawnSync(["mkfifo", file]),
  "a device": (file) => symlinkSync("/dev/zero", file),
  gone: () => {},
  "a link to itself": (file) => symlinkSync(file, file),
  unreadable: (file) => {
    writeFileSync(file, "logging: { level: debug }\n");
    chmodSync(file, 0);
  },
};

/** Puts something in the file's place and has it read. @returns the lines of the log since then */
async function reloadWith(
  daemon: Daemon,
  file: string,
  make: (file: string) => void,
  withinMs = 5_000,
): Promise<string[]> {
  const before = daemon.log.length;
  rmSync(file, { recursive: true, force: true });
  make(file);
  daemon.signal("SIGHUP");
  const verdictLine = () => {
    const lines = daemon.log.slice(before);
    return (
      lines.some((line) => /nothing has changed|was not loaded|Healthchecks updated/.test(line)) && lines
    );
  };
  return await until(verdictLine, withinMs, () => `a verdict in ${daemon.log.slice(before).join("\n")}`);
}

test("files: with an invalid configuration file SIGHUP changes nothing and logs the reason", async () => {
  await using backend = acceptAll();
  await using daemon = await startDaemon({ prefix: canDropRights() ? NOT_ALMIGHTY : [] });
  await using client = await connectClient(daemon.socketPath);
  client.update([tcpCheck(1, backend, { interval: "50ms" })]);
  await stateOf(client, 1, "healthy");
  const file = join(daemon.dir, "config.yaml");
  for (const [what, make] of Object.entries(BREAK)) {
    if (what === "unreadable" && !canDropRights()) continue;
    const lines = await reloadWith(daemon, file, make);
    const errors = lines.filter((line) => line.includes("ERROR Configuration error: "));
    expect([what, errors.length > 0, errors.length < 30]).toEqual([what, true, true]);
    expect(errors[0]).toContain(file);
    expect(lines.join("\n")).toContain("The configuration file is invalid, nothing has changed");
  }
  rmSync(file, { force: true });
  writeFileSync(file, `server: { proxy_socket: "${daemon.socketPath}" }\nlogging: { level: debug }\n`);
  daemon.signal("SIGHUP");
  await daemon.waitForLog(/Configuration changed key=logging.level/, 5_000);
  expect((await requestStatus(client)).get("1")).toMatchObject({ state: "healthy", failures: 0 });
  expect(daemon.log.filter((line) => line.includes("Adding healthcheck")).length).toBe(1);
});

function canDropRights(): boolean {
  if (Bun.which("setpriv") === null) return false;
  return Bun.spawnSync([...NOT_ALMIGHTY, "true"], { stderr: "ignore" }).success;
}

function entry(id: number, port: number): string {
  return `  - { id: ${id}, checker_type: tcp, ip: 127.0.0.1, port: ${port}, interval: 50ms, timeout: 1s, handshake: full }\n`;
}

test("files: with an invalid checks file SIGHUP changes nothing and logs the reason", async () => {
  await using up = acceptAll();
  await using down = closedPort();
  await using daemon = await startDaemon({
    files: { "checks.yaml": `healthchecks:\n${entry(1, up.port)}` },
    args: ["--checks", "checks.yaml"],
    prefix: canDropRights() ? NOT_ALMIGHTY : [],
  });
  await daemon.waitForLog(/changed id=1 .*new_state=healthy/, 5_000);
  const file = join(daemon.dir, "checks.yaml");
  for (const [what, make] of Object.entries(BREAK)) {
    if (what === "unreadable" && !canDropRights()) continue;
    const lines = await reloadWith(daemon, file, make);
    const rejections = lines.filter((line) => line.includes("the running healthchecks continue"));
    expect([what, rejections.length]).toEqual([what, 1]);
    expect(rejections[0]).toContain("checks.yaml");
  }
  const { connections } = up;
  await until(() => up.connections >= connections + 3, 5_000, "three more checks");
  const good = (path: string) =>
    writeFileSync(path, `healthchecks:\n${entry(1, up.port)}${entry(2, down.port)}`);
  await reloadWith(daemon, file, good);
  await daemon.waitForLog(/changed id=2 .*new_state=unhealthy/, 5_000);
  expect(daemon.log.filter((line) => line.includes("Adding healthcheck id=1")).length).toBe(1);
});

test("files: SIGHUP in a loop while both files are written again and again: nothing is lost, the last ones count", async () => {
  await using up = acceptAll();
  await using daemon = await startDaemon({
    files: { "checks.yaml": `healthchecks:\n${entry(1, up.port)}` },
    args: ["--checks", "checks.yaml"],
  });
  await daemon.waitForLog(/changed id=1 .*new_state=healthy/, 5_000);
  const checks = join(daemon.dir, "checks.yaml");
  const config = join(daemon.dir, "config.yaml");
  const rss = daemon.rssBytes();
  for (let round = 0; round < LOOP; round++) {
    // In place, in two pieces, with a signal in between; and, every other time, in one step by its name.
    const text = `healthchecks:\n${entry(1, up.port)}${entry(2 + (round % 3), up.port)}`;
    const place = round % 2 === 0 ? checks : `${checks}.new`;
    writeFileSync(place, text.slice(0, text.length - 30));
    daemon.signal("SIGHUP");
    writeFileSync(place, text);
    if (place !== checks) renameSync(place, checks);
    writeFileSync(config, `batching: { delay: ${1 + (round % 9)}ms`);
    daemon.signal("SIGHUP");
    writeFileSync(config, `batching: { delay: ${1 + (round % 9)}ms }\n`);
    daemon.signal("SIGHUP");
    await Bun.sleep(1);
  }
  writeFileSync(checks, `healthchecks:\n${entry(1, up.port)}${entry(77, up.port)}`);
  writeFileSync(config, "logging: { level: debug }\n");
  daemon.signal("SIGHUP");
  await daemon.waitForLog(/changed id=77 .*new_state=healthy/, 10_000);
  await daemon.waitForLog(/DEBUG Check finished id=77/, 5_000);
  // No list that was read left it out, so none of it was started again.
  expect(daemon.log.filter((line) => line.includes("Adding healthcheck id=1 ")).length).toBe(1);
  expect(daemon.log.filter((line) => /new_state=unhealthy|Unexpected error/.test(line))).toEqual([]);
  expect(daemon.rssBytes() - rss).toBeLessThan(60e6);
});

/** As long as a file may be. */
const NONSENSE: Readonly<Record<string, string>> = {
  "entries that are words": `healthchecks:\n${"- a\n".repeat(1_040_000)}`,
  keys: Array.from({ length: 380_000 }, (_, at) => `k${at}: v\n`).join(""),
  comments: "# nothing\n".repeat(400_000),
};

test.each(Object.keys(NONSENSE))(
  "files: SIGHUP with 4 MiB of %s: checks continue, memory is bounded",
  async (what) => {
    await using up = acceptAll();
    await using daemon = await startDaemon({
      files: { "checks.yaml": `healthchecks:\n${entry(1, up.port).replace("50ms", "10ms")}` },
      args: ["--checks", "checks.yaml"],
    });
    await daemon.waitForLog(/changed id=1 .*new_state=healthy/, 5_000);
    const rss = daemon.rssBytes();
    let peak = rss;
    const watch = setInterval(() => {
      peak = Math.max(peak, daemon.rssBytes());
    }, 20);
    try {
      const before = daemon.log.length;
      const { connections } = up;
      const make = (file: string) => writeFileSync(file, NONSENSE[what] ?? "");
      await reloadWith(daemon, join(daemon.dir, "checks.yaml"), make, 45_000);
      // Reading takes a hundred intervals; a held event loop would have started one check.
      expect(up.connections - connections).toBeGreaterThan(5);
      const lines = daemon.log.slice(before);
      expect(lines.some((line) => line.includes("the running healthchecks continue"))).toBe(true);
      expect(lines.length).toBeLessThan(150);
      expect(peak - rss).toBeLessThan(200e6);
    } finally {
      clearInterval(watch);
    }
  },
);

test("files: authorities that are a pipe make TLS checks inconclusive, and the others do not wait", async () => {
  await using dir = makeTempDir("authorities");
  const path = join(dir.path, "ca.pem");
  Bun.spawnSync(["mkfifo", path]);
  await using backend = acceptAll();
  await using daemon = await startDaemon({ env: { SSL_CERT_FILE: path } });
  await using client = await connectClient(daemon.socketPath);
  client.update([
    tcpCheck(1, backend, { interval: "50ms", secure: true }),
    tcpCheck(2, backend, { interval: "50ms" }),
  ]);
  await daemon.waitForLog(/WARN Check inconclusive, .* id=1 .*ca\.pem is a pipe, not a regular file"/, 5_000);
  await stateOf(client, 2, "healthy");
  expect((await requestStatus(client)).get("1")).toMatchObject({ state: "unknown", failures: 0 });
});
