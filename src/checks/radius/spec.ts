/** Specification of a RADIUS check. */
import { type Address, formatAddress, formatViaBackend, type SocketOptions } from "../../model/spec.ts";

/** Requests of a RADIUS check: `auth` is an Access-Request (RFC 2865), `status` a Status-Server (RFC 5997). */
export const METHODS = ["auth", "status"] as const;
/** One of {@link METHODS}. */
export type Method = (typeof METHODS)[number];

/** Answers to an Access-Request that a check can expect. */
export const EXPECTATIONS = ["accept", "reject", "challenge", "any"] as const;
/** One of {@link EXPECTATIONS}. */
export type Expectation = (typeof EXPECTATIONS)[number];

/** User and password of an Access-Request, and the expected answer. */
export interface Login {
  readonly username: string;
  /** A secret; maybe empty. */
  readonly password: string;
  readonly expect: Expectation;
}

/** A RADIUS request, and what its answer must be. */
export interface RadiusSpec {
  readonly type: "radius";
  readonly address: Address;
  readonly socket: SocketOptions | undefined;
  /** Shared by client and server; a secret, not empty. */
  readonly secret: string;
  /** NAS-Identifier; undefined for the name of this host. */
  readonly nasIdentifier: string | undefined;
  /** Undefined for a Status-Server. */
  readonly login: Login | undefined;
}

/** Formats the target: `radius://10.0.0.1:1812`. */
export function formatRadiusTarget({ address, socket }: RadiusSpec): string {
  return `radius://${formatAddress(address)}${formatViaBackend(socket)}`;
}

/** Returns the kind of request. */
export function methodOf({ login }: RadiusSpec): Method {
  return login === undefined ? "status" : "auth";
}
