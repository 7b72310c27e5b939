/**
 * A Debian system with a running systemd, booted by systemd-nspawn for one test file. It has a network of its own with loopback only, and a
 * copy-on-write root: whatever happens inside is gone with it. Called by the tests in tests/systemd; needs root.
 */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmdirSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../scripts/tools/build/source.ts";
import { peerPath } from "../harness/base/peers.ts";
import { readLines } from "../harness/base/process.ts";
import { makeTempDir } from "../harness/base/tempdir.ts";
import { until } from "../harness/base/wait.ts";
import { cgroupRoot, debianRoot } from "./nspawn-root.ts";

const BOOT_LIMIT_MS = 60_000;
/** For one command inside. */
const COMMAND_LIMIT_MS = 60_000;
const ENVIRONMENT = [
  "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  "HOME=/root",
  "LC_ALL=C",
];

/** The outcome of a command. */
export interface Outcome {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/** One entry of the journal; the fields are journald's. */
export interface JournalEntry {
  readonly MESSAGE: string;
  readonly PRIORITY: string;
  readonly _PID?: string;
  /** Microseconds since 1970. */
  readonly __REALTIME_TIMESTAMP: string;
}

/** The booted system; disposing ends it and removes everything. */
export interface Booted extends AsyncDisposable {
  /** A path inside, seen from this process: files can be read and written, sockets connected to. */
  path(inside: string): string;
  /** Runs a shell script inside, as root. */
  run(script: string): Promise<Outcome>;
  /** Like {@link run}. @returns its standard output @throws Error with its output when the status is not 0 */
  ok(script: string): Promise<string>;
  /** Writes a file inside; its directories are made. */
  write(inside: string, text: string): void;
  /** Properties of a unit, as `systemctl show` prints them. */
  show<Name extends string>(unit: string, ...names: readonly Name[]): Promise<Record<Name, string>>;
  /** Entries of the journal that match `journalctl`'s arguments, oldest first. */
  journal(...args: readonly string[]): Promise<JournalEntry[]>;
  /** A prefix for a command of this machine that is to run in the system's network. */
  readonly inNetwork: readonly string[];
  /** The process of a unit as this machine numbers it. */
  hostPid(insidePid: string): number;
}

/**
 * Enters a control group of its own, mounts the copy-on-write root and becomes systemd-nspawn. In a mount namespace of its own: it ends with
 * the last process in it. Two systems in one group would take each other's services for their own.
 */
const BOOT = `
# Where the controllers are not given away already; a hierarchy that has processes beside its groups refuses it.
echo "+memory +cpu" > "$(dirname "$GROUP")/cgroup.subtree_control" 2>/dev/null
mkdir "$GROUP" && echo $$ > "$GROUP/cgroup.procs" &&
mount -t tmpfs tmpfs "$DIR" && mkdir "$DIR/upper" "$DIR/work" "$DIR/root" &&
mount -t overlay overlay -o "lowerdir=$LOWER,upperdir=$DIR/upper,workdir=$DIR/work" "$DIR/root" &&
printf '127.0.0.1 localhost %s\\n::1 localhost\\n' "$MACHINE" > "$DIR/root/etc/hosts" &&
echo "$MACHINE" > "$DIR/root/etc/hostname" && echo 'nameserver 127.0.0.1' > "$DIR/root/etc/resolv.conf" &&
exec "$NSPAWN" --boot --quiet --directory "$DIR/root" --machine "$MACHINE" --private-network --register=no --keep-unit \\
  --console=pipe --resolv-conf=off --timezone=off --bind-ro="$PROJECT:/project"
`;

/**
 * Boots one; the project is at /project inside, for reading.
 *
 * @throws Error with the console's lines when it does not come up
 */
export async function bootDebian(): Promise<Booted> {
  const lower = await debianRoot();
  const dir = makeTempDir("boot");
  const machine = `hc-${process.pid}-${dir.path.slice(-6).replace(/[^A-Za-z0-9]/g, "x")}`;
  const group = join(cgroupRoot() ?? "", machine);
  const env = { ...process.env, DIR: dir.path, LOWER: lower, MACHINE: machine, PROJECT: ROOT, GROUP: group };
  const nspawn = Bun.spawn([peerPath("unshare"), "-m", "--propagation", "private", "sh", "-c", BOOT], {
    env: { ...env, NSPAWN: peerPath("systemd-nspawn"), SYSTEMD_NSPAWN_UNIFIED_HIERARCHY: "1" },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const consoleLines: string[] = [];
  const reading = [nspawn.stdout, nspawn.stderr].map((stream) =>
    readLines(stream, (line) => consoleLines.push(line)),
  );
  let leader: number | undefined;
  const kill = () => {
    // The first process of the system: all others end with it.
    if (leader !== undefined) signal(leader);
    nspawn.kill("SIGKILL");
  };
  process.on("exit", kill);
  const dispose = async () => {
    process.off("exit", kill);
    kill();
    await nspawn.exited;
    await Promise.all(reading);
    await until(() => removeGroup(group), BOOT_LIMIT_MS, "the end of the last process");
    dir.remove();
  };
  try {
    const words = () => `a booted system: ${consoleLines.slice(-10).join("; ")}`;
    leader = await until(() => nspawn.exitCode === null && leaderOf(nspawn.pid), BOOT_LIMIT_MS, words);
    const booted = makeBooted(leader, dispose);
    await until(
      async () => (await booted.run("systemctl is-system-running --wait")).status === 0,
      BOOT_LIMIT_MS,
      words,
    );
    return booted;
  } catch (error) {
    await dispose();
    throw error;
  }
}

function makeBooted(leader: number, dispose: () => Promise<void>): Booted {
  const enter = [peerPath("nsenter"), "--target", String(leader)];
  const run = (script: string) =>
    execute([...enter, "--all", "--", "env", "-i", ...ENVIRONMENT, "bash", "-c", script], "/");
  const path = (inside: string) => join(`/proc/${leader}/root`, inside);
  const ok = async (script: string) => {
    const { status, out, err } = await run(script);
    if (status !== 0) throw new Error(`${script}: status ${status}: ${out}${err}`);
    return out;
  };
  return {
    path,
    run,
    ok,
    write: (inside, text) => {
      mkdirSync(path(join(inside, "..")), { recursive: true });
      writeFileSync(path(inside), text);
    },
    show: async <Name extends string>(unit: string, ...names: readonly Name[]) => {
      const out = await ok(`systemctl show ${unit} ${names.map((name) => `-p ${name}`).join(" ")}`);
      const pairs = out
        .trimEnd()
        .split("\n")
        .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]);
      // The cast names what systemctl was asked for.
      return Object.fromEntries(pairs) as Record<Name, string>;
    },
    journal: async (...args) => {
      const out = await ok(`journalctl --sync; journalctl --quiet --no-pager -o json ${args.join(" ")}`);
      // The cast names the fields that journald gives to each entry.
      return out
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line) as JournalEntry);
    },
    inNetwork: [...enter, "--net", "--"],
    hostPid: (insidePid) => hostPid(leader, insidePid),
    [Symbol.asyncDispose]: dispose,
  };
}

async function execute(command: readonly string[], cwd: string): Promise<Outcome> {
  const child = Bun.spawn([...command], {
    cwd,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    timeout: COMMAND_LIMIT_MS,
    killSignal: "SIGKILL",
  });
  const [out, err, status] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { status, out, err };
}

/** The first process of the system that systemd-nspawn has started: the child that is number 1 in a PID namespace of its own. */
function leaderOf(nspawn: number): number | undefined {
  const children = readText(`/proc/${nspawn}/task/${nspawn}/children`).trim().split(" ");
  const leader = children.find((pid) => /^NSpid:\t\d+\t1$/m.test(readText(`/proc/${pid}/status`)));
  return leader === undefined ? undefined : Number(leader);
}

/** @throws Error when the system has no such process */
function hostPid(leader: number, insidePid: string): number {
  const namespace = readlinkSync(`/proc/${leader}/ns/pid`);
  const inside = new RegExp(`^NSpid:\\t(\\d+)\\t${insidePid}$`, "m");
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    if (!inside.test(readText(`/proc/${pid}/status`))) continue;
    if (readlinkSync(`/proc/${pid}/ns/pid`) === namespace) return Number(pid);
  }
  throw new Error(`no process ${insidePid} in the booted system`);
}

/** Removes a control group with all below it. @returns false while a process is left in one of them */
function removeGroup(group: string): boolean {
  if (!existsSync(group)) return true;
  const below = readdirSync(group, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isDirectory(),
  );
  const paths = [group, ...below.map((entry) => join(entry.parentPath, entry.name))];
  try {
    for (const path of paths.sort((a, b) => b.length - a.length)) rmdirSync(path);
    return true;
  } catch {
    return false;
  }
}

/** Empty for a process that is gone. */
function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

function signal(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended.
  }
}
