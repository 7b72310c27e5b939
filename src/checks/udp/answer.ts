/** The meaning of the datagram that answers a UDP check; pure. */
import type { Secrets } from "../../redaction/secrets.ts";
import { failed, type Verdict } from "../conversation.ts";
import { excerpt } from "../excerpt.ts";

const ANSWERED: Verdict = { ok: true, message: "answered" };
const AS_EXPECTED: Verdict = { ok: true, message: "answered as expected" };

/**
 * Compares a datagram with the expected beginning.
 *
 * @param bytes - the whole datagram, maybe empty
 * @param expected - empty when any datagram will do
 * @param secrets - hidden where the datagram repeats them
 */
export function validateDatagram(bytes: Uint8Array, expected: Buffer, secrets?: Secrets): Verdict {
  if (expected.length === 0) return ANSWERED;
  const length = Math.min(expected.length, bytes.length);
  if (expected.compare(bytes, 0, length, 0, length) !== 0)
    return failed("L7RSP", `answer starts with ${excerpt(bytes, secrets)}, expected ${excerpt(expected)}`);
  if (length === expected.length) return AS_EXPECTED;
  return length === 0
    ? failed("L7RSP", `answer is an empty datagram, expected ${excerpt(expected)}`)
    : failed("L7RSP", `answer ends after ${length} of ${expected.length} expected bytes`);
}
