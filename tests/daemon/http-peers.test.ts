/** HTTP checks against nginx: codes, names, headers, bodies, redirects. Run by `bun test`. */

import { expect } from "bun:test";
import { version } from "../../package.json";
import { verdicts } from "../harness/backends/check-table.ts";
import { startNginx } from "../harness/backends/nginx.ts";
import { peerTest } from "../harness/base/peers.ts";
import { until } from "../harness/base/wait.ts";
import { httpCheck } from "../harness/client/checks.ts";

peerTest("daemon: http against nginx: status codes and body", ["nginx"], async () => {
  await using nginx = await startNginx();
  const target = { hostname: "127.0.0.1", port: nginx.httpPort };
  const check = (fields: object) => (id: number) => httpCheck(id, target, { interval: "60s", ...fields });
  const at = `HTTP GET http://127.0.0.1:${nginx.httpPort}`;
  const found = await verdicts({
    wanted: check({ path: "/healthz", expected_codes: [200] }),
    oneOfTwo: check({ path: "/fail", expected_codes: [200, 503] }),
    unwanted: check({ path: "/fail", expected_codes: [200] }),
    any: check({ path: "/fail" }),
    zero: check({ path: "/fail", expected_codes: [0] }),
    notFound: check({ path: "/nowhere", expected_codes: [200] }),
    redirect: check({ path: "/redirect", expected_codes: [302] }),
    notFollowed: check({ path: "/redirect", expected_codes: [200] }),
    head: check({ path: "/healthz", method: "HEAD", expected_codes: [200] }),
    body: check({ path: "/healthz", response: "ok" }),
    otherBody: check({ path: "/healthz", response: "fine" }),
    longerBody: check({ path: "/healthz", response: "ok\nand more" }),
  });
  expect(found).toEqual({
    wanted: `healthy L7OK ${at}/healthz: status 200 OK`,
    oneOfTwo: `healthy L7OK ${at}/fail: status 503 Service Temporarily Unavailable`,
    unwanted: `unhealthy L7STS ${at}/fail: status 503 Service Temporarily Unavailable, expected 200, body starts with "failing\\n"`,
    any: `healthy L7OK ${at}/fail: status 503 Service Temporarily Unavailable`,
    zero: `healthy L7OK ${at}/fail: status 503 Service Temporarily Unavailable`,
    notFound: `unhealthy L7STS ${at}/nowhere: status 404 Not Found, expected 200, body starts with "<html>\\r\\n<head><title>404 Not Found</title></head>\\r\\n<body>\\r\\n<…"`,
    redirect: `healthy L7OK ${at}/redirect: status 302 Moved Temporarily`,
    notFollowed: `unhealthy L7STS ${at}/redirect: status 302 Moved Temporarily, expected 200, Location "${at.replace("HTTP GET ", "")}/healthz"`,
    head: `healthy L7OK ${at.replace("GET", "HEAD")}/healthz: status 200 OK`,
    body: `healthy L7OK ${at}/healthz: status 200 OK, body as expected`,
    otherBody: `unhealthy L7STS ${at}/healthz: body starts with "ok\\n", expected "fine"`,
    longerBody: `unhealthy L7STS ${at}/healthz: body ends after "ok\\n", expected "ok\\nand more"`,
  });
  // One request per check: no check followed a redirect.
  const requests = Object.keys(found).length;
  await until(() => nginx.accessLog().length >= requests, 2_000, "the access log");
  expect(nginx.accessLog().length).toBe(requests);
});

peerTest("daemon: http against nginx: Host, User-Agent and other headers", ["nginx"], async () => {
  await using nginx = await startNginx();
  const target = { hostname: "127.0.0.1", port: nginx.httpPort };
  const check = (fields: object) => (id: number) =>
    httpCheck(id, target, { interval: "60s", expected_codes: [200], ...fields });
  const found = await verdicts({
    url: check({ path: "http://www.example.test/host?q=1", response: "www.example.test\n" }),
    address: check({ path: "/host", response: "127.0.0.1\n" }),
    named: check({ path: "/host", host: "other.test", response: "other.test\n" }),
    agent: check({ path: "/headers", response: `user-agent=seesaw-healthcheck/${version} x-check=\n` }),
    headers: check({
      path: "/headers",
      headers: { "X-Check": "7", "user-agent": "mine" },
      response: "user-agent=mine x-check=7\n",
    }),
  });
  for (const verdict of Object.values(found)) expect(verdict).toStartWith("healthy L7OK");
  await until(() => nginx.accessLog().length >= 5, 2_000, "the access log");
  expect(nginx.accessLog()).toContain(
    `host=www.example.test request="GET /host?q=1 HTTP/1.1" status=200 agent="seesaw-healthcheck/${version}" sni=- x_check=-`,
  );
});
