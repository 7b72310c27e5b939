/**
 * Nameservers that answer by a table of names: addresses, response codes, or silence. Called by the tests of the system's resolver.
 */
import { decode, encode } from "dns-packet";
import { framed } from "./dns-liar.ts";

/** What a server says of a name and type: addresses (none: the name exists without any), a response code, or nothing at all. */
export type Says = readonly string[] | "NXDOMAIN" | "SERVFAIL" | "REFUSED" | "NOTIMP" | "silent" | "lame";

/** By name; one word for both types, or one for each. Names that are not in it do not exist. */
export type Zone = Readonly<Record<string, Says | { readonly A: Says; readonly AAAA: Says }>>;

const RCODES = { NXDOMAIN: 3, SERVFAIL: 2, REFUSED: 5, NOTIMP: 4 } as const;
const RESPONSE = 0x8180;
/** Neither authoritative nor recursive. */
const LAME = 0x8000;

/** A running server; disposing closes it. */
export interface ZoneServer extends AsyncDisposable {
  /** Every question over UDP, `A www.example`, in order. */
  readonly asked: readonly string[];
}

/**
 * Starts one on port 53 of a loopback address.
 * @param how - `tcp`: nobody listens on UDP
 */
export async function startZoneServer(
  hostname: string,
  zone: Zone,
  how: "udp" | "tcp" = "udp",
): Promise<ZoneServer> {
  const asked: string[] = [];
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
    return { asked, [Symbol.asyncDispose]: async () => listener.stop(true) };
  }
  const socket = await Bun.udpSocket({
    hostname,
    port: 53,
    socket: {
      data(own, bytes, port, address) {
        const [question] = decode(bytes).questions ?? [];
        asked.push(`${question?.type} ${question?.name}`);
        const message = answer(zone, bytes);
        if (message !== undefined && !own.closed) own.send(message, port, address);
      },
      // The asker may be gone.
      error() {},
    },
  });
  return { asked, [Symbol.asyncDispose]: async () => socket.close() };
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
