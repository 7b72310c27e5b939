/** Ports of the backends beyond an uplink. Called by uplink.ts and its process. */

export const WEB_PORT = 8_080;
export const TLS_PORT = 8_443;
/** UDP, of every service. */
export const DATAGRAM_PORT = 5_353;
