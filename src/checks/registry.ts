/** Every checker by its type; the one file that names them all. */
import type { CheckSpec } from "../model/spec.ts";
import type { Checker, CheckerEnv } from "./checker.ts";
import { dnsChecker } from "./dns/checker.ts";
import { httpChecker } from "./http/checker.ts";
import { tcpChecker } from "./tcp/checker.ts";

/** Makes the checker that a healthcheck asks for. */
export function makeChecker(spec: CheckSpec, env: CheckerEnv): Checker {
  switch (spec.type) {
    case "tcp":
      return tcpChecker(spec, env);
    case "http":
      return httpChecker(spec, env);
    case "dns":
      return dnsChecker(spec, env);
  }
}
