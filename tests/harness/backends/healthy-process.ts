/**
 * Healthy backends of every kind in a process of their own: TCP, HTTP, HTTPS and DNS. Started by healthy.ts. Writes its ports as a line
 * of JSON, then one line for each command that it reads; ends with its stdin.
 */
import { readFileSync } from "node:fs";
import { freePort } from "../base/ports.ts";
import { readLines } from "../base/process.ts";
import { acceptAll, httpAnswer, httpServer } from "./backends.ts";
import { startConstantNameserver } from "./constant-nameserver.ts";

const HOST = "127.0.0.1";
const ANSWER_MS = 30;

const [certFile = "", keyFile = "", patienceMs = "0"] = process.argv.slice(2);
const answer = (_request: string, socket: { end(text: string): void }) => socket.end(httpAnswer(200, "well"));
const tcp = acceptAll();
const http = httpServer(answer);
const https = certFile === "" ? undefined : httpServer(answer, { tls: { certFile, keyFile } });
const dnsPort = freePort();
await startConstantNameserver(dnsPort);

/** A web server that takes a moment to answer. */
const slow = httpServer(
  (_request, socket) => void setTimeout(() => socket.end(httpAnswer(200, "well")), ANSWER_MS),
  certFile === "" ? {} : { tls: { certFile, keyFile } },
);

interface Relayed {
  readonly unsent: Buffer[];
  other?: Bun.Socket;
  timer?: Timer;
}

/** The way to it breaks every connection off that takes too long, wherever it is by then: in its handshake, or before an answer. */
const impatient = Bun.listen<Relayed>({
  hostname: HOST,
  port: freePort(),
  socket: {
    open: (socket) => {
      const relayed: Relayed = { unsent: [] };
      socket.data = relayed;
      if (Number(patienceMs) > 0) relayed.timer = setTimeout(() => socket.terminate(), Number(patienceMs));
      void Bun.connect({
        hostname: HOST,
        port: slow.port,
        socket: {
          open: (other) => {
            relayed.other = other;
            for (const bytes of relayed.unsent.splice(0)) other.write(bytes);
          },
          data: (_, bytes) => void socket.write(bytes),
          close: () => void socket.end(),
          error() {},
        },
      });
    },
    data: (socket, bytes) => {
      const { other, unsent } = socket.data;
      if (other === undefined) unsent.push(Buffer.from(bytes));
      else other.write(bytes);
    },
    close: (socket) => {
      clearTimeout(socket.data.timer);
      socket.data.other?.terminate();
    },
    error() {},
  },
});

const held: { close(): void }[] = [];

/** Connects to a port of one's own until no local port is left for it. */
async function hold(port: number): Promise<void> {
  try {
    for (let tries = 0; tries < 1_000; tries++) {
      const socket = await Bun.connect({ hostname: HOST, port, socket: { data() {}, error() {} } });
      held.push({ close: () => socket.terminate() });
    }
  } catch {
    // The file does not exist then.
  }
}

/** Takes the local ports of UDP as well. */
async function holdUdp(): Promise<void> {
  const [first = 0, last = 0] = readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8")
    .split("\t")
    .map(Number);
  for (let port = first; port <= last; port++) {
    try {
      held.push(await Bun.udpSocket({ hostname: "0.0.0.0", port, socket: { data() {} } }));
    } catch {
      // A check has it, and the next one will not.
      await Bun.sleep(20);
      port--;
    }
  }
}

const commands: Readonly<Record<string, () => Promise<string>>> = {
  hold: async () => {
    await holdUdp();
    for (const port of [tcp.port, http.port, https?.port, impatient.port]) await hold(port ?? tcp.port);
    return `${held.length}`;
  },
  release: async () => {
    for (const socket of held.splice(0)) socket.close();
    return "released";
  },
};

const ports = {
  tcp: tcp.port,
  http: http.port,
  https: https?.port ?? 0,
  dns: dnsPort,
  impatient: impatient.port,
};
process.stdout.write(`${JSON.stringify(ports)}\n`);
await readLines(Bun.stdin.stream(), (command) => {
  void commands[command]?.().then((text) => process.stdout.write(`${text}\n`));
});
process.exit(0);
