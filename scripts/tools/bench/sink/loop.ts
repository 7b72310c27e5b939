/**
 * The sink for TCP, HTTP, DNS, UDP and RADIUS in a process of its own: does as little as a backend can, straight on libc, and keeps out of the
 * way. Started by ../sink.ts with its plan as JSON; talks as commands.ts has it; ends with its standard input.
 *
 * It looks for work every millisecond and never waits in the kernel to be woken up: to wake a process on the same
 * machine costs the one who connects some microseconds, which no backend on another host would.
 */
import { ptr } from "bun:ffi";
import { libc, MSG_DONTWAIT, MSG_NOSIGNAL, SOCKADDR_BYTES } from "../../../../tests/harness/base/libc.ts";
import { Arrivals } from "./arrivals.ts";
import { HTTP_RESPONSE, RESPOND } from "./canned-responses.ts";
import { type Command, type DatagramKind, isDatagram, type SinkPlan, wallMs } from "./commands.ts";
import { Poller } from "./poller.ts";
import { openBlackholes, Ports } from "./ports.ts";
import { CommandStdio } from "./stdio.ts";

const NAP_US = 1_000;
const STDIN_FD = 0;
/** The longest request, or datagram, that is understood; it must come in one piece. */
const MESSAGE_BYTES = 8_192;

// The cast names what our own program hands over.
const plan = JSON.parse(process.argv[2] ?? "{}") as SinkPlan;
const poller = new Poller();
const ports = new Ports(plan, (fd) => poller.add(fd));
const blackholes = await openBlackholes(plan);
const arrivals = new Arrivals(plan.ports);
/** The port that a connection came to, by its descriptor. */
const portOfConnection = new Uint32Array(1 << 16);

const message = new Uint8Array(MESSAGE_BYTES);
const messagePtr = ptr(message);
const responsePtr = ptr(HTTP_RESPONSE);
const peer = new Uint8Array(SOCKADDR_BYTES);
const peerPtr = ptr(peer);
const peerLength = new Uint32Array([SOCKADDR_BYTES]);
const peerLengthPtr = ptr(peerLength);

const stdio = new CommandStdio(carryOut);
stdio.say({ ports: ports.numbers, blackholes });
poller.add(STDIN_FD);
for (;;) {
  arrivals.look();
  if (poller.poll(onReady) === 0) libc.usleep(NAP_US);
}

function onReady(fd: number, gone: boolean): void {
  if (fd === STDIN_FD) {
    if (!stdio.read()) process.exit(0);
    return;
  }
  const port = ports.indexOf(fd);
  if (port === undefined) onConnection(fd, gone);
  else if (isDatagram(plan.kind)) onDatagram(fd, port, plan.kind);
  else onListener(fd, port);
}

function onListener(fd: number, port: number): void {
  const connection = libc.accept4(fd, 0, 0, 0);
  if (connection < 0) return;
  if (plan.kind === "tcp") arrivals.note(port);
  portOfConnection[connection] = port;
  poller.add(connection);
}

/** The peer has closed, or asks for something. */
function onConnection(fd: number, gone: boolean): void {
  const length = gone ? 0 : libc.recv(fd, messagePtr, MESSAGE_BYTES, MSG_DONTWAIT);
  if (length <= 0) {
    libc.close(fd);
    return;
  }
  if (plan.kind !== "http") return;
  arrivals.note(portOfConnection[fd] ?? 0);
  libc.send(fd, responsePtr, HTTP_RESPONSE.length, MSG_NOSIGNAL | MSG_DONTWAIT);
  // As its response says.
  libc.close(fd);
}

function onDatagram(fd: number, port: number, kind: DatagramKind): void {
  peerLength[0] = SOCKADDR_BYTES;
  const length = libc.recvfrom(fd, messagePtr, MESSAGE_BYTES / 2, MSG_DONTWAIT, peerPtr, peerLengthPtr);
  if (length <= 0) return;
  arrivals.note(port);
  const responseLength = RESPOND[kind](message, length);
  libc.sendto(fd, messagePtr, responseLength, MSG_DONTWAIT, peerPtr, SOCKADDR_BYTES);
}

function carryOut(command: Command): object {
  switch (command.do) {
    case "count":
      return { total: arrivals.total };
    case "record":
      arrivals.record();
      return { atMs: wallMs() };
    case "take":
      return { timesMs: arrivals.take() };
    default:
      if (command.do === "down") ports.close(command.from, command.to);
      else ports.open(command.from, command.to);
      return { atMs: wallMs() };
  }
}
