/** A server with ten thousand checks is killed, and a tenth of its backends lose a SYN just then: no state changes. Run by `bun test`. */
// alone: runs ten thousand checks
import { expect } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { startSink } from "../harness/backends/sink.ts";
import { peerPath, rootTest } from "../harness/base/peers.ts";
import { stopProcess } from "../harness/base/process.ts";
import { makeTempDir } from "../harness/base/tempdir.ts";
import { until } from "../harness/base/wait.ts";
import { tcpCheck, times } from "../harness/client/checks.ts";
import { connectClient } from "../harness/client/client.ts";
import { notifications } from "../harness/client/client-assertions.ts";
import { NO_REFRESH, startDaemon } from "../harness/daemon/daemon.ts";
import { inNetworkOf, inOwnNetwork } from "../harness/machines/namespace.ts";

const COUNT = 10_000;
const PERIOD_MS = 60_000;
/** A lost SYN is sent again after a second, so the check fails before that. */
const TIMES = { interval: "4s", timeout: "500ms", retries: 2 };

/** Address of a backend, from 1. */
const addressOf = (id: number) => `127.1.${id >> 8}.${id & 0xff}`;
const LOSSY = times(COUNT / 10, (at) => addressOf(at * 10 + 1));

/** Drops the first SYN to each lossy backend where it arrives, and remembers which ones were. */
const RULES = `table ip losses {
  set lossy { type ipv4_addr; elements = { ${LOSSY.join(", ")} }; }
  set dropped { type ipv4_addr; flags dynamic; size 65536; }
  chain input {
    type filter hook input priority 0;
    tcp flags & (syn | ack) == syn ip daddr @lossy ip daddr != @dropped add @dropped { ip daddr } drop
  }
}`;

rootTest(
  "restart: of ten thousand backends a tenth loses a SYN after a kill, and no state changes",
  ["nft", "nsenter"],
  async () => {
    await using dir = makeTempDir("restart-losses");
    await using stack = new AsyncDisposableStack();
    const holder = Bun.spawn([...inOwnNetwork(4_000), "sleep", "infinity"], { stdin: "ignore" });
    stack.defer(() => stopProcess(holder));
    const command = () => readFileSync(`/proc/${holder.pid}/comm`, "utf8");
    await until(() => command() === "sleep\n", PERIOD_MS, "a network");
    const prefix = inNetworkOf(holder.pid);
    const nft = (...args: readonly string[]) => Bun.spawnSync([...prefix, peerPath("nft"), ...args]);
    const sink = stack.use(await startSink(1, prefix, "0.0.0.0"));
    const port = sink.targets[0]?.port ?? 0;
    const checks = times(COUNT, (at) => tcpCheck(at + 1, { hostname: addressOf(at + 1), port }, TIMES));
    const file = join(dir.path, "states");
    const socketPath = join(dir.path, "proxy.sock");
    const config = `server: { proxy_socket: ${socketPath}, state_file: ${file} }\n${NO_REFRESH}`;
    const start = () => startDaemon({ config, socketPath, prefix });
    {
      await using daemon = await start();
      await using client = await connectClient(socketPath);
      client.update(checks);
      await until(() => client.latest.size === COUNT, PERIOD_MS, "every state");
      const written = () => readFileSync(file, "utf8").match(/"state":"healthy"/g)?.length ?? 0;
      await until(() => written() >= COUNT, PERIOD_MS, "every state in the file");
      daemon.signal("SIGKILL");
      await daemon.exited;
    }
    const rules = join(dir.path, "rules");
    await Bun.write(rules, RULES);
    expect(nft("-f", rules).stderr.toString()).toBe("");

    await using daemon = await start();
    await using client = await connectClient(socketPath);
    client.update(checks);
    await until(() => client.latest.size === COUNT, PERIOD_MS, "every state again");
    expect(daemon.log.join("\n")).toMatch(/States restored from before the restart .*states=10000/);
    expect(notifications(client).filter(({ status }) => status.state !== "healthy")).toEqual([]);
    expect(daemon.log.filter((line) => line.includes("Health state changed"))).toEqual([]);
    const dropped = nft("list", "set", "ip", "losses", "dropped").stdout.toString();
    expect(dropped.match(/127\.1\.\d+\.\d+/g)?.length).toBe(LOSSY.length);
  },
  180_000,
);
