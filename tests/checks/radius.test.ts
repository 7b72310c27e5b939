/** RADIUS checks over a socket that the test answers: fields, verdicts, the repetition, and datagrams that decide nothing. */
import { describe, expect, test } from "bun:test";
import { validateAnswer } from "../../src/checks/radius/answer.ts";
import { RADIUS } from "../../src/checks/radius/check-type.ts";
import { radiusChecker } from "../../src/checks/radius/checker.ts";
import { radiusTarget } from "../../src/checks/radius/probe.ts";
import type { Expectation, RadiusSpec } from "../../src/checks/radius/spec.ts";
import { CHECK_DEFAULTS } from "../../src/model/check-defaults.ts";
import type { CheckResult } from "../../src/model/result.ts";
import { Secrets } from "../../src/redaction/secrets.ts";
import { attributeOf, idOf, type Reply, replyTo } from "../harness/backends/radius-reply.ts";
import { fakeEnv, VirtualTime } from "../harness/fakes/fakes.ts";
import { UdpDialer } from "../harness/fakes/udp-dialer.ts";

const TIMEOUT_MS = 3_000;
const SECRET = "xyzzy5461";
const SPEC: RadiusSpec = {
  type: "radius",
  address: { ip: "192.0.2.1", port: 1_812 },
  socket: undefined,
  secret: SECRET,
  nasIdentifier: "lb1",
  login: { username: "nemo", password: "arctangent", expect: "accept" },
};
const SUBJECT = "RADIUS Access-Request to 192.0.2.1:1812";
const ECONNREFUSED = 111;

/** A check that has sent its request. */
class Fixture implements Disposable {
  readonly time = new VirtualTime();
  readonly dialer = new UdpDialer();
  readonly results: CheckResult[] = [];
  readonly attempt;

  constructor(changes: Partial<RadiusSpec> = {}) {
    const after = (delayMs: number, callback: () => void) => {
      const timer = setTimeout(callback, delayMs);
      return () => clearTimeout(timer);
    };
    const env = { ...fakeEnv(this.time, this.dialer), after };
    const checker = radiusChecker({ ...SPEC, ...changes }, env);
    this.attempt = checker.start(TIMEOUT_MS, (result) => this.results.push(result));
  }

  get request(): Buffer {
    const [first] = this.dialer.sent;
    if (first === undefined) throw new Error("nothing was sent");
    return first;
  }

  /** The server answers. */
  answer(reply: Reply): void {
    this.say(replyTo(idOf(this.request), Buffer.from(SECRET), reply));
  }

  say(bytes: Buffer): void {
    this.dialer.owner?.received(bytes, undefined);
  }

  [Symbol.dispose](): void {
    this.time[Symbol.dispose]();
  }
}

test("radius: an authentic Access-Accept is a success", () => {
  using fixture = new Fixture();
  fixture.time.advance(20);
  fixture.answer({ signed: true });
  expect(fixture.results).toEqual([
    {
      outcome: "success",
      code: "L7OK",
      message: `${SUBJECT}: answered Access-Accept`,
      durationMs: 20,
      phases: { firstByteMs: 20 },
    },
  ]);
  expect(fixture.dialer.closes).toBe(1);
});

test("radius: a request without an answer is sent once more, with the same bytes", () => {
  using fixture = new Fixture();
  const counts = [999, 1, 1_999].map((ms) => {
    fixture.time.advance(ms);
    return fixture.dialer.sent.length;
  });
  expect(counts).toEqual([1, 2, 2]);
  expect(fixture.dialer.sent[1]).toEqual(fixture.request);
  expect(fixture.attempt.expire()).toMatchObject({
    outcome: "failure",
    code: "L7TOUT",
    message: `${SUBJECT}: no answer within 3s; servers ignore unknown clients and wrong secrets`,
  });
});

test("radius: identifier and authenticator differ from check to check", () => {
  const requests = Array.from({ length: 64 }, () => {
    using fixture = new Fixture();
    return fixture.request;
  });
  expect(new Set(requests.map((request) => request.toString("hex", 4, 20))).size).toBe(requests.length);
  expect(new Set(requests.map((request) => request[1])).size).toBeGreaterThan(1);
});

const STRAYS: readonly (readonly [string, Reply, string])[] = [
  [
    "another secret",
    { secret: Buffer.from("other") },
    "response authenticator is wrong, the server may have another secret",
  ],
  [
    "a forged signature",
    { signed: true, signingSecret: Buffer.from("other") },
    "Message-Authenticator of the answer is wrong, the answer may be forged",
  ],
];

test.each(STRAYS)(
  "radius: an answer with %s decides nothing, and is the reason at the timeout",
  (_name, reply, reason) => {
    using fixture = new Fixture();
    fixture.answer({ ...reply, code: 3 });
    fixture.say(Buffer.from("second"));
    expect([fixture.results, fixture.dialer.closes]).toEqual([[], 0]);
    expect(fixture.attempt.expire()).toMatchObject({
      outcome: "failure",
      code: "L7RSP",
      message: `${SUBJECT}: no valid answer within 3s: ${reason}`,
    });
  },
);

test.each(STRAYS)("radius: a good answer after one with %s is a success", (_name, reply) => {
  using fixture = new Fixture();
  fixture.answer({ ...reply, code: 3 });
  fixture.answer({});
  expect(fixture.results).toMatchObject([{ outcome: "success", code: "L7OK" }]);
});

test("radius: the answer to another request has another identifier", () => {
  using fixture = new Fixture();
  const own = fixture.request.readUInt8(1);
  const other = (own + 1) % 256;
  fixture.answer({ identifier: other });
  expect(fixture.attempt.expire()).toMatchObject({
    code: "L7RSP",
    message: `${SUBJECT}: no valid answer within 3s: answer has the identifier ${other}, the request ${own}`,
  });
});

test("radius: an ICMP error decides at once", () => {
  using fixture = new Fixture();
  fixture.dialer.owner?.failed(ECONNREFUSED, "ICMP port unreachable");
  expect(fixture.results).toMatchObject([
    { outcome: "failure", code: "L4CON", message: `${SUBJECT}: connection refused (ICMP port unreachable)` },
  ]);
});

test("radius: a Status-Server has a sentence of its own", () => {
  using fixture = new Fixture({ login: undefined });
  fixture.answer({ code: 2 });
  expect(fixture.request[0]).toBe(12);
  expect(fixture.results).toMatchObject([
    { code: "L7OK", message: "RADIUS Status-Server to 192.0.2.1:1812: answered Access-Accept" },
  ]);
});

test("radius: secret and password are hidden where the server repeats them", () => {
  using fixture = new Fixture();
  fixture.answer({ code: 3, attributes: attributeOf(18, Buffer.from(`no arctangent, no ${SECRET}`)) });
  expect(fixture.results).toMatchObject([
    { code: "L7STS", message: `${SUBJECT}: answered Access-Reject "no …, no …", expected Access-Accept` },
  ]);
});

const STATUS = undefined;
const REQUEST = "which does not answer Access-Request";

describe("radius: what an authentic answer means", () => {
  test.each<readonly [number, Expectation | undefined, string, string]>([
    [2, "accept", "L7OK", "answered Access-Accept"],
    [3, "reject", "L7OK", "answered Access-Reject"],
    [11, "challenge", "L7OK", "answered Access-Challenge"],
    [2, "any", "L7OK", "answered Access-Accept"],
    [3, "any", "L7OK", "answered Access-Reject"],
    [11, "any", "L7OK", "answered Access-Challenge"],
    [3, "accept", "L7STS", "answered Access-Reject, expected Access-Accept"],
    [11, "accept", "L7STS", "answered Access-Challenge, expected Access-Accept"],
    [2, "reject", "L7STS", "answered Access-Accept, expected Access-Reject"],
    [2, "challenge", "L7STS", "answered Access-Accept, expected Access-Challenge"],
    [1, "any", "L7RSP", `answered Access-Request, ${REQUEST}`],
    [5, "accept", "L7RSP", `answered Accounting-Response, ${REQUEST}`],
    [52, "any", "L7RSP", `answered code 52, ${REQUEST}`],
    [0, "accept", "L7RSP", `answered code 0, ${REQUEST}`],
    [2, STATUS, "L7OK", "answered Access-Accept"],
    [5, STATUS, "L7OK", "answered Accounting-Response"],
    [3, STATUS, "L7RSP", "answered Access-Reject, which does not answer Status-Server"],
  ])("code %d where %p is expected: %s", (code, expected, found, message) => {
    const verdict = validateAnswer({ kind: "answer", code, replyMessage: "" }, expected, new Secrets([]));
    expect(verdict).toEqual(
      found === "L7OK"
        ? { ok: true, message }
        : { ok: false, code: found === "L7STS" ? "L7STS" : "L7RSP", message },
    );
  });
});

const FIELDS = { ip: "192.0.2.1", secret: SECRET, username: "nemo" };
const read = (fields: object) => RADIUS.read({ ...FIELDS, ...fields }, CHECK_DEFAULTS);

test("radius: a CONFIG is read with its defaults", () => {
  expect(read({})).toEqual({
    ok: true,
    spec: {
      ...SPEC,
      nasIdentifier: undefined,
      login: { username: "nemo", password: "", expect: "accept" },
    },
  });
  expect(read({ method: "status", username: "", nas_identifier: "lb1", port: 1_813 })).toEqual({
    ok: true,
    spec: { ...SPEC, address: { ip: "192.0.2.1", port: 1_813 }, login: undefined },
  });
});

const STATUS_RULE = "not allowed beside method: status; must be absent";

test.each([
  [{ secret: undefined }, "secret", "missing; must be a string"],
  [{ secret: "" }, "secret", "a string (not shown) is not valid; must be a string that is not empty"],
  [{ username: undefined }, "username", "missing; must be a string of 1 to 253 bytes"],
  [{ username: "ä".repeat(127) }, "username", "too long; must be at most 253 bytes"],
  [{ password: "ä".repeat(65) }, "password", "too long; must be at most 128 bytes"],
  [{ nas_identifier: "x".repeat(254) }, "nas_identifier", "too long; must be at most 253 bytes"],
  [{ expect: "maybe" }, "expect", '"maybe" is not valid; must be one of accept, reject, challenge, any'],
  [{ method: "acct" }, "method", '"acct" is not valid; must be one of auth, status'],
  [{ method: "status" }, "username", STATUS_RULE],
  [{ method: "status", username: "", password: "x" }, "password", STATUS_RULE],
  [{ method: "status", username: "", expect: "accept" }, "expect", STATUS_RULE],
  [{ source_ip: "::1" }, "source_ip", '"::1" is not valid; must be an IPv4 address, as ip is'],
])("radius: %j is rejected", (fields, field, message) => {
  expect(read(fields)).toEqual({ ok: false, problems: [{ path: [field], message }] });
});

test("radius: the longest fields are taken", () => {
  const fields = { username: "u".repeat(253), password: "p".repeat(128), nas_identifier: "n".repeat(253) };
  expect(read(fields)).toMatchObject({ ok: true });
});

test("radius: the API shows a check without its secret and password", () => {
  expect([RADIUS.view(SPEC), RADIUS.formatTarget(SPEC), RADIUS.view({ ...SPEC, login: undefined })]).toEqual([
    {
      address: "192.0.2.1:1812",
      method: "auth",
      secret: "(not shown)",
      username: "nemo",
      password: "(not shown)",
      expect: "accept",
      nas_identifier: "lb1",
    },
    "radius://192.0.2.1:1812",
    { address: "192.0.2.1:1812", method: "status", secret: "(not shown)", nas_identifier: "lb1" },
  ]);
});

test("radius: probe's options are fields", () => {
  const options = { secret: SECRET, username: "nemo", password: "arctangent", nasIdentifier: "lb1", mark: 7 };
  expect(radiusTarget("[::1]:1812", options)).toMatchObject({
    host: "::1",
    fields: {
      checker_type: "radius",
      port: 1_812,
      secret: SECRET,
      username: "nemo",
      password: "arctangent",
      nas_identifier: "lb1",
      mark: 7,
    },
  });
});
