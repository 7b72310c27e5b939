/** Sending from a UDP socket of Bun's whose former peers have gone. Called by nameservers and other UDP backends of the tests. */

/**
 * Sends a datagram. A peer that has closed its port refuses a late answer, and the kernel reports that to the next send, which sends
 * nothing: that one belongs to another peer, so it is repeated.
 */
export function sendTo(
  socket: Bun.udp.Socket<"buffer">,
  message: Uint8Array,
  port: number,
  address: string,
): void {
  if (socket.closed) return;
  try {
    socket.send(message, port, address);
  } catch {
    socket.send(message, port, address);
  }
}
