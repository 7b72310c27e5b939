/** The gate of the HTTP listener in virtual time, with real connections. Called by tests/http. */
import type { Socket } from "node:net";
import { ConnectionLimiter } from "../../../src/http/connection-limiter.ts";
import { someTurns, turnsUntil } from "../base/event-loop.ts";
import { connectHttp, type RawHttp } from "../client/raw-http.ts";
import { VirtualTime } from "./fakes.ts";

const ANYWHERE = { ip: "127.0.0.1", port: 0 };

/** A connection limiter with the given limit, its connections, and the time. */
export async function openGate(most: number, maxInLine = 0) {
  const time = new VirtualTime();
  const admitted: Socket[] = [];
  const gate = new ConnectionLimiter(most, maxInLine, (socket) => {
    admitted.push(socket);
    socket.resume();
  });
  const { port } = await gate.listen(ANYWHERE);
  const clients: RawHttp[] = [];
  /** Connects, and waits until it was let in or sent away. */
  const connect = async (): Promise<{ client: RawHttp; socket: Socket | undefined }> => {
    const before = admitted.length;
    const client = await connectHttp(port);
    clients.push(client);
    await turnsUntil(() => admitted.length > before || client.closed, "being let in or sent away");
    return { client, socket: admitted[before] };
  };
  /** The same for one that must be let in. */
  const enter = async () => {
    const { client, socket } = await connect();
    if (socket === undefined) throw new Error("not let in");
    return { client, socket };
  };
  /** Lets time pass, and whatever comes of it happen. */
  const pass = async (ms: number) => {
    time.advance(ms);
    await someTurns();
  };
  const dispose = () => {
    gate.close();
    time[Symbol.dispose]();
  };
  return { gate, port, admitted, connect, enter, pass, [Symbol.dispose]: dispose };
}

/** Sends bytes, and waits until they are there. */
export async function say(client: RawHttp, socket: Socket, text: string): Promise<void> {
  const before = socket.bytesRead;
  client.write(text);
  await turnsUntil(() => socket.bytesRead === before + text.length, "the request's bytes");
}
