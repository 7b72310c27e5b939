/**
 * Peers of every kind, at the ports that the documents name, in a process that runs in a booted system's network. Started by nspawn-peers.ts with
 * the files of a certificate and its key, and the address of a second nameserver. Writes the collector's port as a line, and a line for each
 * span that comes; ends with its stdin.
 */

import { startConstantNameserver } from "../harness/backends/constant-nameserver.ts";
import { startHttpCollector } from "../harness/observers/collector.ts";

const [, , certFile = "", keyFile = "", nameserver = ""] = process.argv;
const tls = { cert: Bun.file(certFile), key: Bun.file(keyFile) };
const fetch = () => new Response("fine\n");
Bun.serve({ hostname: "0.0.0.0", port: 443, tls, fetch });
Bun.serve({ hostname: "127.0.0.1", port: 8080, fetch });
Bun.listen({
  hostname: "127.0.0.1",
  port: 22,
  socket: { open: (socket) => void socket.write("SSH-2.0-peer\r\n"), data() {}, error() {} },
});
await startConstantNameserver(53);
await startConstantNameserver(53, nameserver);
const collector = startHttpCollector();
process.stdout.write(`${collector.port}\n`);

let written = 0;
setInterval(() => {
  for (const { name } of collector.spans.slice(written)) process.stdout.write(`${name}\n`);
  written = collector.spans.length;
}, 50);
for await (const _ of Bun.stdin.stream()) {
  // Nothing comes; its end is what the process waits for.
}
process.exit(0);
