/**
 * The least that checking by TCP can cost in this runtime: connects to the given ports at an even pace through the C library
 * and closes by RST, nothing else. Started by the load test, which compares the daemon with it in the same run.
 *
 * Arguments: ports as JSON, connections a second, seconds. Writes its CPU time as a percentage of a core.
 */
import { ptr } from "bun:ffi";
import { EINPROGRESS } from "../../../src/system/errno.ts";
import {
  errno,
  libc,
  SO_LINGER,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_STREAM,
  SOL_SOCKET,
} from "../../../src/system/libc.ts";
import { sockAddr } from "../../../src/system/sockaddr.ts";

const GROUP = 25;
const WARM_UP_S = 2;
const noLinger = new Int32Array([1, 0]);

// The cast names what our own program writes.
const ports = JSON.parse(process.argv[2] ?? "[]") as number[];
const perSecond = Number(process.argv[3]);
const seconds = Number(process.argv[4]);
const targets = ports.map((port) => sockAddr({ ip: "127.0.0.1", port }));
let next = 0;

function group(): void {
  const open: number[] = [];
  for (let index = 0; index < GROUP; index++) {
    const target = targets[next++ % targets.length];
    if (target === undefined) throw new Error("no ports");
    const fd = libc.socket(target.family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const outcome = libc.connect(fd, ptr(target.bytes), target.bytes.length);
    if (fd < 0 || (outcome !== 0 && errno() !== EINPROGRESS)) throw new Error(`connect: errno ${errno()}`);
    open.push(fd);
  }
  for (const fd of open) {
    libc.setsockopt(fd, SOL_SOCKET, SO_LINGER, ptr(noLinger), noLinger.byteLength);
    libc.close(fd);
  }
}

setInterval(group, (GROUP * 1_000) / perSecond);
await Bun.sleep(WARM_UP_S * 1_000);
const before = process.cpuUsage();
const startMs = performance.now();
await Bun.sleep(seconds * 1_000);
const { user, system } = process.cpuUsage(before);
process.stdout.write(`${((user + system) / 1_000 / (performance.now() - startMs)) * 100}\n`);
process.exit(0);
