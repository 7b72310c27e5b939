/** The listener, and clients that do not mean well. */
import { expect, test } from "bun:test";
import { replyText } from "../../src/http/responses.ts";
import type { Router } from "../../src/http/server.ts";
import { connectHttp, get, readAnswer } from "../harness/client/raw-http.ts";
import { ECHO, exchange } from "../harness/fakes/echo-fixture.ts";
import { startHttp } from "../harness/fakes/http-fixture.ts";

test("server: CONNECT gets no tunnel", async () => {
  using fixture = await startHttp({ router: ECHO });
  expect(await exchange(fixture, "CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: x\r\n\r\n")).not.toContain(" 200 ");
  expect((await fixture.ask("/a")).status).toBe(200);
});

test("server: an upgrade is not taken up, the request is answered as it is", async () => {
  using fixture = await startHttp({ router: ECHO });
  expect((await fixture.ask("/a", "Upgrade: websocket", "Connection: Upgrade, close")).status).toBe(200);
});

test.each([["/%"], ["/a%ff"]])("server: the target %s is a bad request, with a message", async (target) => {
  using fixture = await startHttp({ router: ECHO });
  const { status, body } = await fixture.ask(target);
  expect([status, JSON.parse(body)]).toEqual([400, { error: "path: not valid; must be percent-encoded" }]);
});

test.each([
  ["no HTTP at all", "\x16\x03\x01\x02\x00\x01\x00"],
  ["nonsense", "hello\r\n\r\n"],
  ["two lengths", "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"],
  ["an invalid length", "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n"],
])("server: %s is refused, and the connection closed", async (_name, bytes) => {
  using fixture = await startHttp({ router: ECHO });
  const text = await exchange(fixture, bytes);
  expect(text).toStartWith("HTTP/1.1 400 ");
  expect(readAnswer(text).headers.get("connection")).toBe("close");
});

test("server: headers larger than 16 KiB are refused", async () => {
  using fixture = await startHttp({ router: ECHO });
  expect((await fixture.ask("/a", `X-Large: ${"x".repeat(15_000)}`)).status).toBe(200);
  expect(await exchange(fixture, get("/a", `X-Large: ${"x".repeat(17_000)}`))).toStartWith("HTTP/1.1 431 ");
  // As many small ones, of which there is no end.
  const endless = `GET /a HTTP/1.1\r\nHost: x\r\n${"X: y\r\n".repeat(20_000)}`;
  expect(await exchange(fixture, endless)).toStartWith("HTTP/1.1 431 ");
});

test("server: a POST with a huge body is answered immediately and closed, the body is not read", async () => {
  using fixture = await startHttp({ router: ECHO });
  await using http = await connectHttp(fixture.port);
  http.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10000000000\r\n\r\n");
  expect(await http.waitForClose()).toStartWith("HTTP/1.1 405 ");
  const chunked = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffff\r\nxxxx";
  expect(await exchange(fixture, chunked)).toStartWith("HTTP/1.1 405 ");
});

test("server: a GET with a body is answered and closed, and the body is not taken for a request", async () => {
  using fixture = await startHttp({ router: ECHO });
  const text = await exchange(fixture, get("/a", "Content-Length: 60") + get("/b"));
  expect(text.match(/HTTP\/1\.1 200/g)?.length).toBe(1);
  expect(readAnswer(text).headers.get("connection")).toBe("close");
});

// src/http/server.ts starts a handler for each request as soon as it is read: 30 kB of them hold the event loop for seconds.
test("server: of many requests sent ahead only a few are worked on at a time", async () => {
  let [running, most] = [0, 0];
  const router: Router = () => async (_target, _request, response) => {
    most = Math.max(most, ++running);
    await Bun.sleep(1);
    running--;
    replyText(response, 200, "done");
  };
  using fixture = await startHttp({ router });
  await using http = await connectHttp(fixture.port);
  http.write(get("/").repeat(200) + get("/", "Connection: close"));
  await http.waitForClose();
  expect(http.text.match(/done/g)?.length).toBe(201);
  expect(most).toBeLessThanOrEqual(16);
});

test("server: a client that leaves before its answer is of no consequence", async () => {
  using fixture = await startHttp({ router: ECHO });
  for (let count = 0; count < 20; count++) {
    await using http = await connectHttp(fixture.port);
    http.write(get("/slow"));
    await Bun.sleep(1);
  }
  await Bun.sleep(60);
  expect((await fixture.ask("/a")).status).toBe(200);
  expect(fixture.log.entries).toEqual([]);
});
