/**
 * Watches the links and routes of the network that it runs in, and changes them: a cable, its carrier, and more changes than its receive buffer
 * takes. Started by route-events.test.ts in a network of its own; prints what it saw as JSON.
 */
import { Way } from "../../src/network/way.ts";
import { CarrierLookup } from "../../src/system/carrier-lookup.ts";
import { Descriptors } from "../../src/system/descriptors.ts";
import {
  AF_INET,
  AF_INET6,
  libc,
  SK_MEMINFO,
  SO_MEMINFO,
  SO_RCVBUF,
  SOL_SOCKET,
} from "../../src/system/libc.ts";
import { RouteEvents } from "../../src/system/route-events.ts";
import type { RouteLoss } from "../../src/system/route-loss.ts";
import { ipText, type SockAddr } from "../../src/system/sockaddr.ts";
import { targetAddress } from "../../src/system/socket-options.ts";
import { Sockets } from "../../src/system/sockets.ts";
import { peerPath } from "../harness/base/peers.ts";

/** Changes of a link, of some hundred bytes each; the smallest buffer has 2,304. */
const MANY = 20;
const TARGETS = ["192.0.2.77", "10.0.0.1", "fd00:2::77", "127.0.0.1"].map((ip) =>
  targetAddress({ ip, port: 80 }, undefined),
);

const sockets = new Sockets(new Descriptors(10), (error) => {
  throw error;
});
let changes = 0;
let losses: RouteLoss[] = [];
const events = new RouteEvents(sockets, (lost) => {
  changes++;
  losses.push(...lost);
});
libc.setsockopt(events.fd, SOL_SOCKET, SO_RCVBUF, new Int32Array([1]), 4);

for (const words of [
  "link set lo up",
  "link add near type veth peer name far",
  "address add 192.0.2.1/24 dev near",
  "address add fd00:2::1/64 dev near nodad",
  "link set near up",
  "link set far up",
  "route add default via 192.0.2.2",
])
  ip(words);
poll();
const connected = lost();
ip("link set far down");
const noticed = poll();
const unplugged = lost();
ip("link set far up");
const back = poll();
const plugged = lost();
for (let index = 0; index < MANY; index++) ip(`link set lo ${index % 2 === 0 ? "down" : "up"}`);
const dropped = drops();
const overrun = poll();
const quiet = poll();
ip("route del default");
const afterwards = poll();
const lostOf = {
  route: lossesOf("route add 10.9.0.0/16 via 192.0.2.2", "route del 10.9.0.0/16"),
  default: lossesOf("route add default via 192.0.2.2", "route del default"),
  replaced: lossesOf("route replace 10.9.0.0/16 via 192.0.2.3", "route replace 10.9.0.0/16 via 192.0.2.2"),
  rejected: lossesOf("route add prohibit 10.8.0.0/15", "route add blackhole 10.6.0.0/15"),
  unreachable: lossesOf("-6 route add unreachable fd09::/64"),
  address: lossesOf("address add 192.0.2.9/24 dev near", "address del 192.0.2.9/24 dev near"),
  ipv6: lossesOf("address add fd00:2::9/64 dev near nodad", "address del fd00:2::9/64 dev near"),
};
const near = linkOf(TARGETS[0]);
ip("link set near down");
ip("link set near up");
poll();
const wasDown = losses.some((loss) => loss.kind === "link" && loss.index === near);
// Things that checks use, and others.
const way = new Way();
const all = new Set(TARGETS.slice(0, 1));
const look = () => way.look([...all], all, 0.5);
const before = look();
const hits = [
  { kind: "link", index: near },
  { kind: "link", index: near + 100 },
  { kind: "address", ip: "192.0.2.1" },
  { kind: "address", ip: "192.0.2.9" },
  { kind: "route", family: AF_INET, prefixLength: 24, prefix: new Uint8Array([192, 0, 2, 0]) },
  { kind: "route", family: AF_INET, prefixLength: 27, prefix: new Uint8Array([192, 0, 2, 96]) },
  { kind: "route", family: AF_INET, prefixLength: 0, prefix: new Uint8Array() },
  { kind: "route", family: AF_INET6, prefixLength: 0, prefix: new Uint8Array() },
] as const;
const isHit = hits.map((loss) => way.isHit([loss]));
const steady = look();
ip("link set far down");
ip("link set far up");
const flickered = look();
process.stdout.write(
  JSON.stringify({
    connected,
    noticed,
    unplugged,
    back,
    plugged,
    hasDropped: dropped > 0,
    overrun,
    quiet,
    afterwards,
    lostOf,
    wasDown,
    isHit,
    looks: [before, steady, flickered],
  }),
);

function ip(words: string): void {
  const done = Bun.spawnSync([peerPath("ip"), ...words.split(" ")], { stdin: "ignore" });
  if (!done.success) throw new Error(`ip ${words}: ${done.stderr.toString()}`);
}

/** Reads what has come. @returns true when it was reported as a change */
function poll(): boolean {
  const before = changes;
  sockets.poll(performance.now());
  return changes > before;
}

/** Makes changes, and returns the losses among them as text. */
function lossesOf(...changed: readonly string[]): string {
  poll();
  losses = [];
  for (const words of changed) {
    ip(words);
    // The buffer has room for few.
    poll();
  }
  return losses.map(textOf).join(" ");
}

function textOf(loss: RouteLoss): string {
  if (loss.kind === "link") return `link ${loss.index}`;
  return loss.kind === "address" ? loss.ip : `${ipText(loss.prefix) ?? "default"}/${loss.prefixLength}`;
}

function linkOf(target: SockAddr | undefined): number {
  using carriers = new CarrierLookup();
  return (target && carriers.of(target)?.link) ?? 0;
}

/** Finds the targets whose link has no carrier. */
function lost(): readonly boolean[] {
  using carriers = new CarrierLookup();
  return TARGETS.map((target) => carriers.isLost(target));
}

/** Messages that the kernel has dropped for want of room. */
function drops(): number {
  const memory = new Uint32Array(SK_MEMINFO.length);
  libc.getsockopt(events.fd, SOL_SOCKET, SO_MEMINFO, memory, new Uint32Array([memory.byteLength]));
  return memory[SK_MEMINFO.drops] ?? 0;
}
