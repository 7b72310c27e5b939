/** The server inside what its unit leaves it, as far as that can be had without a running systemd. Run by `bun test`. */
import { expect } from "bun:test";
import { chmodSync, chownSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { printFigure } from "../harness/base/figures.ts";
import { peerPath, peerTest, rootTest } from "../harness/base/peers.ts";
import { makeTempDir } from "../harness/base/tempdir.ts";
import { listenForNotifications } from "../harness/daemon/notify-socket.ts";
import { startSteady } from "../harness/daemon/steady.ts";

const UNIT = join(import.meta.dir, "..", "..", "examples", "systemd", "healthcheck-server.service");
/** A user id without an account; its files play those of the unit's user. */
const UID = "64990";

/**
 * ProtectSystem=strict with one writable directory, ProtectProc=invisible, ProcSubset=pid, User=, Group=, no capabilities,
 * NoNewPrivileges=yes, PrivateUsers=yes. The shell becomes the server.
 */
const SANDBOX = [
  "mount --bind . . && mount -o remount,bind,ro / && cd $PWD",
  "mount -t proc -o hidepid=invisible,subset=pid proc /proc",
  // The authorities of the test are in a directory of root.
  'cp "$SSL_CERT_FILE" ca.pem && export SSL_CERT_FILE=$PWD/ca.pem',
  `chown -R ${UID}:${UID} .`,
  `exec setpriv --reuid ${UID} --regid ${UID} --clear-groups --bounding-set=-all --inh-caps=-all --no-new-privs unshare --user --map-current-user "$0" "$@"`,
].join(" && ");

rootTest(
  "sandbox: checks of every kind, reload, metrics and the way out work as the unit leaves the server",
  ["openssl", "setpriv"],
  async () => {
    using listener = listenForNotifications(`@healthcheck-test-${process.pid}-sandbox`);
    await using steady = await startSteady({
      checks: 60,
      daemon: () => ({
        prefix: ["unshare", "-m", "--propagation", "private", "sh", "-c", SANDBOX],
        env: { NOTIFY_SOCKET: listener.address, WATCHDOG_USEC: "2000000" },
      }),
    });
    const { daemon, client } = steady;
    const status = readFileSync(`/proc/${daemon.pid}/status`, "utf8");
    expect(status).toMatch(new RegExp(`^Uid:\\t${UID}\\t`, "m"));
    expect(status).toMatch(/^CapPrm:\t0+$/m);
    expect(status).toMatch(/^CapEff:\t0+$/m);
    expect(status).toMatch(/^NoNewPrivs:\t1$/m);
    await steady.level(3, client);
    await listener.waitFor("WATCHDOG=1", 10_000);
    const { length } = listener.messages;
    daemon.signal("SIGHUP");
    await listener.waitFor("READY=1", 10_000, length);
    await steady.level(3, client);
    await steady.expectNoFalseVerdict(client);
    const faults = daemon.log.filter((line) => / ERROR |Cannot /.test(line));
    expect(faults).toEqual([]);
    daemon.signal("SIGTERM");
    expect(await daemon.exited).toBe(0);
  },
  60_000,
);

rootTest(
  "sandbox: the proxy's unit leaves it both sockets, the engine's in a directory of root, the server's of the group",
  ["setpriv", "socat"],
  async () => {
    await using dir = makeTempDir("proxy");
    const uid = Number(UID);
    // As the directories are at the default paths: RuntimeDirectory=, and what the engine makes in it.
    chmodSync(dir.path, 0o755);
    const engine = join(dir.path, "engine", "engine.sock");
    mkdirSync(join(dir.path, "engine"), { mode: 0o700 });
    const server = join(dir.path, "healthcheck-proxy.sock");
    using listeners = new DisposableStack();
    for (const unix of [engine, server]) {
      const listener = Bun.listen({ unix, socket: { data() {} } });
      listeners.defer(() => listener.stop(true));
    }
    chownSync(server, uid, uid);
    chmodSync(server, 0o660);
    const reaches = (user: number, group: number, path: string) => {
      const who = [`--reuid=${user}`, `--regid=${group}`, "--clear-groups", "--bounding-set=-all"];
      const socat = [peerPath("socat"), "-u", "/dev/null", `UNIX-CONNECT:${path}`];
      const command = ["unshare", "-n", "setpriv", ...who, "--inh-caps=-all", "--no-new-privs", ...socat];
      return Bun.spawnSync(command, { stdin: "ignore", stderr: "ignore", timeout: 10_000 }).success;
    };
    expect([engine, server].map((path) => reaches(0, uid, path))).toEqual([true, true]);
    // What the unit says why: neither as another user, nor in another group.
    expect([engine, server].map((path) => reaches(uid, uid, path))).toEqual([false, true]);
    expect([engine, server].map((path) => reaches(0, 0, path))).toEqual([true, false]);
  },
);

/** The system calls of a filter of systemd, with all that it includes. */
function systemCalls(filter: string): Set<string> {
  const { stdout } = Bun.spawnSync([peerPath("systemd-analyze"), "--no-pager", "syscall-filter", filter]);
  const words = stdout.toString().split("\n").slice(1);
  const names = words.map((line) => line.trim()).filter((line) => line !== "" && !line.startsWith("#"));
  return new Set(names.flatMap((name) => (name.startsWith("@") ? [...systemCalls(name)] : [name])));
}

/** System calls that the unit's lines leave: the first line lists allowed ones, later lines with ~ remove some. */
function allowedCalls(unit: string): Set<string> {
  let allowed = new Set<string>();
  for (const [, but, filters = ""] of unit.matchAll(/^SystemCallFilter=(~?)(.*)$/gm)) {
    const named = new Set(filters.split(" ").flatMap((filter) => [...systemCalls(filter)]));
    allowed = but === "~" ? allowed.difference(named) : allowed.union(named);
  }
  // The system calls that start a program are allowed with any list (systemd.exec(5)).
  return allowed.union(systemCalls("@default"));
}

peerTest(
  "sandbox: the server uses no system call and no address family that its unit forbids",
  ["openssl", "strace", "systemd-analyze"],
  async () => {
    const unit = readFileSync(UNIT, "utf8");
    const allowed = allowedCalls(unit);
    expect(allowed.size).toBeGreaterThan(200);
    expect(allowed.has("mount")).toBe(false);
    await using dir = makeTempDir("strace");
    const trace = join(dir.path, "trace");
    using listener = listenForNotifications(`@healthcheck-test-${process.pid}-strace`);
    {
      await using steady = await startSteady({
        checks: 60,
        daemon: () => ({
          prefix: ["strace", "-f", "-qq", "-D", "-o", trace],
          env: { NOTIFY_SOCKET: listener.address, WATCHDOG_USEC: "2000000" },
        }),
      });
      await steady.level(3);
      await listener.waitFor("WATCHDOG=1", 10_000);
      writeFileSync(join(steady.daemon.dir, "config.yaml"), "logging: { level: debug }\n");
      steady.daemon.signal("SIGHUP");
      await steady.daemon.waitForLog(/Configuration changed/, 10_000);
      await steady.level(3);
    }
    const lines = readFileSync(trace, "utf8").split("\n");
    const calls = new Set(lines.flatMap((line) => /^\d+ +([a-z0-9_]+)\(/.exec(line)?.[1] ?? []));
    printFigure("system calls that were used", calls.size, `of ${allowed.size}`);
    expect(calls.has("epoll_wait") || calls.has("epoll_pwait2")).toBe(true);
    expect([...calls.difference(allowed)]).toEqual([]);
    const families = new Set(lines.flatMap((line) => /^\d+ +socket\((AF_[A-Z0-9]+)/.exec(line)?.[1] ?? []));
    const [, named = ""] = /^RestrictAddressFamilies=(.*)$/m.exec(unit) ?? [];
    expect(families.size).toBeGreaterThanOrEqual(2);
    expect([...families].filter((family) => !named.split(" ").includes(family))).toEqual([]);
  },
  60_000,
);
