/** Exit statuses, which scripts and service managers rely on. */
export const EXIT = {
  /** A clean stop; for `probe`: healthy. */
  ok: 0,
  /** An error; for `probe`: unhealthy; for `check-config`: the file has errors. */
  failure: 1,
  /** Wrong usage of the command line. */
  usage: 2,
  /** Only `probe`: no verdict, because of a local error. */
  inconclusive: 3,
} as const;
