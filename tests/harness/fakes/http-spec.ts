/** The specification of an http check, for tests that are about a few of its fields. */
import type { HttpSpec } from "../../../src/checks/http/spec.ts";

/** Makes the specification of a plain GET of `/` at 10.0.0.1:80 that accepts any status. @param changes - take precedence */
export function httpSpec(changes: Partial<HttpSpec> = {}): HttpSpec {
  return {
    type: "http",
    origin: undefined,
    socket: undefined,
    address: { ip: "10.0.0.1", port: 80 },
    tls: undefined,
    method: "GET",
    path: "/",
    host: "10.0.0.1",
    headers: [],
    expectedCodes: [],
    response: undefined,
    ...changes,
  };
}
