/** The dialer against real sockets on loopback. */
import { afterEach, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import type { PendingConnection } from "../../src/system/connection.ts";
import { Descriptors } from "../../src/system/descriptors.ts";
import { LibcDialer } from "../../src/system/dialer.ts";
import { EMFILE } from "../../src/system/errno.ts";
import { sockAddr } from "../../src/system/sockaddr.ts";
import { targetAddress } from "../../src/system/socket-options.ts";
import { acceptAll, closedPort } from "../harness/backends/backends.ts";
import { hasIpv6Loopback } from "../harness/base/ports.ts";
import { until } from "../harness/base/wait.ts";

/** fcntl-linux.h, of x86-64 and arm64 alike. */
const O_CLOEXEC = 0o2000000;

const faults: unknown[] = [];
afterEach(() => {
  expect(faults.splice(0)).toEqual([]);
});

/** A dialer, and the outcomes that its owners received. */
function fixture(limit = 10) {
  const descriptors = new Descriptors(limit);
  const dialer = new LibcDialer(descriptors, (error) => faults.push(error));
  const outcomes: (number | PendingConnection)[] = [];
  const owner = {
    connected: (dial: PendingConnection) => void outcomes.push(dial),
    failed: (number: number) => void outcomes.push(number),
  };
  const dial = (port: number, ip = "127.0.0.1") => dialer.dial(sockAddr({ ip, port }), owner);
  const waitForOutcomes = (count: number) =>
    until(
      () => {
        dialer.poll();
        return outcomes.length >= count;
      },
      2_000,
      `${count} outcomes`,
    );
  return { descriptors, dialer, outcomes, dial, waitForOutcomes };
}

const isOpen = (fd: number) => existsSync(`/proc/self/fd/${fd}`);

test("dialer: a connection opens, is reported once, and its descriptor is counted until it is closed", async () => {
  await using backend = acceptAll();
  const { dialer, descriptors, outcomes, dial, waitForOutcomes } = fixture();
  const one = dial(backend.port);
  expect([dialer.pending, descriptors.used]).toEqual([1, 1]);
  await waitForOutcomes(1);
  dialer.poll();
  expect(outcomes).toEqual([one]);
  expect([dialer.pending, descriptors.used, isOpen(one.fd)]).toEqual([0, 1, true]);
  dialer.close(one, "reset");
  expect([descriptors.used, isOpen(one.fd)]).toEqual([0, false]);
});

test("dialer: the kernel's round trip is reported", async () => {
  await using backend = acceptAll();
  const dialer = new LibcDialer(new Descriptors(1), (error) => faults.push(error));
  const rtts: (number | undefined)[] = [];
  const owner = {
    connected: (dial: PendingConnection, rttMs: number | undefined) => {
      rtts.push(rttMs);
      dialer.close(dial, "reset");
    },
    failed: () => {},
  };
  dialer.dial(sockAddr({ ip: "127.0.0.1", port: backend.port }), owner);
  await until(
    () => {
      dialer.poll();
      return rtts.length > 0;
    },
    2_000,
    "the connection",
  );
  expect(rtts[0]).toBeGreaterThan(0);
});

test("dialer: closes by RST or by FIN, as requested", async () => {
  await using backend = acceptAll();
  const { dialer, outcomes, dial, waitForOutcomes } = fixture();
  dial(backend.port);
  dial(backend.port);
  await waitForOutcomes(2);
  const [first, second] = outcomes.filter((one) => typeof one !== "number");
  if (first === undefined || second === undefined) throw new Error("not connected");
  dialer.close(first, "reset");
  await until(() => backend.resets === 1, 2_000, "the RST");
  dialer.close(second, "graceful");
  await until(() => backend.ends === 1, 2_000, "the FIN");
  expect(backend.resets).toBe(1);
});

test("dialer: a refused connection fails with its errno, and its descriptor is closed", async () => {
  await using backend = closedPort();
  const { dialer, descriptors, outcomes, dial, waitForOutcomes } = fixture();
  const one = dial(backend.port);
  await waitForOutcomes(1);
  expect(outcomes).toEqual([111]);
  expect([dialer.pending, descriptors.used, isOpen(one.fd)]).toEqual([0, 0, false]);
});

test("dialer: no owner receives an event before the next poll", async () => {
  await using backend = acceptAll();
  const { dialer, outcomes, dial, waitForOutcomes } = fixture(1);
  dial(backend.port);
  dial(backend.port);
  await until(() => backend.connections === 1, 2_000, "the connection");
  expect(outcomes).toEqual([]);
  expect(dialer.pending).toBe(2);
  await waitForOutcomes(2);
});

test("dialer: a canceled dial closes its descriptor and reports nothing", async () => {
  await using backend = acceptAll();
  const { dialer, descriptors, outcomes, dial } = fixture();
  const one = dial(backend.port);
  expect(isOpen(one.fd)).toBe(true);
  dialer.cancel(one);
  dialer.cancel(one);
  expect([dialer.pending, descriptors.used, isOpen(one.fd)]).toEqual([0, 0, false]);
  dialer.poll();
  expect(outcomes).toEqual([]);
});

test("dialer: beyond the cap a dial fails with EMFILE, without taking anything", async () => {
  await using backend = acceptAll();
  const { dialer, descriptors, outcomes, dial, waitForOutcomes } = fixture(2);
  const dials = [dial(backend.port), dial(backend.port), dial(backend.port)];
  expect(descriptors.used).toBe(2);
  await waitForOutcomes(3);
  expect(outcomes.filter((one) => one === EMFILE).length).toBe(1);
  for (const one of dials.slice(0, 2)) dialer.close(one, "reset");
  expect([dialer.pending, descriptors.used]).toEqual([0, 0]);
  dialer.cancel(dial(backend.port));
  expect(descriptors.used).toBe(0);
});

test("dialer: a dial beyond the cap can be canceled too", () => {
  const { dialer, descriptors, outcomes, dial } = fixture(0);
  dialer.cancel(dial(80));
  dialer.poll();
  expect([dialer.pending, descriptors.used, outcomes.length]).toEqual([0, 0, 0]);
});

test("dialer: an unreachable address fails immediately, and is reported with the next poll", async () => {
  const { dialer, descriptors, outcomes, dial, waitForOutcomes } = fixture();
  // Class E: connect itself says no.
  dial(80, "255.255.255.255");
  expect(outcomes).toEqual([]);
  await waitForOutcomes(1);
  expect(typeof outcomes[0]).toBe("number");
  expect([dialer.pending, descriptors.used]).toEqual([0, 0]);
});

test("dialer: an owner may cancel another within the same poll", async () => {
  await using backend = acceptAll();
  const descriptors = new Descriptors(10);
  const dialer = new LibcDialer(descriptors, (error) => faults.push(error));
  const dials: PendingConnection[] = [];
  const ready: PendingConnection[] = [];
  const owner = {
    connected: (dial: PendingConnection) => {
      ready.push(dial);
      dialer.close(dial, "reset");
      for (const other of dials) if (other !== dial) dialer.cancel(other);
    },
    failed: () => {},
  };
  for (let count = 0; count < 5; count++)
    dials.push(dialer.dial(sockAddr({ ip: "127.0.0.1", port: backend.port }), owner));
  await until(() => backend.connections === 5, 2_000, "five connections");
  dialer.poll();
  expect([ready.length, dialer.pending, descriptors.used]).toEqual([1, 0, 0]);
});

test("dialer: an owner that throws does not keep the others from hearing", async () => {
  await using backend = closedPort();
  const { dialer, outcomes, dial, waitForOutcomes } = fixture();
  const fault = new Error("broken");
  const broken = {
    connected: () => {},
    failed: () => {
      throw fault;
    },
  };
  dialer.dial(sockAddr({ ip: "127.0.0.1", port: backend.port }), broken);
  dial(backend.port);
  await waitForOutcomes(1);
  await until(() => faults.length === 1 || dialer.poll(), 2_000, "the fault");
  expect(outcomes).toEqual([111]);
  expect(faults.splice(0)).toEqual([fault]);
});

test("dialer: a thousand connections, one after the other, leave nothing behind", async () => {
  await using backend = closedPort();
  const { dialer, descriptors, outcomes, dial, waitForOutcomes } = fixture(100);
  for (let round = 1; round <= 10; round++) {
    for (let count = 0; count < 100; count++) dial(backend.port);
    await waitForOutcomes(round * 100);
  }
  expect(new Set(outcomes)).toEqual(new Set([111]));
  expect([dialer.pending, descriptors.used]).toEqual([0, 0]);
});

test.skipIf(!hasIpv6Loopback())("dialer: connects over IPv6", async () => {
  await using backend = acceptAll({ hostname: "::1" });
  const { dialer, dial, waitForOutcomes, outcomes } = fixture();
  const one = dial(backend.port, "::1");
  await waitForOutcomes(1);
  expect(outcomes).toEqual([one]);
  dialer.close(one, "reset");
});

test("dialer: the socket of a connection with options serves no other connection", async () => {
  const callers: string[] = [];
  using listener = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: { open: (socket) => void callers.push(socket.remoteAddress), data() {}, error() {} },
  });
  const descriptors = new Descriptors(100);
  const dialer = new LibcDialer(descriptors, (error) => faults.push(error));
  const plain = targetAddress({ ip: "127.0.0.1", port: listener.port }, undefined);
  const options = { mark: undefined, sourceIp: "127.0.0.2", interface: undefined };
  const bound = targetAddress({ ip: "127.0.0.1", port: listener.port }, options);
  for (const [index, address] of [bound, plain, bound, plain, bound].entries()) {
    dialer.dial(address, {
      connected: (dial) => void setTimeout(() => dialer.close(dial, "reset")),
      failed: (number) => void faults.push(number),
    });
    await until(() => dialer.poll() ?? callers.length > index, 5_000, "the connection");
    await until(() => dialer.poll() ?? dialer.pending === 0, 5_000, "the report");
    await Bun.sleep(0);
  }
  expect(callers).toEqual(["127.0.0.2", "127.0.0.1", "127.0.0.2", "127.0.0.1", "127.0.0.2"]);
});

/** A limit whose share for the pool is two sockets. */
const POOLING = 64;
const MINUTE_MS = 60_000;

test("dialer: a reset connection's socket serves the next one to its host, and its descriptor stays counted", async () => {
  await using backend = acceptAll();
  await using other = acceptAll();
  const { dialer, descriptors, dial, waitForOutcomes } = fixture(POOLING);
  const first = dial(backend.port);
  await waitForOutcomes(1);
  dialer.close(first, "reset");
  await until(() => backend.resets === 1, 2_000, "the RST");
  expect([descriptors.used, isOpen(first.fd), dialer.pending]).toEqual([1, true, 0]);
  const second = dial(other.port);
  expect([second.fd, descriptors.used]).toEqual([first.fd, 1]);
  await waitForOutcomes(2);
  dialer.close(second, "reset");
  await until(() => other.resets === 1, 2_000, "the second RST");
  expect([backend.connections, other.connections, descriptors.used]).toEqual([1, 1, 1]);
});

test("dialer: another host does not get the socket: it would know its next sequence number", async () => {
  await using backend = acceptAll();
  await using other = acceptAll({ hostname: "127.0.0.2" });
  const { dialer, descriptors, dial, waitForOutcomes } = fixture(POOLING);
  const first = dial(backend.port);
  await waitForOutcomes(1);
  dialer.close(first, "reset");
  const second = dial(other.port, "127.0.0.2");
  expect(second.fd).not.toBe(first.fd);
  expect(descriptors.used).toBe(2);
  await waitForOutcomes(2);
  dialer.close(second, "reset");
  dialer.trim(1 * MINUTE_MS);
  dialer.trim(2 * MINUTE_MS);
  expect(descriptors.used).toBe(0);
});

test.skipIf(!hasIpv6Loopback())("dialer: IPv4 and IPv6 do not share sockets", async () => {
  await using four = acceptAll();
  await using six = acceptAll({ hostname: "::1" });
  const { dialer, descriptors, dial, outcomes, waitForOutcomes } = fixture(POOLING);
  const first = dial(four.port);
  await waitForOutcomes(1);
  dialer.close(first, "reset");
  const second = dial(six.port, "::1");
  await waitForOutcomes(2);
  expect([second.fd === first.fd, descriptors.used]).toEqual([false, 2]);
  dialer.close(second, "reset");
  // Written in another way it is the same host.
  const third = dial(six.port, "0:0:0:0:0:0:0:1");
  expect(third.fd).toBe(second.fd);
  await waitForOutcomes(3);
  expect(outcomes).toEqual([first, second, third]);
  dialer.close(third, "reset");
});

test("dialer: events of the earlier connection do not reach the next one of the same socket", async () => {
  await using backend = acceptAll();
  await using closed = closedPort();
  const { dialer, descriptors, dial, outcomes, waitForOutcomes } = fixture(POOLING);
  const first = dial(backend.port);
  await waitForOutcomes(1);
  dialer.close(first, "reset");
  const second = dial(closed.port);
  expect(second.fd).toBe(first.fd);
  await waitForOutcomes(2);
  expect(outcomes).toEqual([first, 111]);
  // A socket that failed is closed.
  expect([descriptors.used, isOpen(first.fd)]).toEqual([0, false]);
});

test("dialer: the socket of a canceled and of a refused connection is closed, that of a graceful one serves again", async () => {
  await using backend = acceptAll();
  await using closed = closedPort();
  const { dialer, descriptors, dial, waitForOutcomes } = fixture(POOLING);
  dialer.cancel(dial(backend.port));
  expect(descriptors.used).toBe(0);
  dial(closed.port);
  await waitForOutcomes(1);
  expect(descriptors.used).toBe(0);
  const graceful = dial(backend.port);
  await waitForOutcomes(2);
  dialer.close(graceful, "graceful");
  await until(() => dialer.poll() ?? dialer.pending === 0, 2_000, "the end of the connection");
  const next = dial(backend.port);
  await waitForOutcomes(3);
  expect([next.fd, descriptors.used, backend.resets]).toEqual([graceful.fd, 1, 0]);
  dialer.close(next, "reset");
});

test("dialer: the peer's reset of one connection is no event of the next one", async () => {
  await using backend = acceptAll();
  const { dialer, dial, outcomes, waitForOutcomes } = fixture(POOLING);
  const dials = [dial(backend.port), dial(backend.port)];
  await until(() => backend.connections === 2, 2_000, "the connections");
  backend.down();
  await waitForOutcomes(2);
  for (const one of dials) dialer.close(one, "reset");
  backend.up();
  const next = dial(backend.port);
  await waitForOutcomes(3);
  expect(outcomes).toEqual([...dials, next]);
  const events: string[] = [];
  const stream = dialer.converse(next, {
    received: () => void events.push("received"),
    closed: (number) => void events.push(`closed: ${number}`),
    crashed: () => void events.push("crashed"),
  });
  stream.write(Buffer.from("hello"));
  await until(() => dialer.poll() ?? backend.received === "hello", 2_000, "the bytes");
  expect(events).toEqual([]);
  stream.end("reset");
});

test("dialer: a socket that was canceled before it was reported is not used by two connections", async () => {
  await using backend = acceptAll();
  const { dialer, descriptors, dial, outcomes, waitForOutcomes } = fixture(POOLING);
  const first = dial(backend.port);
  await waitForOutcomes(1);
  dialer.close(first, "reset");
  const second = dial(backend.port);
  dialer.cancel(second);
  expect([descriptors.used, isOpen(first.fd)]).toEqual([0, false]);
  const [third, fourth] = [dial(backend.port), dial(backend.port)];
  expect(third.fd).not.toBe(fourth.fd);
  await waitForOutcomes(3);
  expect(outcomes).toEqual([first, third, fourth]);
  dialer.close(third, "reset");
  dialer.close(fourth, "reset");
});

test("dialer: no more sockets are kept than the share of the descriptors; trim closes the unused ones", async () => {
  await using backend = acceptAll();
  const { dialer, descriptors, dial, waitForOutcomes } = fixture(POOLING);
  const dials = [dial(backend.port), dial(backend.port), dial(backend.port)];
  await waitForOutcomes(3);
  for (const one of dials) dialer.close(one, "reset");
  await until(() => backend.resets === 3, 2_000, "three RSTs");
  expect(descriptors.used).toBe(2);
  dialer.trim(3 * MINUTE_MS);
  expect(descriptors.used).toBe(2);
  const again = dial(backend.port);
  await waitForOutcomes(4);
  dialer.close(again, "reset");
  dialer.trim(4 * MINUTE_MS);
  expect(descriptors.used).toBe(1);
  dialer.trim(5 * MINUTE_MS);
  expect(descriptors.used).toBe(0);
  expect(dials.map(({ fd }) => isOpen(fd))).toEqual([false, false, false]);
});

test("dialer: kept sockets give way when descriptors are short: to a due check, and within one", async () => {
  await using backend = acceptAll();
  await using other = acceptAll({ hostname: "127.0.0.2" });
  const { dialer, descriptors, dial, outcomes, waitForOutcomes } = fixture(POOLING);
  const kept = [dial(backend.port), dial(backend.port)];
  await waitForOutcomes(2);
  for (const one of kept) dialer.close(one, "reset");
  while (descriptors.used < POOLING) descriptors.acquire();
  expect(dialer.reclaim()).toBe(true);
  expect(descriptors.used).toBe(POOLING - 1);
  descriptors.acquire();
  // A host without a kept socket: a check that needs a second socket does not ask whether it may.
  const second = dial(other.port, "127.0.0.2");
  await waitForOutcomes(3);
  expect([outcomes[2], descriptors.used]).toEqual([second, POOLING]);
  expect(dialer.reclaim()).toBe(false);
  dial(other.port, "127.0.0.2");
  await waitForOutcomes(4);
  expect(outcomes[3]).toBe(EMFILE);
  dialer.close(second, "reset");
});

test("dialer: a socket that was handed over is not kept", async () => {
  await using backend = acceptAll();
  const { dialer, descriptors, dial, waitForOutcomes } = fixture(POOLING);
  const given = dial(backend.port);
  await waitForOutcomes(1);
  dialer.handOver(given);
  dialer.close(given, "reset");
  await until(() => backend.resets === 1, 2_000, "the RST");
  expect(descriptors.used).toBe(0);
});

test("dialer: kept sockets are closed when another program is executed", async () => {
  await using backend = acceptAll();
  const { dialer, dial, waitForOutcomes } = fixture(POOLING);
  const first = dial(backend.port);
  await waitForOutcomes(1);
  dialer.close(first, "reset");
  const flags = /flags:\s+(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${first.fd}`, "utf8"))?.[1] ?? "";
  expect(Number.parseInt(flags, 8) & O_CLOEXEC).toBe(O_CLOEXEC);
});
