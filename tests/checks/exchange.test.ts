/** The connect phase: what becomes of a dial, and what it is called. */
import { expect, test } from "bun:test";
import { httpChecker } from "../../src/checks/http/checker.ts";
import { makeChecker } from "../../src/checks/registry.ts";
import { tcpChecker } from "../../src/checks/tcp/checker.ts";
import type { TcpSpec } from "../../src/checks/tcp/spec.ts";
import type { CheckResult } from "../../src/model/result.ts";
import { FakeDialer, fakeEnv, tcpSpec, VirtualTime } from "../harness/fakes/fakes.ts";

class Fixture implements Disposable {
  readonly time = new VirtualTime();
  readonly dialer = new FakeDialer();
  readonly env = fakeEnv(this.time, this.dialer);
  readonly results: CheckResult[] = [];

  start(changes: Partial<TcpSpec> = {}) {
    return tcpChecker(tcpSpec(80, changes), this.env).start(500, (result) => this.results.push(result));
  }

  fail(number: number): CheckResult | undefined {
    this.start();
    this.dialer.fail(this.dialer.last, number);
    this.dialer.poll();
    return this.results.at(-1);
  }

  [Symbol.dispose](): void {
    this.time[Symbol.dispose]();
  }
}

test.each([
  [111, "L4CON", "connection refused"],
  [101, "L4CON", "network is unreachable"],
  [113, "L4CON", "no route to host"],
  [110, "L4TOUT", "connection timed out"],
  [92, "L4CON", "protocol is unreachable"],
])("exchange: errno %d is a failure of the backend, %s", (number, code, words) => {
  using fixture = new Fixture();
  const message = `TCP connect to 10.0.0.1:80: ${words}`;
  expect(fixture.fail(number)).toMatchObject({ outcome: "failure", code, message });
});

test.each([
  [24, "descriptors"],
  [23, "descriptors"],
  [99, "ports"],
  [11, "ports"],
  [105, "memory"],
  [38, "fault"],
  [12, "memory"],
  [1, "permission"],
])("exchange: errno %d is a local fault and inconclusive: %s", (number, cause) => {
  using fixture = new Fixture();
  expect(fixture.fail(number)).toMatchObject({ outcome: "inconclusive", code: "LOCAL", cause });
});

test("exchange: a bare connect is a success, closed by RST, with the kernel's time", () => {
  using fixture = new Fixture();
  fixture.start();
  fixture.time.advance(40);
  fixture.dialer.connect(fixture.dialer.last, 0.25);
  expect(fixture.results).toEqual([]);
  fixture.dialer.poll();
  const message = "TCP connect to 10.0.0.1:80: connected";
  expect(fixture.results).toEqual([
    { outcome: "success", code: "L4OK", message, durationMs: 0.25, phases: { connectMs: 0.25 } },
  ]);
  expect(fixture.dialer.closed).toEqual(["reset"]);
});

test("exchange: without the kernel's time our own counts; the close may be graceful", () => {
  using fixture = new Fixture();
  fixture.start({ close: "graceful" });
  fixture.time.advance(40);
  fixture.dialer.connect(fixture.dialer.last, undefined);
  fixture.dialer.poll();
  expect(fixture.results).toMatchObject([{ outcome: "success", durationMs: 40 }]);
  expect(fixture.dialer.closed).toEqual(["graceful"]);
});

test("exchange: a dead host is a connect timeout, and its dial is canceled", () => {
  using fixture = new Fixture();
  const attempt = fixture.start();
  fixture.time.advance(500);
  expect(attempt.expire()).toMatchObject({
    outcome: "failure",
    code: "L4TOUT",
    message: "TCP connect to 10.0.0.1:80: no answer within 500ms",
    durationMs: 500,
  });
  expect(fixture.dialer.cancelled.length).toBe(1);
  expect(fixture.results).toEqual([]);
});

test("exchange: when canceled, it cancels its dial and reports nothing", () => {
  using fixture = new Fixture();
  const attempt = fixture.start();
  fixture.dialer.connect(fixture.dialer.last, 1);
  attempt.cancel();
  fixture.dialer.poll();
  expect(fixture.dialer.cancelled.length).toBe(1);
  expect(fixture.results).toEqual([]);
});

test("exchange: every check opens its own connection", () => {
  using fixture = new Fixture();
  const checker = makeChecker(tcpSpec(), fixture.env);
  checker.start(500, () => {});
  checker.start(500, () => {});
  expect(fixture.dialer.dials.length).toBe(2);
});

test("exchange: an http check that cannot connect reports the connection", () => {
  using fixture = new Fixture();
  const where = { address: { ip: "::1", port: 80 }, tls: undefined, method: "GET", path: "/", host: "[::1]" };
  const spec = {
    type: "http" as const,
    socket: undefined,
    ...where,
    headers: [],
    expectedCodes: [200],
    response: undefined,
  };
  httpChecker(spec, fixture.env).start(500, (result) => fixture.results.push(result));
  fixture.dialer.fail(fixture.dialer.last, 111);
  fixture.dialer.poll();
  expect(fixture.results).toMatchObject([
    { code: "L4CON", message: "TCP connect to [::1]:80: connection refused" },
  ]);
});
