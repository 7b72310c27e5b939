/** examples/systemd: units that systemd takes without a word, hardened, with the user and the directories that they name. Run by `bun test`. */
import { expect, test } from "bun:test";
import { mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DEFAULT_CONFIG } from "../../src/config/schema.ts";
import { WITHOUT_EFFECT } from "../../src/system/runtime-variables.ts";
import { printFigure } from "../harness/base/figures.ts";
import { peerPath, peerTest } from "../harness/base/peers.ts";
import { makeTempDir } from "../harness/base/tempdir.ts";
import { daemonPath } from "../harness/daemon/executable.ts";

const EXAMPLES = join(import.meta.dir, "..", "..", "examples", "systemd");
const UNITS = ["healthcheck-server.service", "healthcheck-proxy.service"];
/** Maximum exposure, of 10; the rest is the network that it must reach, and code that is compiled while it runs. */
const MAX_EXPOSED = 2.0;

function read(name: string): string {
  return readFileSync(join(EXAMPLES, name), "utf8");
}

/** The values of a unit's key, in order; several lines of one key are several values. */
function values(unit: string, key: string): string[] {
  return [...unit.matchAll(new RegExp(`^${key}=(.*)$`, "gm"))].map(([, value = ""]) => value);
}

function runTool(name: Parameters<typeof peerPath>[0], ...args: string[]) {
  const { exitCode, stdout, stderr } = Bun.spawnSync([peerPath(name), ...args], {
    stdin: "ignore",
    timeout: 20_000,
  });
  return { exitCode, text: `${stdout}${stderr}` };
}

peerTest("units: systemd-analyze verify has nothing to say", ["systemd-analyze"], async () => {
  await using dir = makeTempDir("units");
  mkdirSync(join(dir.path, "bin"));
  // It wants to see what is started. The proxy is Seesaw's: anything that can be executed stands in for it.
  for (const name of ["healthcheck-server", "healthcheck-proxy"])
    symlinkSync(daemonPath(), join(dir.path, "bin", name));
  const files = UNITS.map((unit) => {
    const file = join(dir.path, unit);
    writeFileSync(file, read(unit).replaceAll("/usr/local/bin/", `${dir.path}/bin/`));
    return file;
  });
  const { exitCode, text } = runTool("systemd-analyze", "verify", "--man=no", ...files);
  // It also reads the units of this host, which are not ours.
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("/lib/systemd/"));
  expect({ exitCode, lines }).toEqual({ exitCode: 0, lines: [] });
  // It would, if there was something.
  writeFileSync(files[0] ?? "", `${read(UNITS[0] ?? "")}\n[Service]\nNoNewPriviliges=yes\n`);
  expect(runTool("systemd-analyze", "verify", "--man=no", ...files).text).toContain("NoNewPriviliges");
});

for (const unit of UNITS) {
  peerTest(`units: ${unit} is exposed by at most ${MAX_EXPOSED}`, ["systemd-analyze"], () => {
    const args = ["security", "--offline=true", "--no-pager", `--threshold=${MAX_EXPOSED * 10}`];
    const { exitCode, text } = runTool("systemd-analyze", ...args, join(EXAMPLES, unit));
    const [, level = "10"] = /Overall exposure level for \S+: ([0-9.]+)/.exec(text) ?? [];
    expect(Number(level)).toBeLessThanOrEqual(MAX_EXPOSED);
    expect(exitCode).toBe(0);
  });
}

peerTest(
  `units: with the drop-in for marks and ICMP the server is exposed by at most ${MAX_EXPOSED}`,
  ["systemd-analyze"],
  async () => {
    await using dir = makeTempDir("drop-in");
    const [unit = ""] = UNITS;
    const file = join(dir.path, unit);
    writeFileSync(file, read(unit));
    mkdirSync(`${file}.d`);
    writeFileSync(join(`${file}.d`, "net-raw.conf"), read("healthcheck-server-net-raw.conf"));
    const args = ["security", "--offline=true", "--no-pager", `--threshold=${MAX_EXPOSED * 10}`];
    const { exitCode, text } = runTool("systemd-analyze", ...args, file);
    const [, level = "10"] = /Overall exposure level for \S+: ([0-9.]+)/.exec(text) ?? [];
    printFigure("exposure with the drop-in", Number(level), "of 10");
    expect(Number(level)).toBeLessThanOrEqual(MAX_EXPOSED);
    expect(exitCode).toBe(0);
    // The drop-in was read: only with it the service has the capability.
    expect(text).toMatch(/✗ .*~?AmbientCapabilities=/);
  },
);

test("units: they remove what is meant for the runtime inside", () => {
  const removed = values(read("healthcheck-server.service"), "UnsetEnvironment").flatMap((line) =>
    line.split(" "),
  );
  expect(removed.sort()).toEqual([...WITHOUT_EFFECT].sort());
});

test("units: they name what the server does", () => {
  const unit = read("healthcheck-server.service");
  expect(values(unit, "Type")).toEqual(["notify"]);
  expect(values(unit, "ExecStart")).toEqual(["/usr/local/bin/healthcheck-server run --strict-config"]);
  expect(values(unit, "MemoryDenyWriteExecute")).toEqual([]);
  // /var/run is /run on every systemd.
  const [directory = ""] = values(unit, "RuntimeDirectory");
  expect(DEFAULT_CONFIG.server.proxy_socket).toStartWith(`/var/run/${directory}/`);
  const proxy = read("healthcheck-proxy.service");
  expect(proxy).toContain(`-rust_socket=${DEFAULT_CONFIG.server.proxy_socket.replace("/var/run/", "/run/")}`);
  expect(values(proxy, "After")[0]).toContain("healthcheck-server.service");
});

peerTest(
  "units: systemd-sysusers makes the user and the group that the units name",
  ["systemd-sysusers"],
  async () => {
    await using root = makeTempDir("sysusers");
    mkdirSync(join(root.path, "etc"));
    const made = runTool("systemd-sysusers", `--root=${root.path}`, join(EXAMPLES, "seesaw-sysusers.conf"));
    expect(made.exitCode).toBe(0);
    const passwd = readFileSync(join(root.path, "etc/passwd"), "utf8");
    expect(passwd).toMatch(/^seesaw:x:(\d+):(\d+):Seesaw load balancer:\/:\/usr\/sbin\/nologin$/m);
    expect(readFileSync(join(root.path, "etc/group"), "utf8")).toMatch(/^seesaw:x:\d+:$/m);
    const unit = read("healthcheck-server.service");
    expect([...values(unit, "User"), ...values(unit, "Group")]).toEqual(["seesaw", "seesaw"]);
  },
);

peerTest(
  "units: systemd-tmpfiles makes the directories, the socket's for the server's user",
  ["systemd-tmpfiles"],
  async () => {
    await using root = makeTempDir("tmpfiles");
    mkdirSync(join(root.path, "etc"));
    // The user of the test run plays seesaw here, so that it needs no root.
    const uid = process.getuid?.() ?? 0;
    const gid = process.getgid?.() ?? 0;
    writeFileSync(
      join(root.path, "etc/passwd"),
      `seesaw:x:${uid}:${gid}::/:/usr/sbin/nologin\nroot:x:${uid}:${gid}::/:/bin/sh\n`,
    );
    writeFileSync(join(root.path, "etc/group"), `seesaw:x:${gid}:\nroot:x:${gid}:\n`);
    const made = runTool(
      "systemd-tmpfiles",
      "--create",
      `--root=${root.path}`,
      join(EXAMPLES, "seesaw-tmpfiles.conf"),
    );
    expect(made).toEqual({ exitCode: 0, text: "" });
    for (const path of ["run/seesaw", "etc/seesaw"]) {
      const stat = statSync(join(root.path, path));
      expect([stat.isDirectory(), stat.mode & 0o7777]).toEqual([true, 0o755]);
    }
    const unit = read("healthcheck-server.service");
    const [directory] = values(unit, "RuntimeDirectory");
    expect(read("seesaw-tmpfiles.conf")).toContain(
      `d /run/${directory} ${values(unit, "RuntimeDirectoryMode")[0]} seesaw seesaw -`,
    );
  },
);
