/** The sentence about a fault of the server's network; pure. */
import type { NetworkFault } from "../../api.ts";
import { formatCount } from "./format.ts";

/** Returns the sentence of the banner. */
export function networkNotice({ blind, held }: NetworkFault): string {
  const reports = `${formatCount(held)} ${held === 1 ? "change" : "changes"} to unhealthy held`;
  return blind
    ? `Network blind: this server is probably cut off from its network. ${reports}.`
    : `Network in doubt: ${reports} until another backend answers.`;
}
