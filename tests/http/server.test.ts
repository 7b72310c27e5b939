/** The listener, and clients that mean well. */
import { expect, test } from "bun:test";
import { until } from "../harness/base/wait.ts";
import { connectHttp, get } from "../harness/client/raw-http.ts";
import { answerTo, ECHO, exchange } from "../harness/fakes/echo-fixture.ts";
import { startHttp } from "../harness/fakes/http-fixture.ts";

const CLOSE = "Connection: close\r\n\r\n";

test("server: GET is answered, with headers that keep browsers from guessing", async () => {
  using fixture = await startHttp({ router: ECHO });
  const { status, headers, body } = await fixture.ask("/a?b=c");
  expect([status, body]).toEqual([200, "/a b=c\n"]);
  expect(headers.get("x-content-type-options")).toBe("nosniff");
  expect(headers.get("referrer-policy")).toBe("no-referrer");
  expect(headers.get("content-length")).toBe("7");
});

test("server: HEAD has the headers of GET and no body", async () => {
  using fixture = await startHttp({ router: ECHO });
  const head = await answerTo(fixture, `HEAD /a HTTP/1.1\r\nHost: x\r\n${CLOSE}`);
  const { status, headers } = await fixture.ask("/a");
  const undated = (answer: ReadonlyMap<string, string>) => [...answer].filter(([name]) => name !== "date");
  expect([head.status, head.body]).toEqual([status, ""]);
  expect(undated(head.headers)).toEqual(undated(headers));
});

test.each([["POST"], ["PUT"], ["DELETE"], ["OPTIONS"], ["PATCH"], ["TRACE"], ["PROPFIND"]])(
  "server: %s is rejected, with the allowed values",
  async (method) => {
    using fixture = await startHttp({ router: ECHO });
    const { status, headers, body } = await answerTo(fixture, `${method} / HTTP/1.1\r\nHost: x\r\n\r\n`);
    expect([status, headers.get("allow"), headers.get("connection")]).toEqual([405, "GET, HEAD", "close"]);
    expect(JSON.parse(body)).toEqual({ error: `${method} is not valid; must be GET or HEAD` });
  },
);

test("server: nothing behind a path is a 404 that names what there is", async () => {
  using fixture = await startHttp({ router: ECHO });
  const { status, body } = await fixture.ask("/nowhere");
  expect(status).toBe(404);
  expect(JSON.parse(body)).toEqual({ error: expect.stringContaining("/api/healthchecks") });
});

test("server: one connection serves many requests, also sent ahead, in their order", async () => {
  using fixture = await startHttp({ router: ECHO });
  await using http = await connectHttp(fixture.port);
  http.write(get("/slow/1") + get("/2") + get("/slow/3"));
  await http.waitFor(/\/slow\/3 \n$/);
  expect(http.text.match(/^\S+(?= \n)/gm)).toEqual(["/slow/1", "/2", "/slow/3"]);
  http.write(get("/4"));
  await http.waitFor(/\/4 \n$/);
});

test("server: a request may come byte by byte", async () => {
  using fixture = await startHttp({ router: ECHO });
  await using http = await connectHttp(fixture.port);
  for (const byte of get("/a")) {
    http.write(byte);
    await Bun.sleep(0);
  }
  expect(await http.waitFor(/\/a \n$/)).toStartWith("HTTP/1.1 200 OK\r\n");
});

test("server: HTTP/1.0 is answered and closed", async () => {
  using fixture = await startHttp({ router: ECHO });
  const text = await exchange(fixture, "GET /a HTTP/1.0\r\n\r\n");
  expect(text).toStartWith("HTTP/1.1 200 OK\r\n");
  expect(text).toEndWith("\r\n\r\n/a \n");
});

test("server: a handler that throws is a 500 without its message, is logged, and the next request works", async () => {
  using fixture = await startHttp({ router: ECHO });
  await using http = await connectHttp(fixture.port);
  http.write(get("/throws") + get("/b"));
  const text = await http.waitFor(/\/b \n$/);
  expect(text).toStartWith("HTTP/1.1 500 ");
  expect(text).toContain('{"error":"internal error; see the log"}');
  expect(text).not.toContain("broken");
  expect(fixture.log.entries).toEqual([
    {
      level: "error",
      message: "HTTP handler failed",
      fields: { path: "/throws", error: expect.stringContaining("broken") },
    },
  ]);
});

test("server: a handler that throws in the middle of its answer ends the connection, so that no client takes it for complete", async () => {
  using fixture = await startHttp({ router: ECHO });
  const text = await exchange(fixture, get("/late"));
  expect(text).not.toEndWith("0\r\n\r\n");
  expect(fixture.log.messages("error")).toEqual(["HTTP handler failed"]);
  expect((await fixture.ask("/a")).status).toBe(200);
});

test("server: more connections than there is room for: the one that has waited longest goes, the others are served", async () => {
  using fixture = await startHttp({ router: ECHO, maxConnections: 3 });
  const idle = await Promise.all([1, 2, 3].map(() => connectHttp(fixture.port)));
  expect((await fixture.ask("/a")).status).toBe(200);
  await until(() => idle.some(({ closed }) => closed), 1_000, "one of them to be sent away");
  expect(idle.filter(({ closed }) => closed).length).toBe(1);
  for (const http of idle) await http[Symbol.asyncDispose]();
});

test("server: closing it ends every connection, and nothing listens any more", async () => {
  const fixture = await startHttp({ router: ECHO });
  await using http = await connectHttp(fixture.port);
  fixture[Symbol.dispose]();
  await http.waitForClose();
  await expect(connectHttp(fixture.port)).rejects.toThrow();
});
