/**
 * Backends at every address of the far network: each TCP connection to WEB_PORT is answered as HTTP, and to TLS_PORT as HTTPS. Addresses of a
 * UDP service are arguments (`udp=ADDRESS`, `dns=`, `radius=`), since an answer must come from the address that was asked. Started by uplink.ts;
 * writes a line when it is ready; ends with its stdin.
 */

import { startConstantNameserver } from "../backends/constant-nameserver.ts";
import { idOf, replyTo } from "../backends/radius-reply.ts";
import { RADIUS_SECRET } from "../backends/radius-server.ts";
import { DATAGRAM_PORT, TLS_PORT, WEB_PORT } from "./uplink-ports.ts";

const ANSWER = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
const [certFile = "", keyFile = "", ...datagrams] = process.argv.slice(2);

function serveWeb(port: number, tls?: Bun.TLSOptions): void {
  Bun.listen({
    hostname: "::",
    port,
    ...(tls === undefined ? {} : { tls }),
    socket: {
      data(socket) {
        socket.end(ANSWER);
      },
      error() {},
    },
  });
}

async function serveDatagrams(hostname: string, answer: (bytes: Buffer) => Uint8Array): Promise<void> {
  await Bun.udpSocket({
    hostname,
    port: DATAGRAM_PORT,
    socket: {
      data: (socket, bytes, from, address) => void socket.send(answer(Buffer.from(bytes)), from, address),
      // Its answers may be rejected on the way.
      error() {},
    },
  });
}

serveWeb(WEB_PORT);
serveWeb(TLS_PORT, { cert: Bun.file(certFile), key: Bun.file(keyFile) });
for (const datagram of datagrams) {
  const [kind, address = ""] = datagram.split("=");
  if (kind === "dns") await startConstantNameserver(DATAGRAM_PORT, address);
  else if (kind === "udp") await serveDatagrams(address, (bytes) => bytes);
  else await serveDatagrams(address, (bytes) => replyTo(idOf(bytes), Buffer.from(RADIUS_SECRET), {}));
}
process.stdout.write("ready\n");
for await (const _ of Bun.stdin.stream()) {
  // Nothing is said; its end is what is waited for.
}
process.exit(0);
