/**
 * The HTTP listener reveals nothing about this host: no files, no environment, no stacks; and its responses have the
 * headers that restrict browsers. Run by `bun test`.
 */

import { expect, setDefaultTimeout, test } from "bun:test";
import { ROOT } from "../../scripts/tools/build/source.ts";
import { freePort } from "../harness/base/ports.ts";
import { connectHttp, get, type RawAnswer, readAnswer } from "../harness/client/raw-http.ts";
import { type Daemon, startDaemon } from "../harness/daemon/daemon.ts";
import { metricsConfig } from "../harness/daemon/metrics.ts";
import { startHttp } from "../harness/fakes/http-fixture.ts";

setDefaultTimeout(30_000);

const CANARY = "hunter2";
const SECRET_FILES = { ".env": `PASSWORD=${CANARY}\n`, "checks.yaml": CANARY, "page.js": CANARY };

/** A daemon with something to hide in its environment and beside it. */
async function startHiding(): Promise<{ daemon: Daemon; port: number } & AsyncDisposable> {
  const port = freePort();
  const daemon = await startDaemon({
    config: `${metricsConfig(port)}# ${CANARY}\n`,
    env: { API_TOKEN: CANARY, HEALTHCHECK_SECRET: CANARY },
    files: SECRET_FILES,
  });
  return { daemon, port, [Symbol.asyncDispose]: () => daemon[Symbol.asyncDispose]() };
}

/** Sends bytes, waits for the end, and takes the answer apart. */
async function answerTo(port: number, request: string): Promise<RawAnswer & { readonly text: string }> {
  await using http = await connectHttp(port);
  http.write(request);
  const text = await http.waitForClose();
  return { ...readAnswer(text), text };
}

/** Texts that no answer may contain. */
function expectNothingOfThisHost(daemon: Daemon, what: string, text: string): void {
  for (const word of [
    CANARY,
    daemon.dir,
    "root:",
    "PATH=",
    "/src/",
    ROOT,
    "node_modules",
    "    at ",
    "bun:",
    "node:",
  ]) {
    expect([what, word, text.includes(word)]).toEqual([what, word, false]);
  }
}

const TARGETS = [
  "/../../../../etc/passwd",
  "/..%2f..%2f..%2fetc/passwd",
  "/%2e%2e/%2e%2e/etc/passwd",
  "/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
  "/%252e%252e/etc/passwd",
  "/..\\..\\etc\\passwd",
  "/..%5c..%5cetc%5cpasswd",
  "/page.js/../../../etc/passwd",
  "/page.js%00.html",
  "/%00",
  "//etc/passwd",
  "///etc/passwd",
  "/etc/passwd",
  "/proc/self/environ",
  "/proc/self/cmdline",
  "/.env",
  "/config.yaml",
  "/checks.yaml",
  "/proxy.sock",
  "/src/main.ts",
  "/$bunfs/root/healthcheck-server",
  "/page.js.map",
  "/debug/pprof/",
  "/server-status",
  "/api/healthchecks/..%2f..%2fetc%2fpasswd",
  "/api/healthchecks/../../etc/passwd",
  "/api/healthchecks/__proto__",
  "/toString",
  "/%c0%ae%c0%ae/etc/passwd",
  "/%",
  "*",
  "?",
  "file:///etc/passwd",
  "file:/etc/passwd",
  "http://127.0.0.1:22/etc/passwd",
  "http://localhost:22/etc/passwd",
  "http://user:pw@elsewhere.test/etc/passwd",
  "http://[",
  "javascript:alert(1)",
  "data:text/html,x",
  "etc/passwd",
];

test("security: no target leads to a file of this host", async () => {
  await using fixture = await startHiding();
  for (const target of TARGETS) {
    const { status, text } = await answerTo(fixture.port, get(target, "Connection: close"));
    expect([target, status === 400 || status === 404]).toEqual([target, true]);
    expectNothingOfThisHost(fixture.daemon, target, text);
  }
  expect(fixture.daemon.log.join("\n")).not.toContain("ERROR");
});

test("security: responses reveal nothing about the environment, the files or the directory of the server", async () => {
  await using fixture = await startHiding();
  for (const path of ["/", "/metrics", "/healthz", "/readyz", "/api/healthchecks", "/page.css"]) {
    const { status, text } = await answerTo(fixture.port, get(path, "Connection: close"));
    expect([path, status]).toEqual([path, 200]);
    expectNothingOfThisHost(fixture.daemon, path, text);
  }
});

test.each([
  ...["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "PURGE", "QUERY"],
  ...["get", "GETS", "X".repeat(5_000), "<script>", ""],
])("security: the method %p is refused, and nothing of the request comes back", async (method) => {
  await using fixture = await startHiding();
  const request = `${method} /metrics?q=${CANARY} HTTP/1.1\r\nHost: ${CANARY}.test\r\nOrigin: http://${CANARY}.test\r\nCookie: ${CANARY}\r\n\r\n`;
  const { status, text, headers } = await answerTo(fixture.port, request);
  // The runtime closes a CONNECT without a word.
  if (method !== "CONNECT" || text !== "") {
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
  }
  expect([...headers.keys()].filter((name) => name.startsWith("access-control-"))).toEqual([]);
  expectNothingOfThisHost(fixture.daemon, method, text);
});

test("security: on a loopback address a page under another name reads nothing (DNS rebinding)", async () => {
  await using fixture = await startHiding();
  const ask = async (host: string, path: string) => {
    const lines = `Host: ${host}\r\nConnection: close\r\n\r\n`;
    return (await answerTo(fixture.port, `GET ${path} HTTP/1.1\r\n${lines}`)).status;
  };
  for (const path of ["/", "/metrics", "/api/healthchecks", "/api/events", "/healthz"]) {
    expect([path, await ask(`rebound.test:${fixture.port}`, path)]).toEqual([path, 403]);
    const rest = `Host: localhost\r\nConnection: close\r\n\r\n`;
    const twice = `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${rest}`;
    expect([path, (await answerTo(fixture.port, twice)).status]).toEqual([path, 400]);
    const none = `GET ${path} HTTP/1.1\r\nConnection: close\r\n\r\n`;
    expect([path, (await answerTo(fixture.port, none)).status]).toEqual([path, 400]);
  }
  expect(await ask(`localhost:${fixture.port}`, "/metrics")).toBe(200);
  expect(await ask(`127.0.0.1:${fixture.port}`, "/metrics")).toBe(200);
});

test("security: metrics.allowed_hosts adds names, and all others are rejected still", async () => {
  const port = freePort();
  const config = metricsConfig(port, ", allowed_hosts: [status.example.com]");
  await using _ = await startDaemon({ config });
  const ask = async (host: string) =>
    (await answerTo(port, `GET /healthz HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)).status;
  expect([await ask("status.example.com"), await ask("other.example.com")]).toEqual([200, 403]);
});

test("security: the Host header changes nothing, is not repeated, and redirects nowhere", async () => {
  await using fixture = await startHiding();
  for (const host of [
    "elsewhere.test",
    "127.0.0.1:1",
    "a.test:9090@b.test",
    "x".repeat(4_000),
    "<script>",
    "",
  ]) {
    for (const path of ["/", "/api/healthchecks", "/nothing", "//elsewhere.test"]) {
      const request = `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nX-Forwarded-Host: elsewhere.test\r\nConnection: close\r\n\r\n`;
      const { text, headers, status } = await answerTo(fixture.port, request);
      expect([host, path, status < 300 || status >= 400]).toEqual([host, path, true]);
      expect([host, path, headers.has("location")]).toEqual([host, path, false]);
      if (host !== "") expect([host, path, text.includes(host)]).toEqual([host, path, false]);
      expect(text).not.toContain("elsewhere.test");
    }
  }
});

test("security: two hosts, or two lengths, are one too many", async () => {
  await using fixture = await startHiding();
  const smuggled =
    "GET /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
  const { status } = await answerTo(fixture.port, smuggled);
  expect(status).toBeGreaterThanOrEqual(400);
});

test("security: every response has the headers that restrict browsers", async () => {
  await using fixture = await startHiding();
  const paths = [
    "/",
    "/page.js",
    "/page.css",
    "/metrics",
    "/healthz",
    "/readyz",
    "/api/healthchecks",
    "/nothing",
    "/%",
    "/api/healthchecks/1",
  ];
  for (const path of paths) {
    const { headers } = await answerTo(
      fixture.port,
      get(path, "Connection: close", "Origin: http://elsewhere.test"),
    );
    const of = (name: string) => headers.get(name) ?? "";
    expect([path, of("x-content-type-options")]).toEqual([path, "nosniff"]);
    expect([path, of("referrer-policy")]).toEqual([path, "no-referrer"]);
    expect([path, of("cross-origin-resource-policy")]).toEqual([path, "same-origin"]);
    expect([path, of("content-security-policy")]).toEqual([
      path,
      expect.stringMatching(/^default-src 'none'; .*frame-ancestors 'none'$/),
    ]);
    expect([path, of("content-security-policy").includes("unsafe")]).toEqual([path, false]);
    const unwanted = [...headers.keys()].filter((name) =>
      /^(?:access-control-|server$|x-powered-by$|set-cookie$)/.test(name),
    );
    expect([path, unwanted]).toEqual([path, []]);
    // Only a page is ever HTML.
    expect([path, of("content-type").startsWith("text/html")]).toEqual([path, path === "/"]);
  }
});

test("security: the page that is not sent again has its policy all the same", async () => {
  await using fixture = await startHiding();
  const etag = (await answerTo(fixture.port, get("/", "Connection: close"))).headers.get("etag");
  const { status, headers } = await answerTo(
    fixture.port,
    get("/", "Connection: close", `If-None-Match: ${etag}`),
  );
  expect(status).toBe(304);
  expect(headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
});

test("security: a handler that throws reveals nothing to the client, and no query to the log", async () => {
  const router = () => () => {
    throw new Error("the words of a fault");
  };
  using fixture = await startHttp({ router });
  const { status, body } = await fixture.ask(`/x?token=${CANARY}`);
  expect([status, body]).toEqual([500, '{"error":"internal error; see the log"}\n']);
  const logged = JSON.stringify(fixture.log.entries);
  expect(logged).toContain("the words of a fault");
  expect(logged).not.toContain(CANARY);
});
