/** Exit statuses, which scripts and service managers rely on. */
export const EXIT = {
  /** A clean stop; for `probe`: healthy. */
  ok: 0,
  /** A fault; for `probe`: unhealthy; for `check-config`: the file has faults. */
  fault: 1,
  /** Wrong usage of the command line. */
  usage: 2,
  /** Only `probe`: nothing could be found out, through a fault of our own. */
  inconclusive: 3,
} as const;
