/**
 * One row of the verdict table: what a backend does, the check that meets it, and the verdict that each program must reach.
 * The rows are data: the differential test runs them, and docs/verdicts.md is generated from them.
 */
import type { Target } from "../harness/client/checks.ts";
import type { Pki } from "./pki.ts";

/** The code of a result, as in `model/result.ts`; it decides the verdict. */
export type Code =
  | "L4OK"
  | "L6OK"
  | "L7OK"
  | "L4CON"
  | "L4TOUT"
  | "L6RSP"
  | "L6TOUT"
  | "L7RSP"
  | "L7TOUT"
  | "L7STS"
  | "LOCAL";

/** HAProxy has one more code, for errors of a socket. */
export type HaproxyCode = Code | "SOCKERR";

/** A cell without an asserted value. */
export interface LeftOut {
  /** One sentence that says why this program is not asserted here. */
  readonly leftOut: string;
}

/** Everything that a backend needs to start. */
export interface World {
  /** Certificates; made once for all rows. */
  readonly pki: Pki;
}

/** A started backend; disposing it closes the listener and its connections. */
export type Backend = Target & AsyncDisposable;

/** One row. */
export interface Behavior {
  /** Unique, in kebab case; the order of the rows is the order in the table. */
  readonly id: string;
  /** Action of the backend: a phrase that continues the sentence "The backend …". */
  readonly backend: string;
  readonly start: (world: World) => Backend | Promise<Backend>;
  /** CONFIG fields besides `id`, `ip` and `port`. */
  readonly check: Readonly<Record<string, unknown>> & {
    readonly checker_type: "tcp" | "http" | "dns" | "udp" | "radius";
  };
  /** The code that the server must report for every result. */
  readonly wanted: Code;
  /** HAProxy's code; absent when HAProxy has no such check. */
  readonly haproxy?: HaproxyCode | LeftOut;
  /**
   * curl's exit status; when it is 0, the HTTP status behind it, and {@link OTHER_BODY} when the body is not the expected one: `0 503`.
   * Absent when curl has no such check.
   */
  readonly curl?: string | LeftOut;
  /** Required when a reference reaches another verdict or HAProxy another code: one sentence that says why ours is right. */
  readonly why?: string;
}

/** A behavior's verdict follows from its code. */
export type Verdict = "healthy" | "unhealthy" | "inconclusive";

/** The verdict that a code stands for. */
export function verdictOf(code: string): Verdict {
  if (code === "LOCAL") return "inconclusive";
  return /^L[467]OK/.test(code) ? "healthy" : "unhealthy";
}

/** Ends a curl cell whose body is not the expected one. */
export const OTHER_BODY = ", other body";

/** The verdict of a check built on curl: it succeeds, and finds what the check expects. */
export function curlVerdict({ check }: Behavior, cell: string): Verdict {
  const [exit, status] = cell.replace(OTHER_BODY, "").split(" ");
  const codes = check["expected_codes"];
  const expected = !Array.isArray(codes) || codes.includes(Number(status));
  return exit === "0" && expected && !cell.endsWith(OTHER_BODY) ? "healthy" : "unhealthy";
}

/** Reports whether a reference reaches another verdict than the server, or HAProxy another code. */
export function differs(row: Behavior): boolean {
  const { wanted, haproxy, curl } = row;
  const otherCode = typeof haproxy === "string" && haproxy !== wanted;
  return otherCode || (typeof curl === "string" && curlVerdict(row, curl) !== verdictOf(wanted));
}

/** Reports whether a cell has no value to assert. */
export function isLeftOut(cell: string | LeftOut | undefined): cell is LeftOut {
  return typeof cell === "object";
}

/** The timeout of a check that must end before it; a busy machine does not reach it. */
export const PATIENT = "8s";
/** The timeout of a check that must reach it. */
export const SHORT = "1s";
