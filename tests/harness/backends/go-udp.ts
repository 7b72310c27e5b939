/** The UDP service of tests/goudp: a peer that another language's runtime serves. Called by the tests of UDP checks. */

import { startChild } from "../base/child.ts";
import { buildGoProgram } from "../base/go-program.ts";

/** A running service; disposing ends it. */
export interface GoUdp extends AsyncDisposable {
  /** Its port on 127.0.0.1. */
  readonly v4: number;
  /** Its port on ::1; 0 where this host has no such address. */
  readonly v6: number;
}

/** Starts the service; builds it first where needed. @throws Error when it does not start within 10 s */
export async function startGoUdp(): Promise<GoUdp> {
  const child = await startChild([await buildGoProgram("goudp")], "the ports of the Go program");
  // The cast names what our own program writes.
  const ports = JSON.parse(child.first) as { v4: number; v6: number };
  return { ...ports, [Symbol.asyncDispose]: () => child[Symbol.asyncDispose]() };
}
