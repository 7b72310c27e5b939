/** UDP sockets of checks against real sockets on loopback. */
import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { Descriptors } from "../../src/system/descriptors.ts";
import { EMFILE } from "../../src/system/errno.ts";
import { sockAddr } from "../../src/system/sockaddr.ts";
import { Sockets } from "../../src/system/sockets.ts";
import { UdpSocket } from "../../src/system/udp.ts";
import { freePort, hasIpv6Loopback } from "../harness/base/ports.ts";
import { until } from "../harness/base/wait.ts";

const QUESTION = Buffer.from("question");

/** A UDP socket, and what the socket's owner has received. */
function open(port: number, { limit = 2, ip = "127.0.0.1" } = {}) {
  const faults: unknown[] = [];
  const descriptors = new Descriptors(limit);
  const sockets = new Sockets(descriptors, (error) => faults.push(error));
  const poll = () => sockets.poll(performance.now());
  const events: string[] = [];
  const stampsMs: (number | undefined)[] = [];
  const fixture = { onReceived: (_socket: UdpSocket) => {} };
  const socket: UdpSocket = new UdpSocket(sockets, sockAddr({ ip, port }), {
    received: (bytes, atMs) => {
      events.push(Buffer.from(bytes).toString("latin1"));
      stampsMs.push(atMs);
      fixture.onReceived(socket);
    },
    failed: (number, detail) => void events.push(`failed: ${number} ${detail}`),
    crashed: (error) => void events.push(`crashed: ${error.message}`),
  });
  const waitForEvents = (count: number) =>
    until(() => poll() ?? events.length >= count, 5_000, `${count} events`);
  return Object.assign(fixture, {
    socket,
    sockets,
    poll,
    descriptors,
    faults,
    events,
    waitForEvents,
    stampsMs,
  });
}

/** A UDP server. @param answers - what it sends for each datagram */
async function server(answers: readonly string[], hostname = "127.0.0.1") {
  const asked: string[] = [];
  const own = await Bun.udpSocket({
    hostname,
    port: 0,
    socket: {
      data(socket, bytes, port, address) {
        asked.push(bytes.toString("latin1"));
        for (const text of answers) socket.send(text, port, address);
      },
      error() {},
    },
  });
  return { port: own.port, asked, close: () => own.close(), [Symbol.dispose]: () => own.close() };
}

test("udp: a datagram is answered, and the descriptor is counted from open to close", async () => {
  using answering = await server(["answer"]);
  const { socket, sockets, descriptors, events, waitForEvents } = open(answering.port);
  expect([sockets.size, descriptors.used]).toEqual([1, 1]);
  socket.send(QUESTION);
  await waitForEvents(1);
  expect([events, answering.asked]).toEqual([["answer"], ["question"]]);
  socket.close();
  socket.close();
  expect([sockets.size, descriptors.used, existsSync(`/proc/self/fd/${socket.fd}`)]).toEqual([0, 0, false]);
});

test("udp: an empty datagram is a datagram, and several are read in their order", async () => {
  using answering = await server(["one", "", "three"]);
  const { socket, events, waitForEvents } = open(answering.port);
  socket.send(QUESTION);
  await waitForEvents(3);
  expect(events).toEqual(["one", "", "three"]);
  socket.close();
});

test("udp: a hundred datagrams in one round are all delivered", async () => {
  using answering = await server(Array.from({ length: 100 }, (_, index) => `${index}`));
  const { socket, events, waitForEvents } = open(answering.port);
  socket.send(QUESTION);
  await until(() => answering.asked.length === 1, 5_000, "the question");
  await waitForEvents(100);
  expect(events).toEqual(Array.from({ length: 100 }, (_, index) => `${index}`));
  socket.close();
});

test("udp: the kernel says when the answer came, however late it is read", async () => {
  using answering = await server(["answer"]);
  const { socket, waitForEvents, stampsMs } = open(answering.port);
  const sentMs = performance.now();
  socket.send(QUESTION);
  await until(() => answering.asked.length === 1, 5_000, "the question");
  const answeredMs = performance.now();
  await Bun.sleep(300);
  const readMs = performance.now();
  await waitForEvents(1);
  const [stampMs = 0] = stampsMs;
  // The server answers in its own turn of the same event loop, between the two; this process reads 300 ms later.
  expect(stampMs).toBeGreaterThanOrEqual(sentMs);
  expect(readMs - stampMs).toBeGreaterThan(readMs - answeredMs - 50);
  socket.close();
});

test("udp: without a listener it fails, with the ICMP message that arrived", async () => {
  const { socket, sockets, descriptors, events, waitForEvents } = open(freePort());
  socket.send(QUESTION);
  expect(events).toEqual([]);
  await waitForEvents(1);
  expect(events).toEqual(["failed: 111 ICMP port unreachable"]);
  expect([sockets.size, descriptors.used]).toEqual([0, 0]);
});

test.skipIf(!hasIpv6Loopback())("udp: the same over IPv6", async () => {
  using answering = await server(["answer"], "::1");
  const good = open(answering.port, { ip: "::1" });
  good.socket.send(QUESTION);
  await good.waitForEvents(1);
  good.socket.close();
  const bad = open(freePort(), { ip: "::1" });
  bad.socket.send(QUESTION);
  await bad.waitForEvents(1);
  expect([good.events, bad.events]).toEqual([["answer"], ["failed: 111 ICMP port unreachable"]]);
});

test("udp: an answer that came before an error is read before the error is reported", async () => {
  const answering = await server(["answer"]);
  const { socket, events, waitForEvents } = open(answering.port);
  socket.send(QUESTION);
  await until(() => answering.asked.length === 1, 5_000, "the question");
  answering.close();
  socket.send(QUESTION);
  // The kernel has the ICMP error before `send` returns; the next one reports it.
  socket.send(QUESTION);
  await waitForEvents(2);
  expect(events).toEqual(["answer", "failed: 111 ICMP port unreachable"]);
});

test("udp: closed by its owner it reports nothing more, and an error does not follow the answer", async () => {
  const answering = await server(["answer", "another"]);
  const fixture = open(answering.port);
  fixture.onReceived = (socket) => socket.close();
  fixture.socket.send(QUESTION);
  await until(() => answering.asked.length === 1, 5_000, "the question");
  answering.close();
  fixture.socket.send(QUESTION);
  await fixture.waitForEvents(1);
  fixture.poll();
  expect([fixture.events, fixture.descriptors.used, fixture.sockets.size]).toEqual([["answer"], 0, 0]);
});

test("udp: beyond the cap it fails with EMFILE at the next poll, without taking anything", () => {
  const { socket, sockets, poll, descriptors, events } = open(53, { limit: 0 });
  socket.send(QUESTION);
  expect([events, sockets.size, descriptors.used]).toEqual([[], 1, 0]);
  poll();
  expect([events, sockets.size, descriptors.used]).toEqual([[`failed: ${EMFILE} `], 0, 0]);
});

test("udp: beyond the cap and closed, it reports nothing", () => {
  const { socket, sockets, poll, descriptors, events } = open(53, { limit: 0 });
  socket.close();
  poll();
  expect([events, sockets.size, descriptors.used]).toEqual([[], 0, 0]);
});

test("udp: what connect rejects is reported by the next poll", () => {
  // Class E: connect itself says no.
  const { sockets, poll, descriptors, events } = open(53, { ip: "255.255.255.255" });
  expect(events).toEqual([]);
  poll();
  expect(events).toEqual(["failed: 13 "]);
  expect([sockets.size, descriptors.used]).toEqual([0, 0]);
});

test("udp: an owner that throws learns of it, and the socket is closed", async () => {
  using answering = await server(["answer"]);
  const fixture = open(answering.port);
  fixture.onReceived = () => {
    throw new Error("broken");
  };
  fixture.socket.send(QUESTION);
  await fixture.waitForEvents(2);
  expect([fixture.events, fixture.faults, fixture.descriptors.used]).toEqual([
    ["answer", "crashed: broken"],
    [],
    0,
  ]);
});

test("udp: a descriptor that is reused at once receives nothing of the socket before it", async () => {
  using answering = await server(["answer"]);
  const { socket, sockets, poll, events } = open(answering.port);
  socket.send(QUESTION);
  await until(() => answering.asked.length === 1, 5_000, "the question");
  const { fd } = socket;
  socket.close();
  const late: string[] = [];
  const next = new UdpSocket(sockets, sockAddr({ ip: "127.0.0.1", port: answering.port }), {
    received: () => void late.push("received"),
    failed: (number) => void late.push(`failed: ${number}`),
    crashed: (error) => void late.push(error.message),
  });
  expect(next.fd).toBe(fd);
  poll();
  expect([events, late]).toEqual([[], []]);
  next.close();
});
