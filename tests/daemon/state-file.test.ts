/**
 * State files that are damaged, of another process, in the way or on a disk with faults: one warning, a cold start, and never a state that is
 * wrong. Run by `bun test`.
 */
import { expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { peerTest, rootTest } from "../harness/base/peers.ts";
import { until } from "../harness/base/wait.ts";
import { times } from "../harness/client/checks.ts";
import { type Daemon, startDaemon } from "../harness/daemon/daemon.ts";
import { check, runAndKill, type Site, STATE_PERIOD_MS, site } from "../harness/daemon/restart-site.ts";

const COLD = /State file not usable/;

/** Warnings of the server about its state file. */
function warnings({ log }: Daemon): readonly string[] {
  return log.filter((line) => / (?:WARN|ERROR) .*state file/i.test(line));
}

const FAR_MS = 120_000;
const DAMAGE: readonly (readonly [name: string, reason: RegExp, act: (file: string) => void])[] = [
  ["empty", /cut off/, (file) => truncateSync(file, 0)],
  ["cut off in its header", /cut off/, (file) => truncateSync(file, 40)],
  ["cut off by one byte", /missing/, (file) => truncateSync(file, statSync(file).size - 1)],
  ["of another version", /version 9/, (file) => edit(file, (text) => text.replace("state 1", "state 9"))],
  ["changed in a record", /damaged/, (file) => edit(file, (text) => text.replace('"healthy"', '"unhealth"'))],
  ["all zeros", /header is damaged/, (file) => writeFileSync(file, Buffer.alloc(statSync(file).size))],
  ["zeros from its second record on", /damaged/, (file) => zeroFrom(file, lastRecordAt(file))],
  ["of another program", /left alone/, (file) => writeFileSync(file, "127.0.0.1 localhost\n")],
  ["too old", /older than/, (file) => utimesSync(file, new Date(), new Date(Date.now() - FAR_MS))],
  ["from the future", /future/, (file) => utimesSync(file, new Date(), new Date(Date.now() + FAR_MS))],
  ["too large", /larger/, (file) => truncateSync(file, 200 * 1_024 * 1_024)],
  ["a directory", /not a regular file/, (file) => void replace(file, () => mkdirSync(file))],
  ["a pipe", /not a regular file/, (file) => replace(file, () => execFileSync("mkfifo", [file]))],
  [
    "a symbolic link",
    /not a regular file/,
    (file) => replace(file, () => symlinkSync("/etc/hostname", file)),
  ],
  [
    "a device",
    /not a regular file/,
    (file) => replace(file, () => execFileSync("mknod", [file, "c", "1", "7"])),
  ],
  ["writable by others", /chmod 600/, (file) => execFileSync("chmod", ["666", file])],
  ["another user's", /owned by user 65534/, (file) => execFileSync("chown", ["65534", file])],
];

/** Position of the last record. */
function lastRecordAt(file: string): number {
  const bytes = readFileSync(file);
  return bytes.lastIndexOf(0x0a, bytes.length - 2) + 1;
}

/** Leaves the zeros that a loss of power leaves in pages that were not written. */
function zeroFrom(file: string, at: number): void {
  const bytes = readFileSync(file);
  writeFileSync(file, bytes.fill(0, at));
}

function edit(file: string, change: (text: string) => string): void {
  writeFileSync(file, change(readFileSync(file, "utf8")));
}

function replace(file: string, make: () => unknown): void {
  rmSync(file);
  make();
}

test.each(DAMAGE)(
  "state file: one that is %s is one warning and a cold start",
  async (_name, reason, act) => {
    await using place = site(2);
    await runAndKill(place);
    act(place.file);
    place.backends[0]?.fail(1);
    await using daemon = await place.start();
    await using client = await place.connect(daemon);
    await until(() => client.latest.size === 2, STATE_PERIOD_MS, "every state");
    // The first result decides, as without a file.
    expect(daemon.log.join("\n")).toMatch(/changed id=1 .*old_state=unknown new_state=unhealthy/);
    const found = warnings(daemon);
    expect(found.length).toBe(1);
    expect(found[0]).toMatch(COLD);
    expect(found[0]).toMatch(reason);
  },
  60_000,
);

test("state file: states older than state_max_age by the file's own time count for nothing", async () => {
  await using place = site(1, { server: ", state_max_age: 1s" });
  await runAndKill(place);
  await Bun.sleep(2_500);
  utimesSync(place.file, new Date(), new Date());
  await using daemon = await place.start();
  expect(daemon.log.filter((line) => COLD.test(line)).join()).toMatch(/older than server.state_max_age/);
}, 60_000);

test("state file: of two servers with one state file, the second warns and leaves it alone", async () => {
  await using place = site(1);
  await using first = await place.start();
  await using client = await place.connect(first);
  await until(() => client.latest.size === 1, STATE_PERIOD_MS, "the state");
  const server = `server: { proxy_socket: ${place.dir}/other.sock, state_file: ${place.file} }\n`;
  await using second = await startDaemon({ config: server, socketPath: `${place.dir}/other.sock` });
  expect(second.log.filter((line) => COLD.test(line)).join()).toMatch(/another server uses/);
  first.signal("SIGKILL");
  await first.exited;
  await second.waitForLog(/State file is written again/, STATE_PERIOD_MS);
}, 60_000);

test("state file: a directory that is gone is one warning, and the file is written again when it is back", async () => {
  await using place = site(2);
  await using daemon = await place.start();
  await using client = await place.connect(daemon);
  await until(() => client.latest.size === 2, STATE_PERIOD_MS, "every state");
  rmSync(place.dir, { recursive: true });
  await daemon.waitForLog(/Cannot write the state file.*no such file or directory/, STATE_PERIOD_MS);
  place.backends[0]?.fail(1_000_000);
  await until(() => client.latest.get("1")?.state === "unhealthy", STATE_PERIOD_MS, "checks to continue");
  mkdirSync(place.dir);
  await daemon.waitForLog(/State file is written again/, STATE_PERIOD_MS);
  expect(readFileSync(place.file, "utf8")).toMatch(/"state":"unhealthy"/);
  expect(daemon.log.filter((line) => / WARN .*state file/i.test(line)).length).toBe(1);
}, 60_000);

test("state file: a full disk is one warning, and a cold start", async () => {
  await using place = site(2);
  const mount = 'mount -t tmpfs -o size=4k none "$0" && head -c 4096 /dev/zero >"$0/filler" && exec "$@"';
  await using daemon = await place.start({ prefix: ["unshare", "-m", "sh", "-c", mount, place.dir] });
  await using client = await place.connect(daemon);
  await daemon.waitForLog(/Cannot write the state file.*no space left on device/, STATE_PERIOD_MS);
  await until(() => client.latest.size === 2, STATE_PERIOD_MS, "checks to continue");
  expect(existsSync(`/proc/${daemon.pid}/root${place.file}`)).toBe(false);
  expect(daemon.log.filter((line) => / WARN .*state file/i.test(line)).length).toBe(1);
}, 60_000);

test("state file: a write that a kill has cut off at any byte costs no state", async () => {
  await using place = site(3);
  await runAndKill(place);
  const whole = readFileSync(place.file);
  const last = whole.subarray(lastRecordAt(place.file));
  // The last record stands for the next write, after which the header is written.
  for (const length of [1, 9, last.length >> 1, last.length - 1, last.length]) {
    writeFileSync(place.file, Buffer.concat([whole, last.subarray(0, length)]));
    await using daemon = await place.start();
    expect(daemon.log.join("\n")).toMatch(/States restored from before the restart .*states=3/);
    expect(warnings(daemon)).toEqual([]);
  }
}, 60_000);

test("state file: a copy of it counts for as long as the original, and a second name of it is not written to", async () => {
  await using place = site(2, { server: ", state_max_age: 5s" });
  await runAndKill(place);
  const [original, second] = [readFileSync(place.file), `${place.dir}/second`];
  linkSync(place.file, second);
  {
    await using daemon = await place.start();
    expect(daemon.log.join("\n")).toMatch(/States restored .*states=2/);
    await until(() => statSync(place.file).nlink === 1, STATE_PERIOD_MS, "a file of its own");
    daemon.signal("SIGKILL");
    await daemon.exited;
  }
  expect(readFileSync(second).equals(original)).toBe(true);
  await Bun.sleep(5_500);
  writeFileSync(place.file, original);
  await using daemon = await place.start();
  expect(warnings(daemon).join()).toMatch(/older than server.state_max_age/);
}, 60_000);

/** Starts the next server in other circumstances. @returns its lines about the restored states, or its warnings */
async function nextStart(options: object): Promise<string> {
  await using place = site(2);
  await runAndKill(place);
  await using daemon = await place.start(options);
  expect(warnings(daemon).length).toBeLessThanOrEqual(1);
  return daemon.log.filter((line) => /States restored|State file/.test(line)).join("\n");
}

const OTHER_BOOT =
  'echo 01234567-89ab-4def-8123-456789abcdef >"$0" && mount --bind "$0" /proc/sys/kernel/random/boot_id && exec "$@"';
const HIDDEN_BOOT = 'mount --bind /dev/null /proc/sys/kernel/random/boot_id && exec "$@"';
const otherBoot = { prefix: ["unshare", "-m", "sh", "-c", OTHER_BOOT, "/run/restart-test-boot-id"] };
/** Path of the library in Debian; one directory for each kind of machine. */
const FAKETIME = readdirSync("/usr/lib")
  .map((name) => join("/usr/lib", name, "faketime/libfaketime.so.1"))
  .find((path) => existsSync(path));
const shiftedClock = (shift: string) => ({
  env: { LD_PRELOAD: FAKETIME ?? "libfaketime.so.1", FAKETIME: shift, FAKETIME_DONT_FAKE_MONOTONIC: "1" },
});

rootTest("state file: after a boot the states count by the wall clock", [], async () => {
  expect(await nextStart(otherBoot)).toMatch(/States restored .*states=2/);
});

rootTest("state file: where /proc hides the boot, the wall clock decides too", [], async () => {
  const hidden = { prefix: ["unshare", "-m", "sh", "-c", HIDDEN_BOOT, "-"] };
  expect(await nextStart(hidden)).toMatch(/States restored .*states=2/);
});

peerTest(
  "state file: a wall clock that was set in between costs no state within a boot",
  ["faketime"],
  async () => {
    expect(await nextStart(shiftedClock("-3600"))).toMatch(/States restored .*states=2/);
    expect(await nextStart(shiftedClock("+3600"))).toMatch(/States restored .*states=2/);
  },
  60_000,
);

rootTest(
  "state file: a wall clock that was set over a boot is a cold start",
  ["faketime"],
  async () => {
    expect(await nextStart({ ...otherBoot, ...shiftedClock("-3600") })).toMatch(/State file .*in the future/);
    expect(await nextStart({ ...otherBoot, ...shiftedClock("+3600") })).toMatch(/State file .*older than/);
  },
  60_000,
);

/** Starts the next server after a command of the shell in a mount namespace of its own; the directory of the state file is its `$0`. */
const inNamespace = (place: Site, command: string) =>
  place.start({ prefix: ["unshare", "-m", "sh", "-c", `${command} && exec "$@"`, place.dir] });

rootTest(
  "state file: a disk that is full for a while is one warning, and then it is written again",
  ["nsenter"],
  async () => {
    await using place = site(2);
    await using daemon = await inNamespace(place, 'mount -t tmpfs -o size=64k,mode=755 none "$0"');
    const inside = `/proc/${daemon.pid}/root${place.dir}`;
    await using client = await place.connect(daemon);
    await until(() => client.latest.size === 2, STATE_PERIOD_MS, "every state");
    const filler = `${inside}/filler`;
    execFileSync("sh", ["-c", 'cat /dev/zero >"$0" 2>/dev/null || :', filler]);
    // Thirty more states have no room in the last page of the file.
    const target = place.backends[0] ?? { port: 0 };
    client.update([
      ...place.backends.map((one, at) => check(at + 1, one)),
      ...times(30, (at) => check(at + 10, target)),
    ]);
    await daemon.waitForLog(/Cannot write the state file/, STATE_PERIOD_MS);
    expect(warnings(daemon).join()).toMatch(/Cannot write the state file.*no space left/);
    rmSync(filler);
    await daemon.waitForLog(/State file is written again/, STATE_PERIOD_MS);
    expect(readFileSync(`${inside}/healthcheck-server.state`, "utf8")).toMatch(/"id":"1"/);
    expect(warnings(daemon).length).toBe(1);
  },
  120_000,
);

rootTest(
  "state file: a disk that is read-only for a while is one warning, and then it is written again",
  ["nsenter"],
  async () => {
    await using place = site(2);
    await runAndKill(place);
    await using daemon = await inNamespace(place, 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0"');
    expect(warnings(daemon).join()).toMatch(/State file not usable.*read-only file system/);
    await using client = await place.connect(daemon);
    await until(() => client.latest.size === 2, STATE_PERIOD_MS, "every state");
    const remount = ["mount", "-o", "remount,bind,rw", place.dir];
    execFileSync("nsenter", ["-t", String(daemon.pid), "-m", ...remount]);
    await daemon.waitForLog(/State file is written again/, STATE_PERIOD_MS);
    expect(readFileSync(place.file, "utf8")).toMatch(/"state":"healthy"/);
    expect(warnings(daemon).length).toBe(1);
  },
  60_000,
);

test.each([
  ["is missing", "/nowhere", /no such file or directory/],
  ["is not writable", "/proc", /Cannot write the state file/],
])(
  "state file: a runtime directory that %s is one warning, and the server runs",
  async (_name, directory, reason) => {
    await using daemon = await startDaemon({ config: "", env: { RUNTIME_DIRECTORY: directory } });
    await daemon.waitForLog(/Cannot write the state file/, STATE_PERIOD_MS);
    expect(warnings(daemon).join()).toMatch(reason);
    expect(warnings(daemon).length).toBe(1);
    daemon.signal("SIGTERM");
    expect(await daemon.exited).toBe(0);
  },
);
