/** DNS checks over a UDP socket that the test answers: times and deadlines come from the kernel's clock. */
import { expect, test } from "bun:test";
import { dnsChecker } from "../../src/checks/dns/checker.ts";
import type { DnsSpec } from "../../src/checks/dns/spec.ts";
import type { CheckResult } from "../../src/model/result.ts";
import { reply } from "../harness/backends/rogue-dns-server.ts";
import { fakeEnv, USUAL_DNS, VirtualTime } from "../harness/fakes/fakes.ts";
import { UdpDialer } from "../harness/fakes/udp-dialer.ts";

const TIMEOUT_MS = 400;
const SPEC: DnsSpec = {
  type: "dns",
  socket: undefined,
  query: "www.example.test",
  queryTypes: ["A"],
  ...USUAL_DNS,
  server: { ip: "192.0.2.53", port: 53 },
};
const SUBJECT = "DNS A www.example.test @192.0.2.53:53";

/** A check that has sent its question. */
class Fixture implements Disposable {
  readonly time = new VirtualTime();
  readonly dialer = new UdpDialer();
  readonly results: CheckResult[] = [];
  readonly #sentMs = performance.now();
  /** Stalls of this process, which its own clock leaves out. */
  stalledMs = 0;
  readonly #clock = { nowMs: () => this.time.nowMs() - this.stalledMs, wallMs: () => this.time.wallMs() };
  readonly attempt = dnsChecker(SPEC, fakeEnv(this.#clock, this.dialer)).start(TIMEOUT_MS, (result) =>
    this.results.push(result),
  );

  /** The answer comes `afterMs` after the question, and is read now. */
  answer(afterMs: number | undefined): void {
    const [question] = this.dialer.sent;
    if (question === undefined) throw new Error("nothing was sent");
    const atMs = afterMs === undefined ? undefined : this.#sentMs + afterMs;
    this.dialer.owner?.received(reply(question), atMs);
  }

  [Symbol.dispose](): void {
    this.time[Symbol.dispose]();
  }
}

test("dns query: the first byte came when the kernel says, however late it is read", () => {
  using fixture = new Fixture();
  fixture.time.advance(300);
  fixture.answer(12.5);
  const [result] = fixture.results;
  expect(result).toMatchObject({ outcome: "success", durationMs: 12.5, phases: { firstByteMs: 12.5 } });
});

test("dns query: without the kernel's time it is the clock's", () => {
  using fixture = new Fixture();
  fixture.time.advance(300);
  fixture.answer(undefined);
  expect(fixture.results).toMatchObject([{ outcome: "success", durationMs: 300 }]);
});

test("dns query: an answer that came in time is good, although it is read after the deadline", () => {
  using fixture = new Fixture();
  fixture.time.advance(TIMEOUT_MS + 50);
  fixture.answer(TIMEOUT_MS - 1);
  expect(fixture.results).toMatchObject([{ outcome: "success", durationMs: TIMEOUT_MS - 1 }]);
});

test("dns query: an answer that came after the deadline does not count, although the check waits still", () => {
  using fixture = new Fixture();
  fixture.time.advance(TIMEOUT_MS + 5);
  fixture.answer(TIMEOUT_MS + 2);
  expect(fixture.results).toEqual([]);
  expect(fixture.attempt.expire()).toMatchObject({
    outcome: "failure",
    code: "L7TOUT",
    message: `${SUBJECT}: no answer within 400ms`,
  });
});

test("dns query: a stall of this process makes no answer late", () => {
  using fixture = new Fixture();
  fixture.time.advance(5_100);
  fixture.stalledMs = 5_000;
  fixture.answer(5_050);
  expect(fixture.results).toMatchObject([{ outcome: "success" }]);
});

test("dns query: an error names what the network says", () => {
  using fixture = new Fixture();
  fixture.dialer.owner?.failed(113, "ICMP host unreachable from 10.0.0.1");
  const message = `${SUBJECT}: no route to host (ICMP host unreachable from 10.0.0.1)`;
  expect(fixture.results).toMatchObject([{ outcome: "failure", code: "L4CON", message }]);
});

test("dns query: an exception of this process says nothing about the server", () => {
  using fixture = new Fixture();
  fixture.dialer.owner?.crashed(new Error("broken"));
  expect(fixture.results).toMatchObject([{ outcome: "inconclusive", cause: "fault" }]);
});
