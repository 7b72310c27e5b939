/** Preparation of a check's socket before it connects (src/system/socket-options.ts), and what this host itself may reject. */
import type { LocalCause } from "../model/result.ts";

/** An option or a packet that this host rejects: it says nothing about the backend. */
export interface SetupFailure {
  readonly cause: LocalCause;
  /** `set mark 7: operation not permitted; grant CAP_NET_ADMIN to the service` */
  readonly message: string;
  /** True when the routing table has no way to the target. */
  readonly noRoute?: boolean;
}

/** Prepares sockets for connect. */
export interface SocketSetup {
  /**
   * Prepares a socket that is not connected.
   *
   * @returns the option that this host rejected; undefined when it accepted all of them
   */
  apply(fd: number): SetupFailure | undefined;
  /**
   * Explains an errno that `connect` itself has returned.
   *
   * @returns the option that is the reason; undefined when none of them is known to be
   */
  connectFailure(number: number): SetupFailure | undefined;
}
