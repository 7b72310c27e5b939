/** The http checker: one HTTP/1.1 request on a fresh connection and as much of its answer as the verdict needs. */

import { formatAddress, formatVia } from "../../model/spec.ts";
import { httpSecrets, type Secrets } from "../../redaction/secrets.ts";
import type { Checker, CheckerEnv } from "../checker.ts";
import type { ConversationFactory, TunnelFactory } from "../conversation.ts";
import { Exchange } from "../exchange.ts";
import { ExchangePlan } from "../exchange-plan.ts";
import { HttpConversation } from "./conversation.ts";
import { formatHttpSubject, formatRoot, formatWay, type HttpSpec } from "./spec.ts";
import { ConnectConversation } from "./tunnel.ts";

const TRACEPARENT = "traceparent";
const PROXY_AUTHORIZATION = "proxy-authorization";
const BODY_METHODS = ["POST", "PUT", "PATCH"];

/** Makes an http checker. */
export function httpChecker(spec: HttpSpec, env: CheckerEnv): Checker {
  const request = requestMaker(spec, env);
  const secrets = httpSecrets(spec);
  const expected = { codes: spec.expectedCodes, body: Buffer.from(spec.response ?? ""), secrets };
  const conversationFactory: ConversationFactory = {
    subject: formatHttpSubject(spec),
    ...(spec.origin && {
      connectSubject: `TCP connect to proxy ${formatAddress(spec.address)}${formatVia(spec.socket)}`,
    }),
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
    tunnelFactory(spec, env.userAgent, secrets),
  );
  return { start: (timeoutMs, done, reached) => new Exchange(plan, timeoutMs, done, reached) };
}

/** The tunnel to the host of an https URL; undefined without a proxy, and for a request that the proxy reads itself. */
function tunnelFactory(spec: HttpSpec, userAgent: string, secrets: Secrets): TunnelFactory | undefined {
  const { origin, tls } = spec;
  if (origin === undefined || tls === undefined) return undefined;
  const peer = `${origin.host}:${origin.port}`;
  const way = formatWay(spec);
  const request = renderConnect(spec, peer, userAgent);
  return {
    subject: `HTTP CONNECT ${peer}${way}`,
    host: origin.host.replace(/^\[(.*)\]$/, "$1"),
    peer,
    way,
    begin: () => new ConnectConversation(request, secrets),
  };
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
 * The request as it goes out (RFC 9112), with a whole URL where a proxy reads it (3.2.2). The specs' parser has made sure that no field holds a line break.
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
  const inTunnel = spec.origin !== undefined && spec.tls !== undefined;
  // These are for the proxy, which has them from CONNECT.
  const own = inTunnel ? spec.headers.filter(([name]) => !isForProxy(name)) : spec.headers;
  for (const header of [...defaults, ...length, ...own]) headers.set(header[0].toLowerCase(), header);
  // An upgrade must be named in the Connection header (RFC 9110, 7.8).
  if (!headers.has("connection")) headers.set("connection", ["Connection", "close"]);
  const lines = [...headers.values()].map(([name, value]) => `${name}: ${value}\r\n`);
  const target =
    spec.origin === undefined || inTunnel
      ? spec.path
      : `${formatRoot(spec)}${spec.path === "*" ? "" : spec.path}`;
  return Buffer.from(`${spec.method} ${target} HTTP/1.1\r\n${lines.join("")}\r\n`);
}

/**
 * The CONNECT request for a tunnel (RFC 9110, 9.3.6), with the healthcheck's own User-Agent and credentials for the proxy if it has any.
 *
 * @param peer - host and port at the other end
 */
export function renderConnect({ headers }: HttpSpec, peer: string, userAgent: string): Uint8Array {
  const agent = headers.findLast(([name]) => name.toLowerCase() === "user-agent")?.[1] ?? userAgent;
  const own = headers.filter(([name]) => isForProxy(name)).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(
    `CONNECT ${peer} HTTP/1.1\r\nHost: ${peer}\r\nUser-Agent: ${agent}\r\n${own.join("")}\r\n`,
  );
}

function isForProxy(name: string): boolean {
  return name.toLowerCase() === PROXY_AUTHORIZATION;
}
