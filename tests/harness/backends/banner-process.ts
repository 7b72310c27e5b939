/**
 * Backends that speak first, in a process and network of their own. Started by banners.ts with an address; writes the ports as a line of
 * JSON; ends with its stdin.
 */
import { freePort } from "../base/ports.ts";

const [hostname = ""] = process.argv.slice(2);
const SHORT = "220 ready\n";
const LONG = `220 ready\n${"x".repeat(100_000 - SHORT.length)}`;

interface Sending {
  left: Uint8Array;
  /** True when the client has sent its FIN. */
  ended: boolean;
}

function listen(text: string, resets: boolean): number {
  const port = freePort(hostname);
  const bytes = Buffer.from(text);
  const send = (socket: Bun.Socket<Sending>) => {
    socket.data.left = socket.data.left.subarray(Math.max(0, socket.write(socket.data.left)));
    if (socket.data.left.length === 0 && socket.data.ended) socket.end();
  };
  Bun.listen<Sending>({
    hostname,
    port,
    // The runtime would otherwise drop what is not sent yet when the client's FIN comes, and reset the connection.
    allowHalfOpen: true,
    socket: {
      open(socket) {
        socket.data = { left: bytes, ended: false };
        if (bytes.length > 0) send(socket);
        if (resets) socket.terminate();
      },
      data() {},
      end(socket) {
        socket.data.ended = true;
        send(socket);
      },
      drain: send,
      error() {},
    },
  });
  return port;
}

const ports = {
  resets: listen("", true),
  bannerThenReset: listen(SHORT, true),
  shortBanner: listen(SHORT, false),
  longBanner: listen(LONG, false),
};
process.stdout.write(`${JSON.stringify(ports)}\n`);
for await (const _ of Bun.stdin.stream());
process.exit(0);
