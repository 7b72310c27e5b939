/** An ICMP check as the API shows it. */
import { socketView } from "../socket-fields.ts";
import type { IcmpSpec } from "./spec.ts";

/** Shows the check; it holds no secrets. */
export function icmpView({ ip, payloadBytes, ttl, count, socket }: IcmpSpec) {
  return { address: ip, size: payloadBytes, ttl: ttl ?? null, count, ...socketView(socket) };
}
