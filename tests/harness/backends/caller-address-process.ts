/**
 * Backends that answer with the caller's address, in a process and network of their own. Started by caller-address.ts with a
 * certificate, its key, and the addresses of its network; writes the ports as a line of JSON; ends with its stdin.
 */
import { createServer, type Socket } from "node:net";
import { decode, encode, TRUNCATED_RESPONSE } from "dns-packet";
import { framed } from "./rogue-dns-server.ts";

const [certFile = "", keyFile = "", ...addresses] = process.argv.slice(2);
const PORTS = { tcp: 7_001, http: 7_002, https: 7_003, dns: 7_053, udp: 7_004 };

/** An IPv4 address without the prefix that it has on a socket of both families. */
function callerOf(address: string): string {
  return address.replace(/^::ffff:/, "");
}

function listen(port: number, open: (socket: Socket, caller: string) => void): void {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    open(socket, callerOf(socket.remoteAddress ?? ""));
  });
  server.listen(port, "::");
}

function answer(query: Buffer, caller: string, overUdp: boolean): Buffer {
  const { id, questions = [] } = decode(query);
  const name = questions[0]?.name ?? "";
  if (overUdp && name.startsWith("big."))
    return encode({ type: "response", id, flags: TRUNCATED_RESPONSE, questions });
  return encode({ type: "response", id, questions, answers: [{ type: "A", name, ttl: 1, data: caller }] });
}

async function listenUdp(
  hostname: string,
  port: number,
  reply: (bytes: Buffer, caller: string) => Buffer | string,
): Promise<void> {
  await Bun.udpSocket({
    hostname,
    port,
    socket: {
      data: (socket, bytes, from, address) => void socket.send(reply(bytes, address), from, address),
      error() {},
    },
  });
}

function page(request: Request, server: Bun.Server<undefined>): Response {
  return new Response(callerOf(server.requestIP(request)?.address ?? ""));
}

listen(PORTS.tcp, (socket, caller) => socket.write(`from ${caller}\n`));
listen(PORTS.dns, (socket, caller) => {
  socket.on("data", (bytes: Buffer) => socket.write(framed(answer(bytes.subarray(2), caller, false))));
});
// A socket of all addresses would answer from another one than was asked.
for (const hostname of addresses) {
  await listenUdp(hostname, PORTS.dns, (query, caller) => answer(query, caller, true));
  await listenUdp(hostname, PORTS.udp, (_, caller) => `from ${caller}\n`);
}
Bun.serve({ hostname: "::", port: PORTS.http, fetch: page });
const tls = { cert: Bun.file(certFile), key: Bun.file(keyFile) };
Bun.serve({ hostname: "::", port: PORTS.https, tls, fetch: page });
process.stdout.write(`${JSON.stringify(PORTS)}\n`);
for await (const _ of Bun.stdin.stream());
process.exit(0);
