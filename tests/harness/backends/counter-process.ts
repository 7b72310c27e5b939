/**
 * Backends that count the connections that their application accepts, in a process of their own. Started by counter.ts with an address; writes
 * the ports as a line of JSON, and for each line that it reads the counts; ends with its stdin.
 */

import { freePort } from "../base/ports.ts";
import { readLines } from "../base/process.ts";

const [hostname = ""] = process.argv.slice(2);
const ANSWER = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";

const counts = { silent: 0, web: 0, rude: 0 };

function listen(kind: keyof typeof counts): number {
  const port = freePort(hostname);
  Bun.listen({
    hostname,
    port,
    socket: {
      open(socket) {
        counts[kind]++;
        if (kind === "rude") socket.terminate();
      },
      data(socket) {
        if (kind === "web") socket.end(ANSWER);
      },
      error() {},
    },
  });
  return port;
}

const ports = { silent: listen("silent"), web: listen("web"), rude: listen("rude") };
process.stdout.write(`${JSON.stringify(ports)}\n`);
await readLines(Bun.stdin.stream(), () => {
  process.stdout.write(`${JSON.stringify(counts)}\n`);
});
process.exit(0);
