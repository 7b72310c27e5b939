/** The http checker: one HTTP/1.1 request on a fresh connection and as much of its answer as the verdict needs. */

import { httpSecrets } from "../../redaction/secrets.ts";
import type { Checker, CheckerEnv } from "../checker.ts";
import { Exchange } from "../exchange.ts";
import { ExchangePlan } from "../exchange-plan.ts";
import { HttpConversation } from "./conversation.ts";
import { formatHttpTarget, type HttpSpec } from "./spec.ts";

const TRACEPARENT = "traceparent";
const BODY_METHODS = ["POST", "PUT", "PATCH"];

/** Makes an http checker. */
export function httpChecker(spec: HttpSpec, env: CheckerEnv): Checker {
  const request = requestMaker(spec, env);
  const expected = {
    codes: spec.expectedCodes,
    body: Buffer.from(spec.response ?? ""),
    secrets: httpSecrets(spec),
  };
  const conversationFactory = {
    subject: `HTTP ${spec.method} ${formatHttpTarget(spec)}`,
    begin: () => new HttpConversation(request(), expected),
  };
  const plan = new ExchangePlan(
    env,
    spec.address,
    spec.tls,
    conversationFactory,
    "drain",
    "half",
    spec.socket,
  );
  return { start: (timeoutMs, done) => new Exchange(plan, timeoutMs, done) };
}

/** The request of each check: always the same one, unless each request carries its own traceparent. */
function requestMaker(spec: HttpSpec, { userAgent, traceparent }: CheckerEnv): () => Uint8Array {
  const request = renderRequest(spec, userAgent);
  const named = spec.headers.some(([name]) => name.toLowerCase() === TRACEPARENT);
  if (traceparent === undefined || named) return () => request;
  const head = request.subarray(0, request.length - "\r\n".length);
  return () => Buffer.concat([head, Buffer.from(`${TRACEPARENT}: ${traceparent()}\r\n\r\n`)]);
}

/**
 * The request as it goes out (RFC 9112). The specs' parser has made sure that no field holds a line break.
 *
 * @param userAgent - unless the healthcheck's own headers name one
 */
export function renderRequest(spec: HttpSpec, userAgent: string): Uint8Array {
  const headers = new Map<string, readonly [string, string]>();
  const defaults: readonly (readonly [string, string])[] = [
    ["Host", spec.host],
    ["User-Agent", userAgent],
    ["Accept", "*/*"],
  ];
  // Without a length a server may wait for a body that never comes.
  const length = BODY_METHODS.includes(spec.method) ? [["Content-Length", "0"] as const] : [];
  for (const header of [...defaults, ...length, ...spec.headers])
    headers.set(header[0].toLowerCase(), header);
  // An upgrade must be named in the Connection header (RFC 9110, 7.8).
  if (!headers.has("connection")) headers.set("connection", ["Connection", "close"]);
  const lines = [...headers.values()].map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`${spec.method} ${spec.path} HTTP/1.1\r\n${lines.join("")}\r\n`);
}
