/** Span attributes of a check. */
import { expect, test } from "bun:test";
import type { HttpSpec } from "../../src/checks/http/spec.ts";
import { type Conclusive, type Failure, inconclusive } from "../../src/model/result.ts";
import { checkAttributes, checkStatus, phaseEvents } from "../../src/telemetry/check-attributes.ts";
import { makeSpec, success } from "../harness/fakes/fakes.ts";
import { httpSpec } from "../harness/fakes/http-spec.ts";

const HTTP = httpSpec({
  path: "/healthz?token=secret",
  host: "www.example.test",
  headers: [["X-Key", "secret"]],
  expectedCodes: [200],
  response: "secret",
});

function failed(code: Failure["code"], changes: Partial<Failure> = {}): Failure {
  return { outcome: "failure", code, message: "it failed", durationMs: 1, phases: {}, ...changes };
}

const ofHttp = (result: Conclusive, check: Partial<HttpSpec> = {}) =>
  checkAttributes(makeSpec(1, { check: { ...HTTP, ...check } }), result, 0);

test("check: the error of an unwanted status is that status, and of anything else the reason", () => {
  expect(ofHttp(failed("L7STS", { statusCode: 503 }))["error.type"]).toBe("503");
  expect(ofHttp(failed("L7STS", { statusCode: 200 }))["error.type"]).toBe("L7STS");
  expect(ofHttp(failed("L7STS", { statusCode: 503 }), { expectedCodes: [] })["error.type"]).toBe("L7STS");
  expect(ofHttp(failed("L4TOUT"))["error.type"]).toBe("L4TOUT");
  expect(ofHttp({ ...success(), statusCode: 200 })["error.type"]).toBeUndefined();
});

test("check: no attribute contains a query, a header or an expected body", () => {
  expect(JSON.stringify(ofHttp(failed("L7STS", { statusCode: 503 })))).not.toContain("secret");
});

test("check: an inconclusive one is an error of our own making", () => {
  const result = inconclusive("ports", "no local port is left");
  expect(checkAttributes(makeSpec(7), result, 1.23456)).toEqual({
    "healthcheck.id": "7",
    "healthcheck.type": "tcp",
    "healthcheck.outcome": "inconclusive",
    "healthcheck.reason": "LOCAL",
    "healthcheck.cause": "ports",
    "healthcheck.lateness_ms": 1.235,
    "error.type": "LOCAL",
    "server.address": "10.0.0.1",
    "server.port": 80,
  });
  expect(checkStatus(result)).toEqual({ code: 2, message: "LOCAL no local port is left" });
  expect(checkStatus(success())).toBeUndefined();
});

const takeContext = (result: Conclusive) =>
  phaseEvents(result, 10_000).map(({ name, time, attributes }) => [
    name,
    time[0] * 1_000 + time[1] / 1e6,
    attributes?.["healthcheck.phase.completed"] ?? true,
  ]);

test("phases: each stands where it ended, and the one in which the check failed is marked", () => {
  const phases = { resolveMs: 1, connectMs: 2, tlsMs: 3, firstByteMs: 4, transferMs: 5 };
  expect(takeContext({ ...success(), phases })).toEqual([
    ["resolve", 10_001, true],
    ["connect", 10_003, true],
    ["tls", 10_006, true],
    ["request", 10_006, true],
    ["first_byte", 10_010, true],
    ["transfer", 10_015, true],
  ]);
  expect(takeContext(failed("L4CON", { phases: { connectMs: 2 } }))).toEqual([["connect", 10_002, false]]);
  expect(takeContext(failed("L6RSP", { phases: { connectMs: 2, tlsMs: 1 } })).at(-1)).toEqual([
    "tls",
    10_003,
    false,
  ]);
  expect(takeContext(failed("L7TOUT", { phases })).at(-1)).toEqual(["transfer", 10_015, false]);
  expect(takeContext(failed("L7RSP", { phases })).at(-1)).toEqual(["transfer", 10_015, true]);
  expect(takeContext(failed("L7STS", { phases: { connectMs: 2, firstByteMs: 1 } })).at(-1)).toEqual([
    "first_byte",
    10_003,
    true,
  ]);
});
