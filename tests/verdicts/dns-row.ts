/** Form of the rows of a dns check. */
import type { Answer } from "dns-packet";
import { type Behavior, PATIENT, SHORT } from "./behavior.ts";
import { type Answering, NAME, nameserver } from "./dns-backend.ts";
import type { Script } from "./plain-backend.ts";

/** An A record. */
export const A = (data = "192.0.2.1", name = NAME): Answer => ({ type: "A", name, ttl: 60, data });
/** An AAAA record. */
export const AAAA = (data = "2001:db8::1", name = NAME): Answer => ({ type: "AAAA", name, ttl: 60, data });
/** Response codes (RFC 1035, 4.1.1). */
export const [FORMERR, SERVFAIL, NXDOMAIN, NOTIMP, REFUSED] = [1, 2, 3, 4, 5];
/** Type A, class IN, a time to live, four bytes: the rest of an A record, behind its name. */
export const REST_OF_A = [0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1];
/** Offset of the question in a message; bytes. */
export const QUESTION_AT = 12;

/** A row whose check asks for the A records of {@link NAME}. */
export function dns(
  id: string,
  backend: string,
  udp: Answering,
  wanted: Behavior["wanted"],
  fields: Readonly<Record<string, unknown>> = {},
  tcp?: Script,
): Behavior {
  const timeout = wanted.endsWith("TOUT") ? SHORT : PATIENT;
  return {
    id: `dns-${id}`,
    backend,
    start: () => nameserver(udp, tcp),
    wanted,
    check: { timeout, query: NAME, query_type: "A", ...fields, checker_type: "dns" },
  };
}
