/** Under which names the listener may be asked. */
import { expect, test } from "bun:test";
import { findHostProblem, type HostPolicy } from "../../src/http/host.ts";
import { connectHttp, readAnswer } from "../harness/client/raw-http.ts";
import { startHttp } from "../harness/fakes/http-fixture.ts";

const LOOPBACK: HostPolicy = { loopback: true, allowedHosts: ["status.example.com"] };
const OPEN: HostPolicy = { loopback: false, allowedHosts: [] };
const NAMED: HostPolicy = { loopback: false, allowedHosts: ["status.example.com."] };

/** Statuses with each policy; 200 stands for no problem. */
function statuses(hosts: readonly string[], httpVersion = "1.1", url = "/"): number[] {
  const rawHeaders = ["Accept", "*/*", ...hosts.flatMap((host) => ["hOST", host])];
  return [LOOPBACK, OPEN, NAMED].map(
    (policy) => findHostProblem({ httpVersion, rawHeaders, url }, policy)?.status ?? 200,
  );
}

test.each<[string, number[]]>([
  ["127.0.0.1:9090", [200, 200, 200]],
  ["10.0.0.1", [200, 200, 200]],
  ["[::1]:9090", [200, 200, 200]],
  ["[::ffff:127.0.0.1]", [200, 200, 200]],
  ["localhost", [200, 200, 200]],
  ["LOCALHOST.:9090", [200, 200, 200]],
  ["status.example.com", [200, 200, 200]],
  ["Status.Example.com.:80", [200, 200, 200]],
  ["evil.test", [403, 200, 403]],
  ["evil.localhost", [403, 200, 403]],
  ["xstatus.example.com", [403, 200, 403]],
  ["127.1", [403, 200, 403]],
  ["0x7f000001", [403, 200, 403]],
  ["", [403, 200, 403]],
  ["a b", [400, 400, 400]],
  ["a,b", [403, 200, 403]],
  ["user@localhost", [400, 400, 400]],
  ["localhost:port", [400, 400, 400]],
  ["localhost/x", [400, 400, 400]],
  ["::1", [400, 400, 400]],
  ["[1:2]", [400, 400, 400]],
  ["é.test", [400, 400, 400]],
])("host: %j is %j on a loopback address, elsewhere, and elsewhere with a list", (host, expected) => {
  expect(statuses([host])).toEqual(expected);
});

test("host: two are one too many, and none is too few for HTTP/1.1", () => {
  expect(statuses(["localhost", "localhost"])).toEqual([400, 400, 400]);
  expect(statuses([])).toEqual([400, 400, 400]);
  expect(statuses([], "1.0")).toEqual([200, 200, 200]);
  expect(statuses(["localhost", "evil.test"], "1.0")).toEqual([400, 400, 400]);
});

test("host: the name of a whole URL counts as well", () => {
  expect(statuses(["localhost"], "1.1", "http://evil.test/metrics")).toEqual([403, 200, 403]);
  expect(statuses(["evil.test"], "1.1", "http://localhost/metrics")).toEqual([403, 200, 403]);
  expect(statuses(["localhost"], "1.1", "http://a@localhost/metrics")).toEqual([400, 400, 400]);
  expect(statuses(["localhost"], "1.1", "http://127.0.0.1/metrics")).toEqual([200, 200, 200]);
  expect(statuses(["localhost"], "1.1", "file:///metrics")).toEqual([400, 400, 400]);
});

test.each([
  ["Host: evil.test\r\n", 403, "Host: not a name of this server; "],
  ["Host: localhost\r\nHost: localhost\r\n", 400, "Host: given more than once; "],
  ["", 400, "Host: missing; "],
])("server: with %j every path and method is answered by %d", async (lines, status, message) => {
  using fixture = await startHttp({ hosts: LOOPBACK });
  for (const start of [
    "GET /metrics",
    "HEAD /healthz",
    "GET /",
    "GET /nowhere",
    "POST /",
    "GET /api/events",
  ]) {
    await using http = await connectHttp(fixture.port);
    http.write(`${start} HTTP/1.1\r\n${lines}\r\n`);
    const answer = readAnswer(await http.waitForClose());
    expect([start, answer.status]).toEqual([start, status]);
    if (!start.startsWith("HEAD")) expect(JSON.parse(answer.body).error).toStartWith(message);
  }
});
