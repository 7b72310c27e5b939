/** Shared ICMP sockets against the kernel's own answers on loopback. Needs permission to open such a socket. */
import { expect, setDefaultTimeout } from "bun:test";
import { icmpChecker } from "../../src/checks/icmp/checker.ts";
import { echoTarget } from "../../src/checks/icmp/target.ts";
import type { CheckResult } from "../../src/model/result.ts";
import { Descriptors } from "../../src/system/descriptors.ts";
import { LibcDialer } from "../../src/system/dialer.ts";
import { attachEchoFilter } from "../../src/system/echo-filter.ts";
import { ECHO_V4, ECHO_V6, EchoWriter } from "../../src/system/echo-message.ts";
import type { EchoHandle, EchoOwner } from "../../src/system/echo-request.ts";
import { EchoSockets } from "../../src/system/echo-sockets.ts";
import { EMFILE } from "../../src/system/errno.ts";
import {
  AF_INET,
  AF_INET6,
  IPPROTO_ICMP,
  IPPROTO_ICMPV6,
  libc,
  MSG_DONTWAIT,
  SK_MEMINFO,
  SO_MEMINFO,
  SO_RCVBUF,
  SOCK_RAW,
  SOL_SOCKET,
} from "../../src/system/libc.ts";
import { ReceiveOverflow } from "../../src/system/receive-overflow.ts";
import { sockAddr } from "../../src/system/sockaddr.ts";
import { Sockets } from "../../src/system/sockets.ts";
import { echo, ipv6 } from "../harness/backends/icmp-packets.ts";
import { rootTest } from "../harness/base/peers.ts";
import { hasIpv6Loopback } from "../harness/base/ports.ts";
import { until } from "../harness/base/wait.ts";
import { fakeEnv } from "../harness/fakes/fakes.ts";

setDefaultTimeout(20_000);

const SPEC = {
  type: "icmp",
  ip: "127.0.0.1",
  socket: undefined,
  payloadBytes: 56,
  ttl: undefined,
  count: 1,
} as const;
const TARGET = echoTarget(SPEC);
const IPPROTO_RAW = 255;
const LOOPBACK = Buffer.from("00000000000000000000000000000001", "hex");

function open(limit = 4) {
  const faults: unknown[] = [];
  const descriptors = new Descriptors(limit);
  const dialer = new LibcDialer(descriptors, (error) => faults.push(error));
  const settled: EchoHandle[] = [];
  const crashes: Error[] = [];
  const owner: EchoOwner = {
    settled: (request) => void settled.push(request),
    crashed: (error) => void crashes.push(error),
  };
  const settledAll = (count: number) =>
    until(() => dialer.poll() ?? settled.length >= count, 5_000, `${count} outcomes`);
  return { dialer, descriptors, settled, settledAll, owner, faults, crashes };
}

/** The outcomes by their kinds. */
function kinds(requests: readonly EchoHandle[]): (string | undefined)[] {
  return [...new Set(requests.map(({ outcome }) => outcome?.kind))];
}

rootTest(
  "icmp: a request is answered, and the kernel says when, however late the answer is read",
  [],
  async () => {
    const { dialer, owner, settled, settledAll } = open();
    const request = dialer.sendEcho(TARGET, owner);
    const sentMs = performance.now();
    expect([settled.length, dialer.pending > 0]).toEqual([0, true]);
    await Bun.sleep(200);
    await settledAll(1);
    const { outcome, askedMs } = request;
    if (outcome?.kind !== "answer") throw new Error(`${outcome?.kind}`);
    expect(outcome.payloadBytes).toBe(56);
    // Half of the time until it was read, to be far from either.
    expect((outcome.atMs ?? 0) - askedMs).toBeLessThan((performance.now() - sentMs) / 2);
    expect(dialer.pending).toBe(0);
  },
);

rootTest("icmp: a thousand requests in one tick share a socket, and all are answered", [], async () => {
  const { dialer, owner, settled, settledAll, descriptors } = open();
  const other = open();
  const requests = Array.from({ length: 1_000 }, () => {
    other.dialer.sendEcho(TARGET, other.owner);
    return dialer.sendEcho(TARGET, owner);
  });
  expect(descriptors.used).toBe(1);
  await settledAll(1_000);
  await other.settledAll(1_000);
  // None is taken for one of the other socket, which sends to the same address at the same time.
  expect([new Set(settled).size, kinds(requests), kinds(other.settled)]).toEqual([
    1_000,
    ["answer"],
    ["answer"],
  ]);
  expect([dialer.pending, settled.length, other.settled.length]).toEqual([0, 1_000, 1_000]);
});

rootTest("icmp: a socket that no check uses for a minute is closed, and opened again", [], async () => {
  const { dialer, owner, settledAll, descriptors } = open();
  dialer.sendEcho(TARGET, owner);
  await settledAll(1);
  const used = [0, 59_999, 60_000].map((nowMs) => {
    dialer.trim(nowMs);
    return descriptors.used;
  });
  expect(used).toEqual([1, 1, 0]);
  dialer.sendEcho(TARGET, owner);
  await settledAll(2);
  expect([descriptors.used, dialer.reclaim(), descriptors.used]).toEqual([1, true, 0]);
});

rootTest("icmp: equal options share a socket, others have their own", [], async () => {
  const { dialer, owner, settledAll, settled, descriptors } = open();
  const socket = { mark: undefined, sourceIp: "127.0.0.9", interface: undefined };
  for (const spec of [
    SPEC,
    { ...SPEC, socket },
    { ...SPEC, socket: { ...socket } },
    { ...SPEC, ttl: 9 },
    { ...SPEC, ttl: 9 },
  ])
    dialer.sendEcho(echoTarget(spec), owner);
  await settledAll(5);
  expect([kinds(settled), descriptors.used]).toEqual([["answer"], 3]);
});

rootTest("icmp: a canceled request reports nothing, and the dialer waits for it no longer", [], async () => {
  const { dialer, owner, settled, settledAll } = open();
  dialer.sendEcho(TARGET, owner).cancel();
  expect(dialer.pending).toBe(0);
  dialer.sendEcho(TARGET, owner);
  await settledAll(1);
  expect(settled.length).toBe(1);
});

rootTest("icmp: an owner that throws receives its exception, and the others their outcomes", [], async () => {
  const { dialer, owner, settledAll, crashes, faults } = open();
  const broken: EchoOwner = {
    ...owner,
    settled() {
      throw new Error("broken");
    },
  };
  dialer.sendEcho(TARGET, broken);
  dialer.sendEcho(TARGET, owner);
  await settledAll(1);
  expect([crashes.map(({ message }) => message), faults]).toEqual([["broken"], []]);
});

rootTest("icmp: without a descriptor a request is not sent, and the next one tries again", [], async () => {
  const { dialer, owner, settled, settledAll, descriptors } = open(1);
  descriptors.acquire();
  dialer.sendEcho(TARGET, owner);
  expect(settled).toEqual([]);
  await settledAll(1);
  expect(settled[0]?.outcome).toEqual({ kind: "not-sent", number: EMFILE, setup: undefined });
  descriptors.release();
  dialer.sendEcho(TARGET, owner);
  await settledAll(2);
  expect(settled[1]?.outcome?.kind).toBe("answer");
});

rootTest("icmp: at the deadline an answer that was not read yet counts", [], () => {
  const { dialer } = open();
  const env = { ...fakeEnv({ nowMs: () => performance.now(), wallMs: () => Date.now() }, dialer) };
  const done: CheckResult[] = [];
  const attempt = icmpChecker(SPEC, env).start(1_000, (result) => done.push(result));
  expect(attempt.expire()).toMatchObject({
    outcome: "success",
    code: "L4OK",
    message: "ICMP echo to 127.0.0.1: answered",
  });
  dialer.poll();
  expect([done, dialer.pending]).toEqual([[], 0]);
});

rootTest("icmp: answers that this host had no room for are no failure of the target", [], () => {
  const faults: unknown[] = [];
  const sockets = new EchoSockets(new Sockets(new Descriptors(2), (error) => faults.push(error)));
  const target = echoTarget({ ...SPEC, payloadBytes: 8_000 });
  const owner: EchoOwner = { settled: () => {}, crashed: () => {} };
  const first = sockets.send(target, owner);
  // The smallest buffer that the kernel makes.
  libc.setsockopt(first.socket.fd, SOL_SOCKET, SO_RCVBUF, new Int32Array([1]), 4);
  const silences = Array.from({ length: 20 }, () => sockets.send(target, owner)).map((request) =>
    request.expire(),
  );
  expect(silences).toContain("overflown");
  expect(silences).not.toContain("unread");
});

rootTest("icmp: messages with a wrong checksum, which the kernel drops too, are not an overflow", [], () => {
  const fd = libc.socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6);
  expect(attachEchoFilter(fd, true, 1)).toBe(true);
  const overflow = new ReceiveOverflow(fd);
  const memory = new Uint32Array(SK_MEMINFO.length);
  const drops = () => {
    libc.getsockopt(fd, SOL_SOCKET, SO_MEMINFO, memory, new Uint32Array([memory.byteLength]));
    return memory[SK_MEMINFO.drops] ?? 0;
  };
  // Sends packets with their IP header.
  const sender = libc.socket(AF_INET6, SOCK_RAW, IPPROTO_RAW);
  const { bytes: address } = sockAddr({ ip: "::1", port: 0 });
  const packet = ipv6(LOOPBACK, echo({ type: ECHO_V6.reply, id: 1, sequence: 1, payload: Buffer.alloc(16) }));
  packet.writeUInt16BE(16 + 8, 4);
  packet.writeUInt8(64, 7);
  packet.set(LOOPBACK, 8);
  expect(Number(libc.sendto(sender, packet, packet.length, 0, address, address.length))).toBe(packet.length);
  expect(drops()).toBeGreaterThan(0);
  overflow.measure();
  expect(overflow.count).toBe(0);
  libc.close(sender);
  libc.close(fd);
});

const FAMILIES = [
  {
    name: "IPv4",
    isIpv6: false,
    family: AF_INET,
    protocol: IPPROTO_ICMP,
    ip: "127.0.0.1",
    types: ECHO_V4,
    at: 20,
  },
  {
    name: "IPv6",
    isIpv6: true,
    family: AF_INET6,
    protocol: IPPROTO_ICMPV6,
    ip: "::1",
    types: ECHO_V6,
    at: 0,
  },
] as const;

for (const { name, isIpv6, family, protocol, ip, types, at } of FAMILIES.filter(
  ({ isIpv6 }) => !isIpv6 || hasIpv6Loopback(),
))
  rootTest(
    `icmp: the kernel filters of a raw ${name} socket let through what belongs to its identifier alone`,
    [],
    async () => {
      const id = 4_711;
      const fd = libc.socket(family, SOCK_RAW, protocol);
      expect(attachEchoFilter(fd, isIpv6, id)).toBe(true);
      const bytes = Buffer.alloc(500);
      const receive = () => Number(libc.recv(fd, bytes, bytes.length, MSG_DONTWAIT));
      const writer = new EchoWriter();
      const { bytes: address } = sockAddr({ ip, port: 0 });
      const send = (sentId: number) => {
        const length = writer.write(types, sentId, { sequence: 5, tokenHigh: 1, tokenLow: 2 }, 56);
        return Number(libc.sendto(fd, writer.bytes, length, 0, address, address.length));
      };
      expect([send(id + 1), send(id ^ 0x8000)]).toEqual([64, 64]);
      send(id);
      await until(() => receive() > 0, 5_000, "the answer");
      expect([bytes[at], bytes.readUInt16BE(at + 4), receive()]).toEqual([types.reply, id, -1]);
      libc.close(fd);
    },
  );
