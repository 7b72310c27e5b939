/** HTTP checks through a proxy, sans-I/O: what is asked, and what the answers to CONNECT mean. */
import { expect, test } from "bun:test";
import { HTTP } from "../../src/checks/http/check-type.ts";
import { renderConnect, renderRequest } from "../../src/checks/http/checker.ts";
import { MAX_HEAD_BYTES } from "../../src/checks/http/final-head.ts";
import { formatHttpSubject, formatHttpTarget, type HttpSpec } from "../../src/checks/http/spec.ts";
import { ConnectConversation } from "../../src/checks/http/tunnel.ts";
import { CHECK_DEFAULTS } from "../../src/model/check-defaults.ts";
import { Secrets } from "../../src/redaction/secrets.ts";
import { formatProblem } from "../../src/schema/problem.ts";

const PROXY = { ip: "10.0.0.1", port: 3_128, proxy: true };

function specOf(fields: object): HttpSpec {
  const read = HTTP.read({ ...PROXY, ...fields }, CHECK_DEFAULTS);
  if (!read.ok) throw new Error(read.problems.map(formatProblem).join("; "));
  return read.spec;
}

const requestOf = (fields: object) => Buffer.from(renderRequest(specOf(fields), "agent")).toString("latin1");
const lines = (text: string) => text.split("\r\n").slice(0, -2);

test.each([
  ["a URL", { path: "http://www.example.com/a?b" }, "http://www.example.com/a?b", "www.example.com"],
  [
    "a URL with a port",
    { path: "http://www.example.com:8080/" },
    "http://www.example.com:8080/",
    "www.example.com:8080",
  ],
  ["a path at host", { path: "/a", host: "www.example.com" }, "http://www.example.com/a", "www.example.com"],
  ["a path at a Host header", { path: "/a", headers: { host: "a.test" } }, "http://a.test/a", "a.test"],
  ["a URL beside host", { path: "http://a.test/", host: "b.test" }, "http://a.test/", "b.test"],
  ["a path alone", { path: "/a" }, "http://10.0.0.1:3128/a", "10.0.0.1:3128"],
  ["an IPv6 host", { path: "/", host: "::1" }, "http://[::1]/", "[::1]"],
  ["an IPv6 URL", { path: "http://[::1]:81/" }, "http://[::1]:81/", "[::1]:81"],
  ["the server as a whole", { method: "OPTIONS", path: "*", host: "a.test" }, "http://a.test", "a.test"],
])("http proxy: %s is asked for with a whole URL", (_, fields, url, host) => {
  const [request, ...headers] = lines(requestOf(fields));
  expect(request).toBe(`${"method" in fields ? fields.method : "GET"} ${url} HTTP/1.1`);
  expect(headers.filter((line) => /^host:/i.test(line)).map((line) => line.slice(6))).toEqual([host]);
});

test.each([
  ["an https URL", { path: "https://www.example.com/a?b" }, "www.example.com:443", "www.example.com"],
  ["its port", { path: "https://www.example.com:8443/a?b" }, "www.example.com:8443", "www.example.com"],
  [
    "secure",
    { path: "/a?b", host: "www.example.com", secure: true },
    "www.example.com:443",
    "www.example.com",
  ],
  ["the address alone", { path: "/a?b", secure: true }, "10.0.0.1:3128", "10.0.0.1"],
  ["an IPv6 address", { path: "https://[::1]/a?b" }, "[::1]:443", "::1"],
  ["server_name", { path: "https://a.test/a?b", server_name: "b.test" }, "a.test:443", "b.test"],
])("http proxy: %s is asked for through CONNECT", (_, fields, peer, serverName) => {
  const spec = specOf(fields);
  expect(spec.tls?.serverName).toBe(serverName);
  expect(lines(requestOf(fields))[0]).toBe("GET /a?b HTTP/1.1");
  expect(lines(Buffer.from(renderConnect(spec, peer, "agent")).toString())).toEqual([
    `CONNECT ${peer} HTTP/1.1`,
    `Host: ${peer}`,
    "User-Agent: agent",
  ]);
  expect(`${spec.origin?.host}:${spec.origin?.port}`).toBe(peer);
});

test("http proxy: credentials for the proxy go to the proxy alone", () => {
  const headers = { "Proxy-Authorization": "Basic YTpi", "User-Agent": "own", "X-Key": "k" };
  const inside = { path: "https://a.test/", headers };
  const connect = Buffer.from(renderConnect(specOf(inside), "a.test:443", "agent")).toString();
  expect(lines(connect).slice(2)).toEqual(["User-Agent: own", "Proxy-Authorization: Basic YTpi"]);
  expect(requestOf(inside)).not.toContain("Proxy-Authorization");
  expect(requestOf(inside)).toContain("X-Key: k\r\n");
  expect(requestOf({ path: "http://a.test/", headers })).toContain("Proxy-Authorization: Basic YTpi\r\n");
});

test("http proxy: target and sentences name the URL without secrets and the proxy", () => {
  const spec = specOf({ path: "https://u:pw@a.test/x?token=1", mode: "dsr", host: "10.0.0.7", mark: 7 });
  expect(formatHttpTarget(spec)).toBe("https://a.test/x?… through proxy 10.0.0.1:3128 via 10.0.0.7");
  expect(formatHttpSubject(spec)).toBe(
    "HTTP GET https://a.test/x?… through proxy 10.0.0.1:3128 via 10.0.0.7 (mark 7)",
  );
  expect(HTTP.attributes(spec)).toMatchObject({
    "server.address": "a.test",
    "server.port": 443,
    "network.peer.address": "10.0.0.1",
    "network.peer.port": 3_128,
    "url.full": "https://a.test/x?…",
  });
  expect(HTTP.view(spec)).toMatchObject({ address: "10.0.0.1:3128", proxy: true, origin: "a.test:443" });
});

test.each(["a.test:0", "a.test:70000", "a:b:c"])("http proxy: no proxy can be asked for %s", (host) => {
  expect(() => specOf({ path: "/", host })).toThrow(
    `host: "${host}" is not valid; must be a host name, with or without a port from 1 to 65535`,
  );
});

const connect = () => new ConnectConversation(Buffer.from("CONNECT"), new Secrets(["hunter2"]));

/** Gives an answer in pieces of a size. @returns the verdict and the bytes after the answer */
function read(answer: string, size: number) {
  const conversation = connect();
  let taken = 0;
  for (let at = 0; at < answer.length; at += size) {
    const piece = Buffer.from(answer.slice(at, at + size), "latin1");
    const verdict = conversation.received(piece);
    taken += conversation.takenBytes;
    if (verdict !== undefined) return { verdict, left: answer.slice(taken), status: conversation.statusCode };
  }
  return { verdict: undefined, left: answer.slice(taken), status: conversation.statusCode };
}

const OK = "HTTP/1.1 200 Connection established\r\n\r\n";
const ANSWERS = [
  ["200", OK, "ok"],
  ["HTTP/1.0", "HTTP/1.0 200 OK\r\nProxy-agent: x\r\n\r\n", "ok"],
  ["a bare line feed", "HTTP/1.1 200\n\n", "ok"],
  ["204", "HTTP/1.1 204 No Content\r\n\r\n", "ok"],
  ["interim answers first", `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\n${OK}`, "ok"],
  ["200 with a length, which does not count", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "ok"],
  ["200 with an invalid length", "HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\n", "ok"],
  ["200 with chunks, which do not count", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "ok"],
  [
    "407",
    'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="x"\r\nContent-Length: 3\r\n\r\n',
    "L7STS status 407 Proxy Authentication Required, expected 2xx",
  ],
  ["502 with a secret", "HTTP/1.1 502 no hunter2\r\n\r\n", "L7STS status 502 no …, expected 2xx"],
  ["101", "HTTP/1.1 101 Switching Protocols\r\n\r\n", "L7STS status 101 Switching Protocols, expected 2xx"],
  ["302", "HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n", "L7STS status 302 Found, expected 2xx"],
  ["another protocol", "SSH-2.0-OpenSSH_9.2\r\n", 'L7RSP not a valid HTTP answer: invalid status line "S'],
  [
    "interim answers without end",
    "HTTP/1.1 100 Continue\r\n\r\n".repeat(17),
    "L7RSP more than 16 interim answers (status 100)",
  ],
] as const;

test.each(ANSWERS)("http proxy: the answer to CONNECT is %s", (_, answer, expected) => {
  // The bytes behind it are the tunnel's and are left there, however the bytes are cut.
  const after = expected === "ok" ? "\x16\x03\x01 first bytes of TLS" : "";
  for (const size of [answer.length + after.length, 1, 2, 3, 7, 19]) {
    const { verdict, left } = read(answer + after, size);
    if (verdict === undefined) throw new Error("no verdict");
    const found = verdict.ok ? "ok" : `${verdict.code} ${verdict.message}`;
    expect(found).toStartWith(expected);
    if (verdict.ok) expect(left).toBe(after);
  }
});

test("http proxy: an answer that has not ended decides nothing, and closing does", () => {
  for (let length = 0; length < OK.length; length++) {
    const conversation = connect();
    const piece = Buffer.from(OK.slice(0, length));
    expect(conversation.received(piece)).toBeUndefined();
    expect(conversation.takenBytes).toBe(length);
    expect(conversation.progress()).toBe(length === 0 ? "" : `${length} bytes of the headers`);
    expect(conversation.closed()).toEqual({
      ok: false,
      code: "L7RSP",
      message:
        length === 0 ? "closed by peer without an answer" : "closed by peer before the end of the headers",
    });
  }
});

test("http proxy: a head has an end", () => {
  const conversation = connect();
  const line = Buffer.from(`HTTP/1.1 200 OK\r\nX: ${"x".repeat(65_000)}\r\n`);
  const rest = Buffer.from(`X: ${"x".repeat(65_000)}\r\n`);
  let verdict = conversation.received(line);
  for (let sent = 0; sent < 2 * MAX_HEAD_BYTES && verdict === undefined; sent += rest.length)
    verdict = conversation.received(rest);
  expect(verdict).toEqual({
    ok: false,
    code: "L7RSP",
    message: `no end of headers within ${MAX_HEAD_BYTES} bytes`,
  });
});
