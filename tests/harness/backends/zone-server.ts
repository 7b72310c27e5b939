/**
 * Nameservers that answer by a table of names: addresses, response codes, or silence. Called by the tests of the system's resolver.
 */
import { decode, encode } from "dns-packet";
import { framed } from "./rogue-dns-server.ts";

/**
 * The server's answer for a name and type: addresses (an empty list: the name exists without any), a response code, or
 * no answer at all.
 */
export type Says = readonly string[] | "NXDOMAIN" | "SERVFAIL" | "REFUSED" | "NOTIMP" | "silent" | "lame";

/** By name; one word for both types, or one for each. Names that are not in it do not exist. */
export type Zone = Readonly<Record<string, Says | { readonly A: Says; readonly AAAA: Says }>>;

const RCODES = { NXDOMAIN: 3, SERVFAIL: 2, REFUSED: 5, NOTIMP: 4 } as const;
const RESPONSE = 0x8180;
/** Neither authoritative nor recursive. */
const LAME = 0x8000;

/** Transport of the answer: over UDP, over UDP after a while, or over TCP with a closed UDP port. */
export type Manner = "udp" | "slow" | "tcp";

/** A slow one answers after this time: half of what a check has, and more. */
export const SLOW_MS = 1_800;

/** Starts one on port 53 of a loopback address; disposing closes it. */
export async function startZoneServer(
  hostname: string,
  zone: Zone,
  how: Manner = "udp",
): Promise<AsyncDisposable> {
  if (how === "tcp") {
    const listener = Bun.listen({
      hostname,
      port: 53,
      socket: {
        // A client may put several questions into one segment.
        data(socket, bytes) {
          for (let at = 0; at + 2 < bytes.length; ) {
            const end = at + 2 + bytes.readUInt16BE(at);
            const message = answer(zone, bytes.subarray(at + 2, end));
            if (message !== undefined) socket.write(framed(message));
            at = end;
          }
        },
      },
    });
    return { [Symbol.asyncDispose]: async () => listener.stop(true) };
  }
  const socket = await Bun.udpSocket({
    hostname,
    port: 53,
    socket: {
      data(own, bytes, port, address) {
        const message = answer(zone, bytes);
        if (message === undefined) return;
        const send = () => {
          try {
            if (!own.closed) own.send(message, port, address);
          } catch {
            // An asker of before is gone, and the kernel reports it now.
          }
        };
        if (how === "slow") setTimeout(send, SLOW_MS);
        else send();
      },
      // The asker may be gone.
      error() {},
    },
  });
  return { [Symbol.asyncDispose]: async () => socket.close() };
}

function answer(zone: Zone, query: Buffer): Buffer | undefined {
  const { id, questions = [] } = decode(query);
  const [question] = questions;
  if (question === undefined || (question.type !== "A" && question.type !== "AAAA")) return undefined;
  const { name, type } = question;
  const row = zone[name] ?? "NXDOMAIN";
  const says: Says = typeof row === "object" && "A" in row ? row[type] : row;
  if (says === "silent") return undefined;
  if (says === "lame") return encode({ type: "response", id, flags: LAME, questions });
  if (typeof says === "string")
    return encode({ type: "response", id, flags: RESPONSE | RCODES[says], questions });
  const answers = says
    .filter((address) => address.includes(":") === (type === "AAAA"))
    .map((data) => ({ type, name, ttl: 1, data }));
  return encode({ type: "response", id, flags: RESPONSE, questions, answers });
}
