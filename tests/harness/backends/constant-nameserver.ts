/** A DNS server that has one address for every name. Called by tests of DNS checks, and by scripts/tools/demo/main.ts. */
import { decode, encode } from "dns-packet";

/** Answers of the server. */
export const ANSWER = "192.0.2.1";

/** The running server; disposing closes it. */
export interface ConstantNameserver extends AsyncDisposable {
  readonly hostname: string;
  readonly port: number;
}

/** Starts it. @param port - a free one if absent @param hostname - the address that it listens on, of loopback if absent */
export async function startConstantNameserver(port = 0, hostname = "127.0.0.1"): Promise<ConstantNameserver> {
  const server = await Bun.udpSocket({
    hostname,
    port,
    socket: {
      data(socket, bytes, from, address) {
        const { id, questions } = decode(bytes);
        const [question] = questions ?? [];
        if (question?.type !== "A") return;
        const answers = [{ type: "A" as const, name: question.name, ttl: 1, data: ANSWER }];
        socket.send(encode({ type: "response", id, flags: 0x8180, questions, answers }), from, address);
      },
      // Who has asked may be gone.
      error() {},
    },
  });
  return { hostname, port: server.port, [Symbol.asyncDispose]: async () => server.close() };
}
