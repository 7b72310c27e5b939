/**
 * Peers of every kind for a booted system, in a process that runs in its network: an HTTPS backend, a name server on port 53, and a collector
 * of traces. Started by tests/systemd with the files of a certificate and its key. Writes its ports as one line of JSON, and a line for
 * each collected span; ends with its stdin.
 */
import { startHttpCollector } from "./collector.ts";
import { startNameServer } from "./name-server.ts";

const [, , certFile = "", keyFile = ""] = process.argv;
const tls = { cert: Bun.file(certFile), key: Bun.file(keyFile) };
const backend = Bun.serve({ hostname: "127.0.0.1", port: 0, tls, fetch: () => new Response("fine\n") });
await startNameServer(53);
const collector = startHttpCollector();
process.stdout.write(`${JSON.stringify({ https: backend.port, otlp: collector.port })}\n`);

let told = 0;
setInterval(() => {
  for (const { name } of collector.spans.slice(told)) process.stdout.write(`${name}\n`);
  told = collector.spans.length;
}, 50);
for await (const _ of Bun.stdin.stream()) {
  // Nothing is said; its end is what is waited for.
}
process.exit(0);
