/**
 * Two networks joined by a cable: one for the daemon, one for its backends, each with an address that is not a loopback address. Called by
 * the tests of what connections do on a real interface; needs root.
 */
import { readlinkSync } from "node:fs";
import { peerPath } from "../base/peers.ts";
import { stopProcess } from "../base/process.ts";
import { until } from "../base/wait.ts";
import { inNetworkOf } from "./namespace.ts";

/** One end of the cable. */
export interface End {
  /** Its address on the cable. */
  readonly address: string;
  /** A prefix for a command that is to run in its network. */
  readonly prefix: readonly string[];
  /** Runs a command in its network, `ip route add …` for example. @returns what it prints @throws Error with its error message */
  run(command: readonly string[]): string;
  /** RST segments that this network has sent so far, by the kernel's count (`OutRsts` in snmp_counter.rst). */
  resetsSent(): number;
}

/** The cable; disposing it removes both networks. */
export interface Link extends AsyncDisposable {
  readonly near: End;
  readonly far: End;
}

const ADDRESSES = { near: "192.0.2.1", far: "192.0.2.2" };

/** Makes two networks and the cable. @throws Error with the words of ip(8) */
export async function startLink(): Promise<Link> {
  await using stack = new AsyncDisposableStack();
  const near = await startNetwork(stack);
  const far = await startNetwork(stack);
  run(near, ["ip", "link", "add", "cable", "type", "veth", "peer", "name", "cable", "netns", String(far)]);
  for (const [pid, address] of [[near, ADDRESSES.near] as const, [far, ADDRESSES.far] as const]) {
    run(pid, ["ip", "link", "set", "lo", "up"]);
    run(pid, ["ip", "address", "add", `${address}/24`, "dev", "cable"]);
    run(pid, ["ip", "link", "set", "cable", "up"]);
  }
  const owned = stack.move();
  return {
    near: end(near, ADDRESSES.near),
    far: end(far, ADDRESSES.far),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Starts a process that only holds a network of its own, until the stack is disposed of. @returns its pid */
export async function startNetwork(stack: AsyncDisposableStack): Promise<number> {
  const child = Bun.spawn(["unshare", "-n", "sleep", "infinity"], { stdin: "ignore", stdout: "ignore" });
  stack.defer(() => stopProcess(child));
  const ours = readlinkSync("/proc/self/ns/net");
  await until(() => readlinkSync(`/proc/${child.pid}/ns/net`) !== ours, 5_000, "a network of its own");
  return child.pid;
}

/** The network of a process as one end of a cable. @param address - its address on the cable */
export function end(pid: number, address: string): End {
  return {
    address,
    prefix: inNetworkOf(pid),
    run: (command) => run(pid, command),
    resetsSent() {
      const [names = "", values = ""] = run(pid, ["cat", "/proc/net/snmp"])
        .split("\n")
        .filter((line) => line.startsWith("Tcp:"));
      return Number(values.split(" ")[names.split(" ").indexOf("OutRsts")]);
    },
  };
}

/** Runs a command in the network of a process. @returns what it prints @throws Error with its error message */
export function run(pid: number, [program = "", ...args]: readonly string[]): string {
  const path = program === "ip" ? peerPath("ip") : program;
  const done = Bun.spawnSync([...inNetworkOf(pid), path, ...args], { stdin: "ignore" });
  if (!done.success) throw new Error(`${program} ${args.join(" ")}: ${done.stderr.toString().trim()}`);
  return done.stdout.toString();
}
