/**
 * Capabilities of a container as its runtime gives them, without the runtime: what deployment.md says of Podman and of Docker. Run by
 * `bun test`.
 */
import { expect, test } from "bun:test";
import { chmodSync, copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { validate } from "dockerfile-utils";
import { peerPath, rootTest } from "../harness/base/peers.ts";
import { makeTempDir } from "../harness/base/tempdir.ts";
import { daemonPath } from "../harness/daemon/executable.ts";

const DOCKERFILE = readFileSync(
  join(import.meta.dir, "..", "..", "examples", "container", "Dockerfile.net-raw"),
  "utf8",
);
/** The image's user, in a network where `net.ipv4.ping_group_range` is closed. */
const USER = ["--reuid=65532", "--regid=65532", "--clear-groups"];
const NETWORK = ["unshare", "-n", "sh", "-c", 'ip link set lo up && exec "$0" "$@"'];

test("Dockerfile.net-raw: a linter finds nothing, and it gives the capability that the documents name", () => {
  expect(validate(DOCKERFILE)).toEqual([]);
  expect(DOCKERFILE).toContain("\nRUN setcap cap_net_raw+ep /healthcheck-server\n");
});

/** The last lines of a check with a mark and of a ping. */
function probes(setpriv: readonly (readonly string[])[], executable: string): string[] {
  const prefix = [...NETWORK, ...setpriv.flatMap((options) => [peerPath("setpriv"), ...options])];
  return [
    ["probe", "tcp", "127.0.0.1:1", "--mark", "7"],
    ["probe", "icmp", "127.0.0.1"],
  ].map((args) => {
    const run = Bun.spawnSync([...prefix, executable, ...args], {
      cwd: "/",
      stdin: "ignore",
      timeout: 30_000,
    });
    const lines = `${run.stdout}${run.stderr}`.trimEnd().split("\n");
    return (lines.at(-1) ?? "")
      .split(/: (?=connection|answered|set mark|open an|Operation)/)
      .slice(0, 2)
      .join(": ");
  });
}

const VERDICTS = [
  "unhealthy: L4CON TCP connect to 127.0.0.1:1: connection refused",
  "healthy: L4OK ICMP echo to 127.0.0.1: answered",
];

rootTest(
  "container: an added capability reaches a user other than root when it is ambient, or the executable has it",
  ["setpriv", "ip", "setcap"],
  async () => {
    await using dir = makeTempDir("capabilities");
    chmodSync(dir.path, 0o755);
    const plain = join(dir.path, "plain");
    const capable = join(dir.path, "capable");
    for (const path of [plain, capable]) {
      copyFileSync(daemonPath(), path);
      chmodSync(path, 0o755);
    }
    Bun.spawnSync([peerPath("setcap"), "cap_net_raw+ep", capable]);
    const added = [...USER, "--inh-caps=-all", "--bounding-set=-all,+net_raw"];
    // A program in between loses what setpriv itself keeps when it becomes another user.
    const docker = [added, ["--inh-caps=-all"]];
    const podman = [
      [
        ...[...USER, "--inh-caps=-all,+net_raw", "--ambient-caps=-all,+net_raw"],
        ...["--bounding-set=-all,+net_raw", "--no-new-privs"],
      ],
    ];
    const local = [
      expect.stringMatching(/^inconclusive: LOCAL TCP connect to 127\.0\.0\.1:1: set mark 7/),
      expect.stringMatching(/^inconclusive: LOCAL ICMP echo to 127\.0\.0\.1: open an ICMP socket/),
    ];
    expect(probes(podman, plain)).toEqual(VERDICTS);
    expect(probes(docker, plain)).toEqual(local);
    expect(probes(docker, capable)).toEqual(VERDICTS);
    expect(probes([...docker, ["--no-new-privs"]], capable)).toEqual(local);
    const without = [[...USER, "--inh-caps=-all", "--bounding-set=-all"], ["--inh-caps=-all"]];
    expect(probes(without, capable)).toEqual([
      expect.stringMatching(/Operation not permitted$/),
      expect.stringMatching(/Operation not permitted$/),
    ]);
  },
  60_000,
);
