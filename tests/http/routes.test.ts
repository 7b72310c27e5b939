/** Every path, from the outside. */
import { expect, test } from "bun:test";
import { failure, id, makeSpec, success } from "../harness/fakes/fakes.ts";
import { startHttp } from "../harness/fakes/http-fixture.ts";

const BIG_ID = "13758215386640154624";

test("routes: /healthz and /readyz are ok, or say why not", async () => {
  using fixture = await startHttp();
  for (const path of ["/healthz", "/readyz"]) {
    const { status, body, headers } = await fixture.ask(path);
    expect([status, body, headers.get("content-type")]).toEqual([200, "ok\n", "text/plain; charset=utf-8"]);
    expect(headers.get("cache-control")).toBe("no-store");
  }
  fixture.problems = Object.assign(fixture.problems, {
    livenessProblem: "nothing moves",
    readinessProblem: "stopping",
  });
  expect(await fixture.ask("/healthz")).toMatchObject({ status: 503, body: "nothing moves\n" });
  expect(await fixture.ask("/readyz")).toMatchObject({ status: 503, body: "stopping\n" });
});

test("routes: the list has totals of all, how many matched, and one page of them", async () => {
  using fixture = await startHttp();
  fixture.stock.add(makeSpec(1), [success()]);
  fixture.stock.add(makeSpec(2, { id: id(BigInt(BIG_ID)) }), [failure("L4CON")]);
  fixture.stock.add(makeSpec(3));
  expect(await fixture.askJson("/api/healthchecks?limit=1&offset=1")).toEqual({
    totals: { healthchecks: 3, healthy: 1, unhealthy: 1, unknown: 1 },
    matched: 3,
    offset: 1,
    limit: 1,
    healthchecks: [expect.objectContaining({ id: "3", state: "unknown" })],
  });
  const { healthchecks, matched } = Object(await fixture.askJson("/api/healthchecks?state=unhealthy"));
  expect([matched, healthchecks[0].id]).toEqual([1, BIG_ID]);
});

test("routes: an invalid query is a 400 with a message", async () => {
  using fixture = await startHttp();
  const { status, headers, body } = await fixture.ask("/api/healthchecks?limit=-1");
  expect([status, headers.get("content-type")]).toEqual([400, "application/json; charset=utf-8"]);
  expect(JSON.parse(body)).toEqual({ error: expect.stringMatching(/^limit: "-1" is not valid/) });
});

test("routes: one healthcheck in detail, by an id of 64 bits", async () => {
  using fixture = await startHttp();
  fixture.stock.add(makeSpec(2, { id: id(BigInt(BIG_ID)) }), [success()]);
  expect(await fixture.askJson(`/api/healthchecks/${BIG_ID}`)).toMatchObject({
    id: BIG_ID,
    state: "healthy",
    totals: { checks: 1, successes: 1 },
    history: [{ result: "success" }],
  });
});

test.each([
  ["/api/healthchecks/7", 404, "no healthcheck with id 7"],
  ["/api/healthchecks/18446744073709551616", 400, 'id: "18446744073709551616"'],
  ["/api/healthchecks/007", 400, 'id: "007" is not valid'],
  ["/api/healthchecks/-1", 400, 'id: "-1" is not valid'],
  ["/api/healthchecks/", 400, 'id: "" is not valid'],
  [
    "/api/healthchecks/%22%3Cscript%3E",
    400,
    "is not valid; must be an integer from 0 to 18446744073709551615",
  ],
  ["/api/healthchecks/1?verbose=1", 400, "verbose: unknown parameter; must be absent"],
  ["/api/healthchecks/1/more", 404, "not found"],
  ["/api", 404, "not found"],
  ["/metrics/", 404, "not found"],
  ["/page.map", 404, "not found"],
  ["/__proto__", 404, "not found"],
  ["/constructor", 404, "not found"],
])("routes: %s is a %d", async (path, status, words) => {
  using fixture = await startHttp();
  fixture.stock.add(makeSpec(1));
  const answer = await fixture.ask(path);
  expect(answer.status).toBe(status);
  expect(JSON.parse(answer.body).error).toContain(words);
});

test("routes: whatever is in a message is JSON that can be read back", async () => {
  using fixture = await startHttp();
  const message = 'body starts with "\u0000<script>…\ud83d\ude00\u2028"';
  fixture.stock.add(makeSpec(1), [{ ...success(), message }]);
  const listed = Object(await fixture.askJson("/api/healthchecks"));
  // Unprintable characters were escaped when the result was made.
  expect(listed.healthchecks[0].last.message).toBe('body starts with "\\u0000<script>…\ud83d\ude00\\u2028"');
});

test("routes: a monitor that goes while it is asked for is simply not there", async () => {
  using fixture = await startHttp();
  fixture.stock.add(makeSpec(1));
  fixture.stock.remove(id(1));
  expect((await fixture.ask("/api/healthchecks/1")).status).toBe(404);
  expect(await fixture.askJson("/api/healthchecks")).toMatchObject({ matched: 0, healthchecks: [] });
});

test("routes: HEAD of each has the same status, and no body", async () => {
  using fixture = await startHttp();
  for (const path of ["/", "/page.js", "/metrics", "/healthz", "/api/healthchecks", "/api/healthchecks/1"]) {
    const { status } = await fixture.ask(path);
    const response = await fetch(`http://127.0.0.1:${fixture.port}${path}`, { method: "HEAD" });
    expect([path, response.status, await response.text()]).toEqual([path, status, ""]);
  }
});

test("routes: the list names a fault of the network while there is one", async () => {
  using http = await startHttp();
  expect(await http.askJson("/api/healthchecks")).not.toHaveProperty("network");
  http.problems.network = { blind: true, held: 3 };
  expect(await http.askJson("/api/healthchecks")).toMatchObject({ network: { blind: true, held: 3 } });
});

test("routes: the list counts the healthchecks that operators have overruled while there are any", async () => {
  using http = await startHttp();
  expect(await http.askJson("/api/healthchecks")).not.toHaveProperty("totals.overridden");
  http.problems.overridden = 2;
  expect(await http.askJson("/api/healthchecks")).toMatchObject({ totals: { overridden: 2 } });
});
