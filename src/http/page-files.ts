/** The files of the status page, inside the executable. */
import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { checkTypeNames } from "../checks/registry.ts";
import { bundle } from "./bundle.ts" with { type: "macro" };
import html from "./page/index.html" with { type: "text" };
import { reply } from "./responses.ts";

/** Restricts the page to resources of this server (Content Security Policy). */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

interface PageFile {
  readonly type: string;
  readonly text: string;
  readonly etag: string;
}

const FILES: Readonly<Record<string, PageFile>> = {
  // The runtime's types declare an imported HTML file as a bundle; imported as text it is a string.
  "/": pageFile("text/html; charset=utf-8", withCheckTypes(String(html))),
  "/page.js": pageFile("text/javascript; charset=utf-8", bundle("main.tsx")),
  "/page.css": pageFile("text/css; charset=utf-8", bundle("style.css")),
};

/** Reports whether a path is one of the files of the page. */
export function isPageFile(path: string): boolean {
  return Object.hasOwn(FILES, path);
}

/** Serves a file of the page. */
export function servePageFile(path: string, request: IncomingMessage, response: ServerResponse): void {
  const file = FILES[path];
  if (file === undefined) return;
  response.setHeader("content-security-policy", POLICY);
  response.setHeader("etag", file.etag);
  response.setHeader("cache-control", "no-cache");
  if (request.headers["if-none-match"] === file.etag) response.writeHead(304).end();
  else reply(response, 200, file.type, file.text);
}

/** Inserts the check types for the type filter into the file; the script is bundled without the server. */
function withCheckTypes(page: string): string {
  return page.replace("CHECK_TYPES", checkTypeNames().join(" "));
}

function pageFile(type: string, text: string): PageFile {
  return { type, text, etag: `"${createHash("sha256").update(text).digest("base64url").slice(0, 22)}"` };
}
