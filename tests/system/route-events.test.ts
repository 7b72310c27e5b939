/** Tests for src/system/route-events.ts and carrier-lookup.ts: a cable that is unplugged, and more changes than there is room for. */
import { expect } from "bun:test";
import { join } from "node:path";
import { rootTest } from "../harness/base/peers.ts";

rootTest(
  "rtnetlink: the carrier of a link and an overrun of the receive buffer are noticed",
  ["ip", "unshare"],
  () => {
    const script = join(import.meta.dir, "route-events-process.ts");
    const done = Bun.spawnSync(["unshare", "-n", process.execPath, script], { stdin: "ignore" });
    expect(done.stderr.toString()).toBe("");
    expect(JSON.parse(done.stdout.toString())).toEqual({
      connected: [false, false, false, false],
      noticed: true,
      unplugged: [true, true, true, false],
      back: true,
      plugged: [false, false, false, false],
      hasDropped: true,
      overrun: true,
      quiet: false,
      afterwards: true,
      lostOf: {
        route: "10.9.0.0/16",
        default: "default/0",
        replaced: "",
        rejected: "10.8.0.0/15 10.6.0.0/15",
        unreachable: "fd09::/64",
        address: "192.0.2.9",
        ipv6: "fd00:2::9",
      },
      wasDown: true,
      isHit: [true, false, true, false, true, false, true, false],
      looks: [
        { isGone: false, wasInterrupted: false },
        { isGone: false, wasInterrupted: false },
        { isGone: false, wasInterrupted: true },
      ],
    });
  },
);
