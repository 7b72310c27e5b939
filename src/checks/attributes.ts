/** Span attributes that check types share, by the OpenTelemetry semantic conventions. */
import type { Address, SocketOptions } from "../model/spec.ts";
import type { SpanAttributes } from "./check-type.ts";

/**
 * Returns the attributes of the address that a check connects to, and of the backend behind it; `network.peer.*` would repeat the address.
 *
 * @param socket - the path of the check's packets; undefined for none of its own
 */
export function addressAttributes(
  address: Address | undefined,
  socket: SocketOptions | undefined,
): SpanAttributes {
  if (address === undefined) return {};
  return { "server.address": address.ip, "server.port": address.port, ...forwardingAttributes(socket) };
}

/** Returns the attributes of the backend behind a VIP and of the mark that selects it. */
function forwardingAttributes(options: SocketOptions | undefined): SpanAttributes {
  if (options?.forwarding === undefined) return {};
  const { mode, host } = options.forwarding;
  return { "healthcheck.mode": mode, "healthcheck.host": host, "healthcheck.mark": options.mark ?? 0 };
}
