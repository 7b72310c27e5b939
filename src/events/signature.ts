/** The signature of a webhook delivery; pure. */
import { createHmac } from "node:crypto";

/** Name of the header with the signature. */
export const SIGNATURE_HEADER = "X-Healthcheck-Signature";

/**
 * Signs a body with HMAC-SHA256 (RFC 2104) over `TIME.BODY`. The time lets the receiver reject old deliveries.
 *
 * @param atMs - wall clock
 * @returns `t=SECONDS,v1=HEX`
 */
export function sign(secret: string, atMs: number, body: string): string {
  const seconds = Math.floor(atMs / 1_000);
  const digest = createHmac("sha256", secret).update(`${seconds}.${body}`).digest("hex");
  return `t=${seconds},v1=${digest}`;
}
