/** A RADIUS server that answers whatever a test wants, with the secret that the checks have. Called by tests/faults and tests/verdicts. */
import type { Target } from "../client/checks.ts";
import { idOf, type Reply, replyTo } from "./radius-reply.ts";
import { startLiar, type Turn } from "./rogue-dns-server.ts";

/** The secret of the server and of its clients. */
export const RADIUS_SECRET = "xyzzy5461";
/** Another one, of the same length. */
export const OTHER_SECRET = Buffer.from("plugh5461");

/** One request. */
export interface RadiusTurn extends Turn {
  /** Answers with a packet that fits the request but for the differences. */
  answer(reply: Reply): void;
  /** Makes such a packet. */
  packet(reply: Reply): Buffer;
}

/** Starts a server. */
export function startRadius(serve: (turn: RadiusTurn) => void): Promise<Target & AsyncDisposable> {
  return startLiar((turn) => {
    const packet = (reply: Reply) => replyTo(idOf(turn.query), Buffer.from(RADIUS_SECRET), reply);
    serve({ ...turn, packet, answer: (reply) => turn.say(packet(reply)) });
  });
}
