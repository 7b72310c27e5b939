/**
 * A small Debian system to install a package in: dpkg and what maintainer scripts call, and systemd's programs that only write
 * down how they were called. Called by the tests of the Debian package; needs root.
 */
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inRoot, makeRoot } from "./rootfs.ts";

/** For one command in it. */
const COMMAND_LIMIT_MS = 30_000;

/** Programs that dpkg itself, the package's scripts and the tests run. */
const PROGRAMS = [
  ...[
    "sh",
    "dpkg",
    "dpkg-deb",
    "dpkg-query",
    "dpkg-split",
    "tar",
    "rm",
    "diff",
    "ldconfig",
    "start-stop-daemon",
  ],
  ...["getent", "grep", "groupadd", "groupdel", "useradd", "userdel", "usermod", "rmdir", "mkdir", "cp"],
  ...["cut", "find", "head", "chown"],
];

/** Programs of systemd that the scripts call. */
const SYSTEMD = ["systemctl", "systemd-tmpfiles"] as const;
const STAND_IN = `#!/bin/sh
echo "\${0##*/} $*" >> /tmp/systemd.log
`;

/** Files that useradd and dpkg write again whenever they run; not files of a package. */
const BOOKKEEPING =
  /^\/(var\/(lib\/dpkg|log|cache)|etc\/(\.pwd\.lock|(passwd|group|shadow|gshadow|subuid|subgid)-?)$|tmp\/|proc|dev)/;

/** Result of a command. */
export interface Outcome {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/** The system; disposing removes it. */
export interface DebianRoot extends AsyncDisposable {
  readonly path: string;
  /** Runs a command as root in it. */
  run(...command: readonly string[]): Outcome;
  /** Copies a package into it. @returns its path there */
  bring(packageFile: string): string;
  /** Its files and directories, without what keeps books of them. */
  list(): string[];
  text(path: string): string;
  /** Returns the calls of systemd's programs since the last call of this function. */
  systemdCalls(): string[];
}

/** Makes one. @param systemd - whether it looks as if systemd ran */
export function makeDebianRoot(systemd: boolean): DebianRoot {
  const installed = Bun.spawnSync(["dpkg-query", "-s", "libc6", "passwd"]).stdout.toString();
  const root = makeRoot({
    programs: PROGRAMS,
    // The same as those of what is compiled with it: they stand for the package libc6.
    librariesOf: [process.execPath],
    directories: [
      "var/lib/dpkg/info",
      "var/lib/dpkg/updates",
      "var/log",
      ...(systemd ? ["run/systemd/system"] : []),
    ],
    texts: {
      "/var/lib/dpkg/status": `${installed}\n`,
      "/etc/passwd": "root:x:0:0:root:/root:/bin/sh\n",
      "/etc/group": "root:x:0:\nnogroup:x:65534:\n",
      "/etc/shadow": "root:*:1::::::\n",
      "/etc/gshadow": "root:*::\nnogroup:*::\n",
      "/etc/nsswitch.conf": "passwd: files\ngroup: files\n",
      "/etc/login.defs": readFileSync("/etc/login.defs", "utf8"),
      ...(systemd ? Object.fromEntries(SYSTEMD.map((name) => [`/usr/bin/${name}`, STAND_IN])) : {}),
    },
  });
  for (const name of systemd ? SYSTEMD : []) chmodSync(join(root.path, "usr/bin", name), 0o755);
  const calls = join(root.path, "tmp", "systemd.log");
  return {
    path: root.path,
    run: (...command) => {
      const env = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C", DEBIAN_FRONTEND: "noninteractive" };
      const done = Bun.spawnSync([...inRoot(root.path), ...command], {
        cwd: "/",
        env,
        stdin: "ignore",
        timeout: COMMAND_LIMIT_MS,
        killSignal: "SIGKILL",
      });
      return { status: done.exitCode, out: done.stdout.toString(), err: done.stderr.toString() };
    },
    bring: (packageFile) => {
      mkdirSync(join(root.path, "tmp"), { recursive: true });
      writeFileSync(join(root.path, "tmp", "package.deb"), readFileSync(packageFile));
      return "/tmp/package.deb";
    },
    list: () =>
      readdirSync(root.path, { recursive: true, encoding: "utf8" })
        .map((path) => `/${path}`)
        .filter((path) => !BOOKKEEPING.test(path))
        .sort(),
    text: (path) => readFileSync(join(root.path, path), "utf8"),
    systemdCalls: () => {
      if (!existsSync(calls)) return [];
      const lines = readFileSync(calls, "utf8").trimEnd().split("\n");
      writeFileSync(calls, "");
      return lines.filter((line) => line !== "");
    },
    [Symbol.asyncDispose]: root[Symbol.asyncDispose],
  };
}
