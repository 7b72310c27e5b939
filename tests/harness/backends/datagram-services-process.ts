/**
 * An echo service over UDP, a RADIUS server and a nameserver on each of the addresses in its arguments, in a network of its own. Started by
 * datagram-services.ts; writes a line when it is ready; ends with its stdin.
 */

import { startConstantNameserver } from "./constant-nameserver.ts";
import { DNS_PORT, ECHO_PORT, RADIUS_PORT } from "./datagram-services.ts";
import { idOf, replyTo } from "./radius-reply.ts";
import { RADIUS_SECRET } from "./radius-server.ts";

async function serve(hostname: string, port: number, answer: (bytes: Buffer) => Uint8Array): Promise<void> {
  await Bun.udpSocket({
    hostname,
    port,
    socket: {
      data: (socket, bytes, from, address) => void socket.send(answer(Buffer.from(bytes)), from, address),
      // Its answers may be rejected on the way.
      error() {},
    },
  });
}

for (const address of process.argv.slice(2)) {
  await serve(address, ECHO_PORT, (bytes) => bytes);
  await serve(address, RADIUS_PORT, (bytes) => replyTo(idOf(bytes), Buffer.from(RADIUS_SECRET), {}));
  await startConstantNameserver(DNS_PORT, address);
}
process.stdout.write("ready\n");
for await (const _ of Bun.stdin.stream());
process.exit();
