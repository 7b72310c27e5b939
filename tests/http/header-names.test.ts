/** Header names are in lower case in every answer, also where the runtime would choose: scripts look for `content-type`. */
import { expect, test } from "bun:test";
import type { Router } from "../../src/http/server.ts";
import { connectHttp } from "../harness/client/raw-http.ts";
import { startHttp } from "../harness/fakes/http-fixture.ts";

/** Requests, by the status of their answer. */
const REQUESTS: readonly (readonly [status: number, request: string])[] = [
  [200, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"],
  [200, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"],
  [200, "GET / HTTP/1.0\r\nHost: x\r\n\r\n"],
  [200, "HEAD /page.js HTTP/1.1\r\nHost: x\r\n\r\n"],
  [200, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"],
  [200, "GET /metrics HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n"],
  [200, "GET /metrics HTTP/1.0\r\nHost: x\r\n\r\n"],
  [200, "HEAD /metrics HTTP/1.1\r\nHost: x\r\n\r\n"],
  [200, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"],
  [503, "GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n"],
  [200, "GET /api/healthchecks HTTP/1.1\r\nHost: x\r\n\r\n"],
  [200, "GET /api/healthchecks HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nxx"],
  [404, "GET /api/healthchecks/1 HTTP/1.1\r\nHost: x\r\n\r\n"],
  [400, "GET /api/healthchecks/x HTTP/1.1\r\nHost: x\r\n\r\n"],
  [200, "GET /api/events HTTP/1.1\r\nHost: x\r\n\r\n"],
  [200, "HEAD /api/events HTTP/1.1\r\nHost: x\r\n\r\n"],
  [404, "GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n"],
  [405, "POST / HTTP/1.1\r\nHost: x\r\n\r\n"],
  [400, "GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n"],
  [400, "nonsense\r\n\r\n"],
  [431, `GET / HTTP/1.1\r\nHost: x\r\nX: ${"x".repeat(40_000)}\r\n\r\n`],
];

/** The status and the header lines of an answer to bytes. */
async function headOf(port: number, request: string) {
  await using http = await connectHttp(port);
  http.write(request);
  const text = await http.waitFor(/\r\n\r\n/);
  const [head = ""] = text.split("\r\n\r\n", 1);
  const [first = "", ...lines] = head.split("\r\n");
  return { status: Number(first.split(" ")[1]), names: lines.map((line) => line.replace(/:.*/, "")) };
}

const NAMED = REQUESTS.map(([status, request]) => [status, request.slice(0, 60), request] as const);

test.each(NAMED)("headers: lower case in the %i of %j", async (status, _name, request) => {
  using fixture = await startHttp();
  fixture.problems.readinessProblem = "starting";
  const head = await headOf(fixture.port, request);
  expect(head.status).toBe(status);
  expect(head.names).not.toEqual([]);
  expect(head.names).toEqual(head.names.map((name) => name.toLowerCase()));
  // None comes twice, in two spellings.
  expect(new Set(head.names).size).toBe(head.names.length);
});

test("headers: lower case when a handler fails, and when nothing has changed", async () => {
  const fail: Router = () => () => {
    throw new Error("broken");
  };
  using failing = await startHttp({ router: fail });
  const failed = await headOf(failing.port, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  using fixture = await startHttp();
  const etag = (await fixture.ask("/")).headers.get("etag");
  const unchanged = await headOf(fixture.port, `GET / HTTP/1.1\r\nHost: x\r\nIf-None-Match: ${etag}\r\n\r\n`);
  expect([failed.status, unchanged.status]).toEqual([500, 304]);
  for (const { names } of [failed, unchanged]) expect(names).toEqual(names.map((name) => name.toLowerCase()));
});

test("headers: whether the connection stays open is what happens", async () => {
  using fixture = await startHttp();
  const kept = await fixture.ask("/healthz");
  expect([kept.headers.get("connection"), kept.headers.get("keep-alive")]).toEqual(["close", undefined]);
  await using http = await connectHttp(fixture.port);
  http.write("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
  expect(await http.waitFor(/\r\n\r\nok\n/)).toMatch(
    /\r\nconnection: keep-alive\r\nkeep-alive: timeout=75\r\n/,
  );
  http.write("GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: Close\r\n\r\n");
  expect(await http.waitForClose()).toMatch(/\r\nconnection: close\r\n/);
});
