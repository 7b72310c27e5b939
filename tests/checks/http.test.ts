/** The request as it goes out. */
import { expect, test } from "bun:test";
import { excerpt } from "../../src/checks/excerpt.ts";
import { renderRequest } from "../../src/checks/http/checker.ts";
import type { HttpSpec } from "../../src/checks/http/spec.ts";
import { Stopwatch } from "../../src/checks/stopwatch.ts";
import { httpSpec } from "../harness/fakes/http-spec.ts";

const SPEC = httpSpec({ path: "/healthz?a=b", host: "www.example.com" });
const render = (changes: Partial<HttpSpec>) =>
  Buffer.from(renderRequest({ ...SPEC, ...changes }, "agent/1"))
    .toString()
    .split("\r\n");

test("request: names the user agent, accepts any content, and closes the connection", () => {
  expect(render({})).toEqual([
    "GET /healthz?a=b HTTP/1.1",
    "Host: www.example.com",
    "User-Agent: agent/1",
    "Accept: */*",
    "Connection: close",
    "",
    "",
  ]);
});

test("request: OPTIONS of the server as a whole", () => {
  expect(render({ method: "OPTIONS", path: "*" })[0]).toBe("OPTIONS * HTTP/1.1");
});

test("request: own headers come in, and take the place of the usual ones in any case", () => {
  const headers = [
    ["X-A", "1"],
    ["user-agent", "me"],
    ["HOST", "b.example"],
  ] as const;
  expect(render({ headers })).toEqual([
    "GET /healthz?a=b HTTP/1.1",
    "HOST: b.example",
    "user-agent: me",
    "Accept: */*",
    "X-A: 1",
    "Connection: close",
    "",
    "",
  ]);
});

test("request: an own Connection header is sent as written, in any case", () => {
  const headers = [
    ["cOnnection", "Upgrade"],
    ["Upgrade", "websocket"],
  ] as const;
  const lines = render({ headers });
  expect(lines.filter((line) => /^connection:/i.test(line))).toEqual(["cOnnection: Upgrade"]);
  expect(lines).toContain("Upgrade: websocket");
});

test("excerpt: foreign bytes are quoted, escaped and cut", () => {
  expect(excerpt(Buffer.from("220 ready\r\n"))).toBe('"220 ready\\r\\n"');
  expect(excerpt(Uint8Array.of(0, 27, 34, 92, 127, 255))).toBe('"\\u0000\\u001b\\"\\\\\\x7f\\xff"');
  expect(excerpt(Buffer.from("x".repeat(60)))).toBe(`"${"x".repeat(60)}"`);
  expect(excerpt(Buffer.from("x".repeat(61)))).toBe(`"${"x".repeat(60)}…"`);
});

test("stopwatch: times the phases apart, and their sum", () => {
  let nowMs = 100;
  const stopwatch = new Stopwatch({ nowMs: () => nowMs, wallMs: () => 0 }, "connectMs");
  nowMs = 103;
  stopwatch.next("tlsMs");
  nowMs = 110;
  stopwatch.next("firstByteMs");
  nowMs = 111;
  expect(stopwatch.stop()).toEqual({ durationMs: 11, phases: { connectMs: 3, tlsMs: 7, firstByteMs: 1 } });
});

test("stopwatch: the kernel's measurement counts, also where the process stalled and its own clock with it", () => {
  let nowMs = 0;
  const stopwatch = new Stopwatch({ nowMs: () => nowMs, wallMs: () => 0 }, "connectMs");
  nowMs = 50;
  stopwatch.next("firstByteMs", 0.2);
  nowMs = 60;
  expect(stopwatch.stop(99)).toEqual({ durationMs: 99.2, phases: { connectMs: 0.2, firstByteMs: 99 } });
});
