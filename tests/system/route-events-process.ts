/**
 * Watches the links and routes of the network that it runs in, and changes them: a cable, its carrier, and more changes than its receive buffer
 * takes. Started by route-events.test.ts in a network of its own; prints what it saw as JSON.
 */
import { CarrierLookup } from "../../src/system/carrier-lookup.ts";
import { Descriptors } from "../../src/system/descriptors.ts";
import { libc, SK_MEMINFO, SO_MEMINFO, SO_RCVBUF, SOL_SOCKET } from "../../src/system/libc.ts";
import { RouteEvents } from "../../src/system/route-events.ts";
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
const events = new RouteEvents(sockets, () => changes++);
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
