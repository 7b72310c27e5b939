/**
 * A load balancer and its backends, each in a network of its own: every backend has the VIP on its loopback interface, and a mark leads the
 * packets of the load balancer to one of them, as IPVS leads them for Seesaw. Called by the tests of backends behind a VIP; needs root.
 */
import { type End, end, run, startNetwork } from "./link.ts";

/** The address that all backends share. */
export const VIP = "198.51.100.1";
/** Mark of the first backend; Seesaw allots marks from here on. */
const FIRST_MARK = 65_536;

/** One backend. */
export interface VipBackend extends End {
  /** Leads the packets of the load balancer here. */
  readonly mark: number;
  /** Takes the VIP from this backend alone, which drops the packets to it from then on. */
  takeVip(): void;
  /** Gives the VIP back. */
  giveVip(): void;
}

/** The networks; disposing removes all of them. */
export interface VipNetworks extends AsyncDisposable {
  /** A prefix for a command that is to run in the network of the load balancer. */
  readonly prefix: readonly string[];
  readonly backends: readonly VipBackend[];
}

/** Makes the networks. @throws Error with the words of ip(8) */
export async function startVipNetworks(count: number): Promise<VipNetworks> {
  await using stack = new AsyncDisposableStack();
  const balancer = await startNetwork(stack);
  run(balancer, ["ip", "link", "set", "lo", "up"]);
  const backends: VipBackend[] = [];
  for (let index = 1; index <= count; index++) backends.push(await startBackend(stack, balancer, index));
  const owned = stack.move();
  return {
    prefix: end(balancer, "").prefix,
    backends,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function startBackend(
  stack: AsyncDisposableStack,
  balancer: number,
  index: number,
): Promise<VipBackend> {
  const pid = await startNetwork(stack);
  const [near, far] = [`192.0.${index}.1`, `192.0.${index}.2`];
  const cable = `cable${index}`;
  const mark = FIRST_MARK + index;
  run(balancer, ["ip", "link", "add", cable, "type", "veth", "peer", "name", "cable", "netns", String(pid)]);
  for (const [network, device, address] of [[balancer, cable, near] as const, [pid, "cable", far] as const]) {
    run(network, ["ip", "address", "add", `${address}/24`, "dev", device]);
    run(network, ["ip", "link", "set", device, "up"]);
  }
  run(pid, ["ip", "link", "set", "lo", "up"]);
  run(pid, ["ip", "address", "add", `${VIP}/32`, "dev", "lo"]);
  run(balancer, ["ip", "rule", "add", "fwmark", String(mark), "lookup", String(mark)]);
  run(balancer, ["ip", "route", "add", VIP, "via", far, "table", String(mark)]);
  return {
    ...end(pid, far),
    mark,
    takeVip: () => void run(pid, ["ip", "address", "del", `${VIP}/32`, "dev", "lo"]),
    giveVip: () => void run(pid, ["ip", "address", "add", `${VIP}/32`, "dev", "lo"]),
  };
}
