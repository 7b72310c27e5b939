/**
 * The protocol between the benchmark and a sink: a command on each line of the sink's standard input, a response on each line of its
 * standard output, both JSON. Both sides import it.
 */

/** The protocol that a sink speaks. */
export type SinkKind = "tcp" | "http" | DatagramKind;

/** Kinds over UDP. */
export type DatagramKind = "dns" | "udp" | "radius";

/** Returns true for a protocol over UDP. */
export function isDatagram(kind: SinkKind): kind is DatagramKind {
  return kind !== "tcp" && kind !== "http";
}

/** Shared by the radius sink and the checks of it. */
export const RADIUS_SECRET = "bench";

/** Startup settings of a sink: its one argument, as JSON. */
export interface SinkPlan {
  readonly kind: SinkKind;
  /** Loopback address on which it listens. */
  readonly address: string;
  readonly ports: number;
  /** Further ports that drop every SYN: dead hosts. */
  readonly blackholes: number;
}

/** The first line that a sink writes. */
export interface SinkPorts {
  readonly ports: readonly number[];
  readonly blackholes: readonly number[];
}

/** Commands to a sink. */
export type Command =
  /** Answered with {@link SinkCount}. */
  | { readonly do: "count" }
  /** Notes the times of what arrives from now on. Answered with {@link SinkDone}. */
  | { readonly do: "record" }
  /** Ends the recording. Answered with {@link SinkTimes}. */
  | { readonly do: "take" }
  /** Closes, or opens again, the ports from one index to before another. Answered with {@link SinkDone}. */
  | { readonly do: "down" | "up"; readonly from: number; readonly to: number };

/** Total number of checks until now. */
export interface SinkCount {
  readonly total: number;
}

/** For each port when checks came, milliseconds since the epoch. */
export interface SinkTimes {
  readonly timesMs: readonly (readonly number[])[];
}

/** Time at which the command had been executed, milliseconds since the epoch. */
export interface SinkDone {
  readonly atMs: number;
}

/** The clock of all these: milliseconds since the epoch, finer than `Date.now()`. */
export function wallMs(): number {
  return performance.timeOrigin + performance.now();
}
