/** Content negotiation of a request. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { BadRequestError, preference, readTarget } from "../../src/http/request.ts";

test.each([
  ["/", "/", ""],
  ["/metrics", "/metrics", ""],
  ["/api/healthchecks?q=a%20b&limit=5", "/api/healthchecks", "q=a+b&limit=5"],
  ["/a%2Fb", "/a/b", ""],
  ["//host/path", "//host/path", ""],
  ["/a/../b", "/b", ""],
  ["/%2e%2e/b", "/b", ""],
  ["http://anywhere:9090/metrics?x=1", "/metrics", "x=1"],
  ["/caf%C3%A9", "/café", ""],
])("request: %s is path %s and query %s", (target, path, query) => {
  const read = readTarget(target);
  expect([read.path, read.query.toString()]).toEqual([path, query]);
});

test.each([["*"], ["metrics"], [""], ["/%"], ["/%zz"], ["/%ff"], ["http://"]])(
  "request: %j is refused",
  (target) => {
    expect(() => readTarget(target)).toThrow(BadRequestError);
  },
);

test("request: whatever the target, it is read or refused", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.webUrl(),
        fc.string().map((rest) => `/${rest}`),
      ),
      (target) => {
        try {
          expect(typeof readTarget(target).path).toBe("string");
        } catch (error) {
          expect(error).toBeInstanceOf(BadRequestError);
        }
      },
    ),
  );
});

test.each([
  [undefined, 0],
  ["", 0],
  ["gzip", 1],
  ["GZIP", 1],
  ["deflate, gzip;q=0.5", 0.5],
  ["gzip ; q=0.25 , br", 0.25],
  ["gzip;q=0", 0],
  ["gzip;q=2", 0],
  ["gzip;q=-1", 0],
  ["gzip;q=nonsense", 0],
  ["gzip;level=9;q=0.3", 0.3],
  ["x-gzip", 0],
  ["*", 0],
])("request: by %j gzip is liked %d", (header, quality) => {
  expect(preference(header, "gzip")).toBe(quality);
});

test("request: parameters of a media type do not matter", () => {
  const prometheus =
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
  expect(preference(prometheus, "application/openmetrics-text")).toBe(0.6);
  expect(preference(prometheus, "text/plain")).toBe(0.5);
});
