/** Paths and whole URLs. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { encodePath, splitTarget } from "../../src/checks/http/target.ts";

const plain = { secure: false, host: undefined, authorization: undefined };

test.each([
  ["/healthz", { ...plain, path: "/healthz" }],
  ["healthz", { ...plain, path: "/healthz" }],
  ["", { ...plain, path: "/" }],
  ["?a=1", { ...plain, path: "/?a=1" }],
  ["/to/http://x", { ...plain, path: "/to/http://x" }],
  ["http://www.example.com/healthz", { ...plain, host: "www.example.com", path: "/healthz" }],
  ["HTTPS://www.example.com", { ...plain, secure: true, host: "www.example.com", path: "/" }],
  ["http://www.example.com:8080/a?b=c", { ...plain, host: "www.example.com:8080", path: "/a?b=c" }],
  ["http://www.example.com:80/", { ...plain, host: "www.example.com", path: "/" }],
  ["https://[::1]:8443/", { ...plain, secure: true, host: "[::1]:8443", path: "/" }],
  ["http://user:p%3Aw@a.test/", { ...plain, host: "a.test", path: "/", authorization: "Basic dXNlcjpwOnc=" }],
])("http target: reads %j", (text, target) => {
  expect(splitTarget(text, "GET")).toEqual(target);
});

test.each(["ftp://x/", "http://", "https://a b/", "gopher://x"])("http target: refuses %j", (text) => {
  expect(splitTarget(text, "GET")).toBeUndefined();
});

test("http target: the server as a whole is a target of OPTIONS only", () => {
  expect(splitTarget("*", "OPTIONS")).toEqual({ ...plain, path: "*" });
  expect(splitTarget("*", "GET")).toEqual({ ...plain, path: "/*" });
  expect(splitTarget("*a", "OPTIONS")).toEqual({ ...plain, path: "/*a" });
  expect(splitTarget("", "OPTIONS")).toEqual({ ...plain, path: "/" });
});

test.each([
  ["/a b", "/a%20b"],
  ["/ü?q=€", "/%C3%BC?q=%E2%82%AC"],
  ["/%20", "/%20"],
  ["/a#b", "/a"],
  ["/a\r\nX: y", "/a%0D%0AX:%20y"],
])("http target: encodes %j", (path, encoded) => {
  expect(encodePath(path)).toBe(encoded);
});

test("http target: whatever the path, the request line stays one line of visible characters", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => /^[\x21-\x7e]*$/.test(encodePath(`/${text}`))),
  );
});
