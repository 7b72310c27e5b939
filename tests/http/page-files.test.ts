/** The files of the status page, as a browser gets them. */
import { expect, test } from "bun:test";
import { startHttp } from "../harness/fakes/http-fixture.ts";

const FILES = [
  ["/", "text/html; charset=utf-8"],
  ["/page.js", "text/javascript; charset=utf-8"],
  ["/page.css", "text/css; charset=utf-8"],
] as const;

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

test.each(FILES)("page files: %s is served as %s, under the policy", async (path, type) => {
  using fixture = await startHttp();
  const { status, headers, body } = await fixture.ask(path);
  expect([status, headers.get("content-type")]).toEqual([200, type]);
  expect(headers.get("content-security-policy")).toBe(POLICY);
  expect(headers.get("cache-control")).toBe("no-cache");
  expect(Number(headers.get("content-length"))).toBe(body.length);
  expect(body.length).toBeGreaterThan(100);
});

test.each(FILES)("page files: %s is not sent again to who has it", async (path) => {
  using fixture = await startHttp();
  const etag = (await fixture.ask(path)).headers.get("etag") ?? "";
  expect(etag).toMatch(/^"[\w-]{22}"$/);
  const again = await fixture.ask(path, `If-None-Match: ${etag}`);
  expect([again.status, again.body, again.headers.get("etag")]).toEqual([304, "", etag]);
  expect(again.headers.get("content-security-policy")).toBe(POLICY);
  expect((await fixture.ask(path, 'If-None-Match: "another"')).status).toBe(200);
});

test("page files: each has an ETag of its own", async () => {
  using fixture = await startHttp();
  const tags = await Promise.all(FILES.map(async ([path]) => (await fixture.ask(path)).headers.get("etag")));
  expect(new Set(tags).size).toBe(FILES.length);
});

test("page files: the page refers to its files relatively, and has neither script nor style in itself", async () => {
  using fixture = await startHttp();
  const { body } = await fixture.ask("/");
  expect(body).toContain('href="page.css"');
  expect(body).toMatch(/<script type="module" src="page\.js"><\/script>/);
  expect(body).not.toMatch(/<script(?![^>]*src=)|<style|\son\w+=|\sstyle=|(?:src|href)="(?:\/|https?:)/);
});

test("page files: script and style are complete: no import is left", async () => {
  using fixture = await startHttp();
  const { body } = await fixture.ask("/page.js");
  expect(body).not.toMatch(/^\s*import\s|\bfrom\s*["'](?:preact|uplot)/m);
  expect((await fixture.ask("/page.css")).body).not.toContain("@import");
});
