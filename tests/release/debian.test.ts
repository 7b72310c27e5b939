/** The Debian package: installed, used, upgraded, removed and purged by dpkg in a system of its own. Run by `bun test`. */
// alone: its files share one release
import { beforeAll, expect } from "bun:test";
import { chownSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gunzipSync } from "node:zlib";
import { version } from "../../package.json";
import { acceptAll } from "../harness/backends/backends.ts";
import { hasPeer, rootTest } from "../harness/base/peers.ts";
import { stopProcess } from "../harness/base/process.ts";
import { makeTempDir } from "../harness/base/tempdir.ts";
import { until } from "../harness/base/wait.ts";
import { tcpCheck } from "../harness/client/checks.ts";
import { connectClient } from "../harness/client/client.ts";
import { type DebianRoot, makeDebianRoot } from "../harness/machines/debian-root.ts";
import { inRoot } from "../harness/machines/rootfs.ts";
import { NATIVE, RELEASE_LIMIT_MS, sharedRelease } from "./release.ts";

const NEEDS = ["dpkg", "dpkg-deb", "useradd"] as const;
const CONFIG = "/etc/seesaw/healthcheck-server.yaml";
const EXAMPLE = "/usr/share/healthcheck-server/healthcheck-server.yaml";
const RECORD = "/var/lib/healthcheck-server/made";
const UNIT = "/usr/lib/systemd/system/healthcheck-server.service";
const LIMIT_MS = 60_000;

let packageFile = "";
beforeAll(() => {
  if (NEEDS.every(hasPeer))
    packageFile = join(sharedRelease(), `healthcheck-server_${version}_${NATIVE?.debian}.deb`);
}, RELEASE_LIMIT_MS);

function expectSuccess(root: DebianRoot, ...command: readonly string[]): string {
  const { status, out, err } = root.run(...command);
  expect([command.join(" "), status, status === 0 ? "" : `${out}${err}`]).toEqual([command.join(" "), 0, ""]);
  return out;
}

/** A package of the next version with another example of a configuration, and an executable that is quickly packed. */
function nextVersion(workDir: string): string {
  const tree = join(workDir, "tree");
  Bun.spawnSync(["dpkg-deb", "-R", packageFile, tree]);
  const edit = (path: string, change: (text: string) => string) =>
    writeFileSync(join(tree, path), change(readFileSync(join(tree, path), "utf8")));
  edit("DEBIAN/control", (text) => text.replace(/^Version: .*$/m, "Version: 999"));
  edit(EXAMPLE, (text) => `${text}# New in 999.\n`);
  writeFileSync(join(tree, "usr/bin/healthcheck-server"), "#!/bin/sh\n");
  const file = join(workDir, "next.deb");
  Bun.spawnSync(["dpkg-deb", "--root-owner-group", "-Znone", "--build", tree, file]);
  return file;
}

rootTest(
  "debian: install brings the user, the unit and the configuration; purge takes everything away",
  NEEDS,
  async () => {
    await using root = makeDebianRoot(false);
    const before = root.list();
    expectSuccess(root, "dpkg", "-i", root.bring(packageFile));
    expect(root.text("/etc/passwd")).toMatch(
      /^seesaw:x:\d+:\d+:Seesaw healthcheck server:\/nonexistent:\/usr\/sbin\/nologin$/m,
    );
    expect(root.text(UNIT)).toMatch(/^ExecStart=\/usr\/bin\/healthcheck-server\b/m);
    expect(root.text(UNIT)).not.toContain("/usr/local");
    const man = gunzipSync(readFileSync(join(root.path, "usr/share/man/man8/healthcheck-server.8.gz")));
    expect(man.toString()).toContain("healthcheck-server");
    expect(root.text("/usr/share/bash-completion/completions/healthcheck-server")).toContain("complete ");
    expect(expectSuccess(root, "healthcheck-server", "--version")).toStartWith(
      `healthcheck-server ${version} `,
    );
    expect(expectSuccess(root, "healthcheck-server", "check-config", "--strict-config", CONFIG)).toContain(
      "valid",
    );

    expectSuccess(root, "dpkg", "-r", "healthcheck-server");
    // The configuration stays, and so does its directory.
    expect(root.list().filter((path) => !before.includes(path))).toEqual([
      "/etc/seesaw",
      CONFIG,
      dirname(RECORD),
      RECORD,
    ]);
    expect(root.text("/etc/passwd")).toContain("seesaw");

    expectSuccess(root, "dpkg", "-P", "healthcheck-server");
    expect(root.list()).toEqual(before);
    for (const file of ["/etc/passwd", "/etc/group", "/etc/shadow"])
      expect(root.text(file)).not.toContain("seesaw");
    expect(root.run("dpkg", "-s", "healthcheck-server").status).toBe(1);
  },
  LIMIT_MS,
);

rootTest(
  "debian: the packaged server runs as seesaw with the packaged configuration, checks, and stops",
  NEEDS,
  async () => {
    await using root = makeDebianRoot(false);
    expectSuccess(root, "dpkg", "-i", root.bring(packageFile));
    const [, uid = "", gid = ""] = /^seesaw:x:(\d+):(\d+):/m.exec(root.text("/etc/passwd")) ?? [];
    // The same as RuntimeDirectory=seesaw.
    const runDir = join(root.path, "run", "seesaw");
    mkdirSync(runDir);
    chownSync(runDir, Number(uid), Number(gid));
    const server = Bun.spawn([...inRoot(root.path, `${uid}:${gid}`), "/usr/bin/healthcheck-server"], {
      cwd: "/",
      env: {},
      stdin: "ignore",
      stdout: "pipe",
      stderr: "inherit",
    });
    try {
      await using backend = acceptAll();
      const socketPath = join(runDir, "healthcheck-proxy.sock");
      const connect = () => connectClient(socketPath).catch(() => undefined);
      await using client = await until(connect, 10_000, "the packaged server's socket");
      client.update([tcpCheck(1, backend)]);
      await until(() => client.latest.get("1")?.state === "healthy", 10_000, "a healthy backend");
    } finally {
      await stopProcess(server);
    }
    expect(server.exitCode).toBe(0);
    expect(await server.stdout.text()).toContain(`Loading configuration from: ${CONFIG}`);
  },
  LIMIT_MS,
);

rootTest(
  "debian: an upgrade keeps a changed configuration and restarts what runs; a first installation starts nothing",
  NEEDS,
  async () => {
    await using dir = makeTempDir("deb");
    await using root = makeDebianRoot(true);
    expectSuccess(root, "dpkg", "-i", root.bring(packageFile));
    const installed = ["systemctl daemon-reload", "systemd-tmpfiles --create healthcheck-server.conf"];
    const isEnabled = "systemctl --quiet is-enabled healthcheck-server.service";
    expect(root.systemdCalls()).toEqual([...installed, isEnabled]);
    const mine = `${root.text(CONFIG)}logging: { level: warn }\n`;
    writeFileSync(join(root.path, CONFIG), mine);

    expectSuccess(root, "dpkg", "-i", root.bring(nextVersion(dir.path)));
    expect(root.text(CONFIG)).toBe(mine);
    // postrm of the old version, and postinst of the new one.
    expect(root.systemdCalls()).toEqual([
      "systemctl daemon-reload",
      ...installed,
      "systemctl try-restart healthcheck-server.service",
      isEnabled,
    ]);

    expectSuccess(root, "dpkg", "-P", "healthcheck-server");
    const [stop, disable] = root.systemdCalls();
    expect([stop, disable]).toEqual([
      "systemctl stop healthcheck-server.service",
      "systemctl --no-reload disable healthcheck-server.service",
    ]);
    expect(root.list()).not.toContain(CONFIG);
  },
  LIMIT_MS,
);

rootTest(
  "debian: purge leaves a user that an administrator created, and one that another unit runs as",
  NEEDS,
  async () => {
    await using root = makeDebianRoot(true);
    expectSuccess(root, "useradd", "--system", "--comment", "Mine", "seesaw");
    const file = root.bring(packageFile);
    expectSuccess(root, "dpkg", "-i", file);
    expectSuccess(root, "dpkg", "-P", "healthcheck-server");
    expect(root.text("/etc/passwd")).toMatch(/^seesaw:.*:Mine:/m);

    expectSuccess(root, "userdel", "seesaw");
    expectSuccess(root, "dpkg", "-i", file);
    mkdirSync(join(root.path, "etc/systemd/system"), { recursive: true });
    writeFileSync(join(root.path, "etc/systemd/system/proxy.service"), "[Service]\nUser=seesaw\n");
    expectSuccess(root, "dpkg", "-P", "healthcheck-server");
    expect(root.text("/etc/passwd")).toMatch(/^seesaw:.*:Seesaw healthcheck server:/m);
  },
  LIMIT_MS,
);

/** Purges what is installed, and says which of the user and the group are still there. */
function leftAfterPurge(root: DebianRoot): string[] {
  expectSuccess(root, "dpkg", "-P", "healthcheck-server");
  return ["passwd", "group"].filter((file) => /^seesaw:/m.test(root.text(`/etc/${file}`)));
}

rootTest(
  "debian: purge leaves a group that the administrator made, and both while anything uses them",
  NEEDS,
  async () => {
    await using dir = makeTempDir("deb");
    await using root = makeDebianRoot(true);
    const file = root.bring(nextVersion(dir.path));
    const install = () => expectSuccess(root, "dpkg", "-i", file);
    const write = (path: string, text: string) => {
      mkdirSync(join(root.path, dirname(path)), { recursive: true });
      writeFileSync(join(root.path, path), text);
      return () => rmSync(join(root.path, path));
    };
    install();
    expect(leftAfterPurge(root)).toEqual([]);

    expectSuccess(root, "groupadd", "--system", "seesaw");
    install();
    expect(leftAfterPurge(root)).toEqual(["group"]);
    expectSuccess(root, "groupdel", "seesaw");

    const uses: (() => () => unknown)[] = [
      () => write("/etc/systemd/system/proxy.service", "[Service]\nUser=root\nGroup=seesaw\n"),
      () =>
        write("/run/systemd/system/proxy.service.d/a.conf", "[Service]\n SupplementaryGroups = a seesaw\n"),
      () => write("/etc/sysusers.d/seesaw.conf", 'u seesaw - "Seesaw load balancer"\n'),
      () => {
        expectSuccess(root, "useradd", "--groups", "seesaw", "operator");
        return () => expectSuccess(root, "userdel", "operator");
      },
      () => {
        expectSuccess(root, "useradd", "--gid", "seesaw", "operator");
        return () => expectSuccess(root, "userdel", "operator");
      },
      () => {
        const remove = write("/etc/seesaw/checks.yaml", "healthchecks: []\n");
        expectSuccess(root, "chown", "root:seesaw", "/etc/seesaw/checks.yaml");
        return remove;
      },
    ];
    for (const use of uses) {
      install();
      const unused = use();
      expect([String(use), leftAfterPurge(root)]).toEqual([String(use), ["passwd", "group"]]);
      unused();
      for (const remove of ["userdel", "groupdel"]) root.run(remove, "seesaw");
    }
  },
  LIMIT_MS,
);

rootTest(
  "debian: a configuration file that was there before the package is neither asked about nor removed",
  NEEDS,
  async () => {
    await using dir = makeTempDir("deb");
    await using root = makeDebianRoot(true);
    mkdirSync(join(root.path, "etc/seesaw"));
    writeFileSync(join(root.path, CONFIG), "logging: { level: warn }\n");
    expectSuccess(root, "dpkg", "-i", root.bring(nextVersion(dir.path)));
    expect(root.text(CONFIG)).toBe("logging: { level: warn }\n");
    expectSuccess(root, "dpkg", "-P", "healthcheck-server");
    expect(root.text(CONFIG)).toBe("logging: { level: warn }\n");
    rmSync(join(root.path, CONFIG));

    // One that the operator has removed is not made again by an upgrade.
    expectSuccess(root, "dpkg", "-i", "/tmp/package.deb");
    expect(root.text(CONFIG)).toBe(root.text(EXAMPLE));
    rmSync(join(root.path, CONFIG));
    expectSuccess(root, "dpkg", "-i", "/tmp/package.deb");
    expect(root.list()).not.toContain(CONFIG);
  },
  LIMIT_MS,
);
