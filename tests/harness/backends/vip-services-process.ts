/**
 * Services of one backend behind a VIP, in a process and network of their own: TCP, HTTP, DNS, UDP and RADIUS on the given addresses. Started
 * by vip-services.ts; writes a line when it is ready; ends with its stdin.
 */
import { createServer } from "node:net";
import { decode, encode } from "dns-packet";
import { idOf, replyTo } from "./radius-reply.ts";
import { VIP_PORTS, VIP_SECRET } from "./vip-services.ts";

const addresses = process.argv.slice(2);

async function serveUdp(hostname: string, port: number, reply: (bytes: Buffer) => Buffer): Promise<void> {
  await Bun.udpSocket({
    hostname,
    port,
    socket: {
      data: (socket, bytes, from, address) => void socket.send(reply(bytes), from, address),
      error() {},
    },
  });
}

function answer(query: Buffer): Buffer {
  const { id, questions = [] } = decode(query);
  const name = questions[0]?.name ?? "";
  return encode({
    type: "response",
    id,
    questions,
    answers: [{ type: "A", name, ttl: 1, data: "192.0.2.9" }],
  });
}

for (const hostname of addresses) {
  createServer((socket) => {
    socket.on("error", () => {});
    socket.end("ready\n");
  }).listen(VIP_PORTS.tcp, hostname);
  Bun.serve({ hostname, port: VIP_PORTS.http, fetch: () => new Response("ready") });
  // A socket of all addresses would answer from another one than was asked.
  await serveUdp(hostname, VIP_PORTS.dns, answer);
  await serveUdp(hostname, VIP_PORTS.udp, () => Buffer.from("ready"));
  await serveUdp(hostname, VIP_PORTS.radius, (bytes) =>
    replyTo(idOf(bytes), Buffer.from(VIP_SECRET), { signed: true }),
  );
}
process.stdout.write("ready\n");
for await (const _ of Bun.stdin.stream());
process.exit(0);
