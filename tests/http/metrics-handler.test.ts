/** /metrics: formats and encodings. */
import { expect, test } from "bun:test";
import { gunzipSync } from "node:zlib";
import { serveMetrics } from "../../src/http/metrics-handler.ts";
import type { Router } from "../../src/http/server.ts";
import type { Format } from "../../src/metrics/exposition.ts";
import { connectHttp, get } from "../harness/client/raw-http.ts";
import { startHttp } from "../harness/fakes/http-fixture.ts";

const CLASSIC = "text/plain; version=0.0.4; charset=utf-8";
const OPEN = "application/openmetrics-text; version=1.0.0; charset=utf-8";

async function* render(format: Format): AsyncGenerator<Uint8Array> {
  yield Buffer.from(`${format} `);
  await Bun.sleep(1);
  yield Buffer.from("and on …\n");
}

async function scrape(port: number, headers: Record<string, string> = {}) {
  const url = `http://127.0.0.1:${port}/metrics`;
  return await fetch(url, { headers: { "accept-encoding": "identity", ...headers }, decompress: false });
}

test.each([
  ["*/*", CLASSIC],
  ["text/plain", CLASSIC],
  ["application/openmetrics-text", OPEN],
  ["application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.4", OPEN],
  ["application/openmetrics-text;q=0.3, text/plain;q=0.4", CLASSIC],
  ["application/openmetrics-text;q=0", CLASSIC],
  ["text/html", CLASSIC],
])("metrics handler: who accepts %s gets %s", async (accept, type) => {
  using fixture = await startHttp({ render });
  const response = await scrape(fixture.port, { accept });
  expect(response.headers.get("content-type")).toBe(type);
  expect(response.headers.get("vary")).toBe("Accept, Accept-Encoding");
  expect(await response.text()).toBe(`${type === OPEN ? "openmetrics" : "prometheus"} and on …\n`);
});

test.each([
  ["gzip", true],
  ["deflate, gzip;q=0.5", true],
  ["identity", false],
  ["gzip;q=0", false],
  ["br", false],
])("metrics handler: to %s gzip: %p", async (encoding, gzip) => {
  using fixture = await startHttp({ render });
  const response = await scrape(fixture.port, { "accept-encoding": encoding });
  expect(response.headers.get("content-encoding")).toBe(gzip ? "gzip" : null);
  const bytes = await response.bytes();
  expect(Buffer.from(gzip ? gunzipSync(bytes) : bytes).toString()).toBe("prometheus and on …\n");
});

test("metrics handler: a client that disconnects before the first piece is no error", async () => {
  const rendering = Promise.withResolvers<void>();
  const disconnected = Promise.withResolvers<void>();
  const over = Promise.withResolvers<void>();
  async function* renderLate(): AsyncGenerator<Uint8Array> {
    rendering.resolve();
    await disconnected.promise;
    yield Buffer.from("too late");
  }
  const router: Router = () => async (_target, request, response) => {
    response.once("close", disconnected.resolve);
    await serveMetrics(renderLate, request, response).then(over.resolve, over.reject);
  };
  using fixture = await startHttp({ router });
  const http = await connectHttp(fixture.port);
  http.write(get("/metrics"));
  await rendering.promise;
  await http[Symbol.asyncDispose]();
  await over.promise;
});

test("metrics handler: HEAD has the headers and renders nothing", async () => {
  let rendered = 0;
  using fixture = await startHttp({
    render: (format) => {
      rendered++;
      return render(format);
    },
  });
  const url = `http://127.0.0.1:${fixture.port}/metrics`;
  const response = await fetch(url, { method: "HEAD", headers: { "accept-encoding": "gzip" } });
  expect([response.status, response.headers.get("content-type")]).toEqual([200, CLASSIC]);
  expect(response.headers.get("content-encoding")).toBe("gzip");
  expect([await response.text(), rendered]).toEqual(["", 0]);
});
