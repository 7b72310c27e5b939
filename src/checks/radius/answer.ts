/** The meaning of the answer to a RADIUS request; pure. */
import type { Secrets } from "../../redaction/secrets.ts";
import { failed, type Verdict } from "../conversation.ts";
import { excerpt } from "../excerpt.ts";
import { type Answer, CODES } from "./packet.ts";
import type { Expectation } from "./spec.ts";

type CodeName = keyof typeof CODES;

const EXPECTED: Readonly<Record<Exclude<Expectation, "any">, CodeName>> = {
  accept: "Access-Accept",
  reject: "Access-Reject",
  challenge: "Access-Challenge",
};
const AUTH_ANSWERS: readonly CodeName[] = Object.values(EXPECTED);
/** The second comes from an accounting port (RFC 5997, 4.2). */
const STATUS_ANSWERS: readonly CodeName[] = ["Access-Accept", "Accounting-Response"];
const NAMES = new Map<number, CodeName>(
  // `Object.entries` widens the names.
  Object.entries(CODES).map(([name, code]) => [code, name as CodeName]),
);

/**
 * Compares an authentic answer with the expected one.
 *
 * @param expect - undefined for the answer to a Status-Server
 * @param secrets - hidden where the server repeats them
 */
export function validateAnswer(
  answer: Exclude<Answer, { readonly kind: "stray" }>,
  expect: Expectation | undefined,
  secrets: Secrets,
): Verdict {
  if (answer.kind === "malformed") return failed("L7RSP", answer.problem);
  const name = NAMES.get(answer.code);
  const possible = expect === undefined ? STATUS_ANSWERS : AUTH_ANSWERS;
  const request = expect === undefined ? "Status-Server" : "Access-Request";
  if (name === undefined || !possible.includes(name))
    return failed("L7RSP", `answered ${named(answer.code)}, which does not answer ${request}`);
  if (expect === undefined || expect === "any" || name === EXPECTED[expect])
    return { ok: true, message: `answered ${name}` };
  const words = answer.replyMessage === "" ? "" : ` ${excerpt(answer.replyMessage, secrets)}`;
  return failed("L7STS", `answered ${name}${words}, expected ${EXPECTED[expect]}`);
}

/** `Access-Accept`, or `code 40`. */
function named(code: number): string {
  return NAMES.get(code) ?? `code ${code}`;
}
