/**
 * The backends of the soak, in a process of their own: a quarter each of tcp, http, https and dns. Started by backends.ts, ends with its
 * standard input. Arguments: how many, certificate file, key file. Writes their ports as one line of JSON; then each line that it
 * reads, a list of `[index, up]`, is done and answered with a line.
 */
import { readFileSync } from "node:fs";
import { decode, encode } from "dns-packet";
import { idOf, replyTo } from "../../../tests/harness/backends/radius-reply.ts";
import { readLines } from "../../../tests/harness/base/process.ts";
import { kindOf, RADIUS_SECRET } from "./kinds.ts";

const [count = "0", certFile = "", keyFile = ""] = process.argv.slice(2);
const tls = { cert: readFileSync(certFile, "utf8"), key: readFileSync(keyFile, "utf8") };
const HOST = "127.0.0.1";
const GOOD = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n";
const BAD = "HTTP/1.1 503 Busy\r\nContent-Length: 5\r\nConnection: close\r\n\r\nbusy\n";
const NXDOMAIN = 3;
const [ACCEPT, REJECT] = [2, 3];
const ignore = () => {};

/** One backend; a tcp one that is down refuses, the others answer that they are not well. */
interface Backend {
  readonly port: number;
  set(up: boolean): void;
}

/** Ports that were given back and may be taken again: by us only, below the ephemeral range. */
let nextPort = 12_000;

const backends: Backend[] = [];
for (let index = 0; index < Number(count); index++) backends.push(await start(index));
process.stdout.write(`${JSON.stringify(backends.map(({ port }) => port))}\n`);
await readLines(Bun.stdin.stream(), (line) => {
  // The cast names what backends.ts writes.
  for (const [index, up] of JSON.parse(line) as [number, boolean][]) backends[index]?.set(up);
  process.stdout.write("done\n");
});
process.exit(0);

async function start(index: number): Promise<Backend> {
  switch (kindOf(index)) {
    case "tcp":
      return tcp();
    case "http":
      return web(false);
    case "https":
      return web(true);
    case "dns":
      return await dns();
    case "udp":
      return await udp();
    case "radius":
      return await radius();
    case "icmp":
      return { port: 0, set: ignore };
  }
}

function tcp(): Backend {
  const listen = (port: number) =>
    Bun.listen({ hostname: HOST, port, socket: { data: ignore, error: ignore } });
  const { listener, port } = onFreePort(listen);
  let open: typeof listener | undefined = listener;
  return {
    port,
    set(up) {
      if (up) open ??= listen(port);
      else {
        open?.stop(true);
        open = undefined;
      }
    },
  };
}

function web(secure: boolean): Backend {
  let answer = GOOD;
  const { port } = onFreePort((wanted) =>
    Bun.listen({
      hostname: HOST,
      port: wanted,
      ...(secure ? { tls } : {}),
      socket: {
        data(socket) {
          socket.write(answer);
          socket.end();
        },
        error: ignore,
      },
    }),
  );
  return {
    port,
    set(up) {
      answer = up ? GOOD : BAD;
    },
  };
}

function dns(): Promise<Backend> {
  return overUdp((bytes, good) => {
    const { id = 0, questions = [] } = decode(bytes);
    const answers = [{ type: "A" as const, name: questions[0]?.name ?? "", ttl: 60, data: "192.0.2.1" }];
    return good
      ? encode({ type: "response", id, questions, answers })
      : encode({ type: "response", id, questions, flags: NXDOMAIN });
  });
}

function udp(): Promise<Backend> {
  return overUdp((_, good) => Buffer.from(good ? "pong" : "down"));
}

function radius(): Promise<Backend> {
  const secret = Buffer.from(RADIUS_SECRET);
  return overUdp((bytes, good) => replyTo(idOf(bytes), secret, { code: good ? ACCEPT : REJECT }));
}

/** @param answer - the answer to a datagram, `good` while the backend is up */
async function overUdp(answer: (bytes: Buffer, good: boolean) => Uint8Array): Promise<Backend> {
  let good = true;
  const socket = await Bun.udpSocket({
    hostname: HOST,
    port: 0,
    socket: {
      data(own, bytes, port, address) {
        own.send(answer(Buffer.from(bytes), good), port, address);
      },
      error: ignore,
    },
  });
  return {
    port: socket.port,
    set(up) {
      good = up;
    },
  };
}

function onFreePort<Listener>(listen: (port: number) => Listener): { listener: Listener; port: number } {
  for (;;) {
    const port = nextPort++;
    try {
      return { listener: listen(port), port };
    } catch (error) {
      if (port > 32_000) throw error;
    }
  }
}
