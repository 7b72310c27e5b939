/** A restart goes unnoticed: the states of the killed process are provisional, and count once a check agrees. Run by `bun test`. */
import { expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { makeTempDir } from "../harness/base/tempdir.ts";
import { until } from "../harness/base/wait.ts";
import { times } from "../harness/client/checks.ts";
import { type Client, config, connectClient } from "../harness/client/client.ts";
import { type Daemon, NO_REFRESH, startDaemon } from "../harness/daemon/daemon.ts";

const COLD = /State file not usable/;
const STATE_PERIOD_MS = 15_000;

/** An HTTP backend whose next answers can be failures. */
function backend() {
  let failures = 0;
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: () => new Response("", { status: failures-- > 0 ? 503 : 200 }),
  });
  return {
    port: server.port ?? 0,
    fail: (count: number) => {
      failures = count;
    },
    [Symbol.dispose]: () => void server.stop(true),
  };
}

type Backend = ReturnType<typeof backend>;

/** An HTTP check with fall 3. */
function check(id: number, { port }: Backend): string {
  const times = { interval: "100ms", timeout: "5s", retries: 2 };
  return config({
    id,
    checker_type: "http",
    ip: "127.0.0.1",
    port,
    path: "/",
    expected_codes: [200],
    ...times,
  });
}

interface Site extends AsyncDisposable {
  readonly dir: string;
  readonly file: string;
  readonly backends: readonly Backend[];
  start(options?: object): Promise<Daemon>;
  connect(daemon: Daemon): Promise<Client>;
}

function site(count: number, settings = ""): Site {
  const dir = makeTempDir("restart");
  const backends = times(count, () => backend());
  const file = join(dir.path, "state", "healthcheck-server.state");
  mkdirSync(join(dir.path, "state"));
  return {
    dir: join(dir.path, "state"),
    file,
    backends,
    start: async (options = {}) => {
      const socketPath = join(dir.path, "proxy.sock");
      const server = `server: { proxy_socket: ${socketPath}, state_file: ${file}${settings} }\n`;
      return await startDaemon({ config: `${server}${NO_REFRESH}`, socketPath, ...options });
    },
    connect: async (daemon) => {
      const client = await connectClient(daemon.socketPath);
      client.update(backends.map((one, at) => check(at + 1, one)));
      return client;
    },
    [Symbol.asyncDispose]: async () => {
      for (const one of backends) one[Symbol.dispose]();
      dir.remove();
    },
  };
}

/** Every reported state, in order, as `id state`. */
function reports({ lines }: Client): string[] {
  return lines
    .filter(({ type }) => type === "notification_batch")
    .flatMap(({ statuses }) => statuses.map(({ id, status }) => `${id} ${status.state}`));
}

/** Runs a daemon until every backend is reported healthy and in the file, and kills it. */
async function runAndKill(place: Site): Promise<void> {
  await using daemon = await place.start();
  await using client = await place.connect(daemon);
  await until(() => client.latest.size === place.backends.length, STATE_PERIOD_MS, "every state");
  const written = () => readFileSync(place.file, "utf8").match(/"state":"healthy"/g)?.length ?? 0;
  await until(() => written() >= place.backends.length, STATE_PERIOD_MS, "every state in the file");
  daemon.signal("SIGKILL");
  await daemon.exited;
}

test("restart: a kill, and backends that fail once then, change no reported state", async () => {
  await using place = site(20);
  await runAndKill(place);
  for (const one of place.backends.slice(0, 8)) one.fail(1);
  place.backends[10]?.fail(1_000_000);
  await using daemon = await place.start();
  expect(daemon.log.join("\n")).toMatch(/States restored from before the restart .*states=20/);
  await using client = await place.connect(daemon);
  await until(() => client.latest.size === 20, STATE_PERIOD_MS, "every state");
  const expected = times(20, (at) => `${at + 1} ${at === 10 ? "unhealthy" : "healthy"}`);
  expect(reports(client).sort()).toEqual(expected.sort());
  expect(daemon.log.filter((line) => line.includes("Health state changed")).length).toBe(1);
  expect(daemon.log.some((line) => COLD.test(line))).toBe(false);
}, 60_000);

test("restart: a clean stop keeps the states and the newest counters", async () => {
  await using place = site(3);
  let successes = 0;
  {
    await using daemon = await place.start();
    await using client = await place.connect(daemon);
    await until(() => client.latest.size === 3, STATE_PERIOD_MS, "every state");
    daemon.signal("SIGTERM");
    await daemon.exited;
    const counts = readFileSync(place.file, "utf8").matchAll(/"successes":(\d+)/g);
    successes = Math.min(...[...counts].map(([, count]) => Number(count)));
  }
  expect(successes).toBeGreaterThanOrEqual(1);
  expect(statSync(place.file).mode & 0o777).toBe(0o600);
  await using daemon = await place.start();
  await using client = await place.connect(daemon);
  await until(() => client.latest.size === 3, STATE_PERIOD_MS, "every state");
  for (const { successes: count } of client.latest.values()) expect(Number(count)).toBeGreaterThan(successes);
}, 60_000);

const FAR_MS = 120_000;
const DAMAGE: readonly (readonly [name: string, reason: RegExp, act: (file: string) => void])[] = [
  ["empty", /cut off/, (file) => truncateSync(file, 0)],
  ["cut off in its header", /cut off/, (file) => truncateSync(file, 40)],
  ["cut off by one byte", /missing/, (file) => truncateSync(file, statSync(file).size - 1)],
  ["of another version", /version 9/, (file) => edit(file, (text) => text.replace("state 1", "state 9"))],
  ["changed in a record", /damaged/, (file) => edit(file, (text) => text.replace('"healthy"', '"unhealth"'))],
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

function edit(file: string, change: (text: string) => string): void {
  writeFileSync(file, change(readFileSync(file, "utf8")));
}

function replace(file: string, make: () => unknown): void {
  rmSync(file);
  make();
}

test.each(DAMAGE)(
  "restart: a state file that is %s is one warning and a cold start",
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
    const warnings = daemon.log.filter((line) => / (?:WARN|ERROR) .*state file/i.test(line));
    expect(warnings.length).toBe(1);
    expect(warnings[0]).toMatch(COLD);
    expect(warnings[0]).toMatch(reason);
  },
  60_000,
);

test("restart: states older than state_max_age by the file's own time count for nothing", async () => {
  await using place = site(1, ", state_max_age: 1s");
  await runAndKill(place);
  await Bun.sleep(2_500);
  utimesSync(place.file, new Date(), new Date());
  await using daemon = await place.start();
  expect(daemon.log.filter((line) => COLD.test(line)).join()).toMatch(/older than server.state_max_age/);
}, 60_000);

test("restart: of two servers with one state file, the second warns and leaves it alone", async () => {
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

test("restart: a directory that is gone is one warning, and the file is written again when it is back", async () => {
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

test("restart: a full disk is one warning, and a cold start", async () => {
  await using place = site(2);
  const mount = 'mount -t tmpfs -o size=4k none "$0" && head -c 4096 /dev/zero >"$0/filler" && exec "$@"';
  await using daemon = await place.start({ prefix: ["unshare", "-m", "sh", "-c", mount, place.dir] });
  await using client = await place.connect(daemon);
  await daemon.waitForLog(/Cannot write the state file.*no space left on device/, STATE_PERIOD_MS);
  await until(() => client.latest.size === 2, STATE_PERIOD_MS, "checks to continue");
  expect(existsSync(`/proc/${daemon.pid}/root${place.file}`)).toBe(false);
  expect(daemon.log.filter((line) => / WARN .*state file/i.test(line)).length).toBe(1);
}, 60_000);

test.each([
  ["a runtime directory keeps", "", true],
  ["off keeps no", "server: { state_file: off, proxy_socket: proxy.sock }", false],
  ["an empty path keeps no", 'server: { state_file: "", proxy_socket: proxy.sock }', false],
])("restart: %s states by default", async (_name, text, kept) => {
  await using dir = makeTempDir("runtime");
  const runtime = { RUNTIME_DIRECTORY: `${dir.path}:/nowhere` };
  const socket = text === "" ? {} : { socketPath: "proxy.sock" };
  await using daemon = await startDaemon({ config: text, env: runtime, ...socket });
  daemon.signal("SIGTERM");
  expect(await daemon.exited).toBe(0);
  expect(existsSync(join(dir.path, "healthcheck-server.state"))).toBe(kept);
});
