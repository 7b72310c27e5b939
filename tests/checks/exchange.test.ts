/** The phases of an exchange: what becomes of a dial, what it is called, and what the kernel's time decides. */
import { expect, test } from "bun:test";
import { HTTP } from "../../src/checks/http/check-type.ts";
import { httpChecker } from "../../src/checks/http/checker.ts";
import { makeChecker } from "../../src/checks/registry.ts";
import { tcpChecker } from "../../src/checks/tcp/checker.ts";
import type { TcpSpec } from "../../src/checks/tcp/spec.ts";
import { CHECK_DEFAULTS } from "../../src/model/check-defaults.ts";
import type { CheckResult } from "../../src/model/result.ts";
import type { PendingConnection } from "../../src/system/connection.ts";
import type { PlainStream } from "../../src/system/plain-stream.ts";
import type { Ending, StreamOwner } from "../../src/system/stream-owner.ts";
import { FakeDialer, fakeEnv, tcpSpec, VirtualTime } from "../harness/fakes/fakes.ts";
import { httpSpec } from "../harness/fakes/http-spec.ts";

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
  expect(fixture.dialer.canceled.length).toBe(1);
  expect(fixture.results).toEqual([]);
});

test("exchange: when canceled, it cancels its dial and reports nothing", () => {
  using fixture = new Fixture();
  const attempt = fixture.start();
  fixture.dialer.connect(fixture.dialer.last, 1);
  attempt.cancel();
  fixture.dialer.poll();
  expect(fixture.dialer.canceled.length).toBe(1);
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
  const spec = httpSpec({ address: { ip: "::1", port: 80 }, host: "[::1]", expectedCodes: [200] });
  httpChecker(spec, fixture.env).start(500, (result) => fixture.results.push(result));
  fixture.dialer.fail(fixture.dialer.last, 111);
  fixture.dialer.poll();
  expect(fixture.results).toMatchObject([
    { code: "L4CON", message: "TCP connect to [::1]:80: connection refused" },
  ]);
});

/** A dialer whose connections converse with the test. */
class TalkingDialer extends FakeDialer {
  owner: StreamOwner | undefined;
  readonly ends: Ending[] = [];
  readonly taken: number[] = [];
  written = "";

  override converse(_dial?: PendingConnection, owner?: StreamOwner): PlainStream {
    this.owner = owner;
    const stream = {
      write: (bytes: Uint8Array) => {
        this.written += Buffer.from(bytes).toString();
      },
      end: (how: Ending) => void this.ends.push(how),
      take: (bytes: number) => void this.taken.push(bytes),
    };
    // The class has private members, which no other object can have; exchanges call these methods.
    return stream as unknown as PlainStream;
  }
}

/** A check through a proxy that has sent its CONNECT 40 ms after the start. */
function connectThroughProxy() {
  const time = new VirtualTime();
  const dialer = new TalkingDialer();
  const results: CheckResult[] = [];
  const fields = { ip: "10.0.0.1", port: 3_128, proxy: true, path: "https://a.test/" };
  const read = HTTP.read(fields, CHECK_DEFAULTS);
  if (!read.ok) throw new Error("the check is not valid");
  const checker = httpChecker(read.spec, fakeEnv(time, dialer));
  const attempt = checker.start(500, (result) => results.push(result));
  dialer.connect(dialer.last, 40);
  dialer.poll();
  return { time, dialer, results, attempt, [Symbol.dispose]: () => time[Symbol.dispose]() };
}

const CONNECT = "HTTP CONNECT a.test:443 through proxy 10.0.0.1:3128";

test("exchange: a proxy that opens no tunnel has its status and its time, as part of connecting", () => {
  using check = connectThroughProxy();
  const askedMs = performance.now();
  expect(check.dialer.written).toStartWith("CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n");
  const head = "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n";
  check.dialer.owner?.received(Buffer.from(head.slice(0, 20)), askedMs + 10);
  check.dialer.owner?.received(Buffer.from(`${head.slice(20)}body`), askedMs + 60);
  const [result] = check.results;
  expect(result).toMatchObject({
    outcome: "failure",
    code: "L7STS",
    statusCode: 407,
    message: `${CONNECT}: status 407 Proxy Authentication Required, expected 2xx`,
  });
  if (result === undefined || result.outcome === "inconclusive") throw new Error("no verdict");
  expect(Object.keys(result.phases)).toEqual(["connectMs"]);
  expect(Math.round(result.phases.connectMs ?? 0)).toBe(100);
  expect(check.dialer.taken).toEqual([20, head.length - 20 + "body".length]);
  expect(check.dialer.ends).toEqual(["drain"]);
});

test.each([
  ["is silent", "", "no answer"],
  ["stops in the middle", "HTTP/1.1 200 OK\r\n", "answer not complete (17 bytes of the headers)"],
])("exchange: a proxy that %s names CONNECT at the timeout", (_, text, words) => {
  using check = connectThroughProxy();
  if (text !== "") check.dialer.owner?.received(Buffer.from(text), undefined);
  const message = `${CONNECT}: ${words} within 500ms`;
  expect(check.attempt.expire()).toMatchObject({ code: "L7TOUT", message });
  expect(check.dialer.ends).toEqual(["reset"]);
});

test("exchange: a check that is taken back while the proxy is asked leaves nothing behind", () => {
  using check = connectThroughProxy();
  check.attempt.cancel();
  expect(check.dialer.ends).toEqual(["reset"]);
  expect(check.results).toEqual([]);
});

/** A conversation whose packets arrive when the test says, by the kernel's time; this process sees all of them at `SEEN_MS`. */
const SEEN_MS = 450;

interface Packets {
  /** Undefined when a SYN was sent again. */
  readonly rttMs: number | undefined;
  /** Arrivals after the request, or with `send` undefined after the handshake; undefined where the kernel has no time. */
  readonly arrivalsMs: readonly (number | undefined)[];
  readonly text?: string;
  readonly send?: Uint8Array | undefined;
}

function talk({ rttMs, arrivalsMs, text = "pong", send = Buffer.from("ping") }: Packets) {
  using time = new VirtualTime();
  const dialer = new TalkingDialer();
  const results: CheckResult[] = [];
  const spec = tcpSpec(80, { send, receive: Buffer.from("pong") });
  tcpChecker(spec, fakeEnv(time, dialer)).start(500, (result) => results.push(result));
  const startMs = performance.now();
  dialer.connect(dialer.last, rttMs);
  dialer.poll();
  const askedMs = send === undefined ? startMs + (rttMs ?? 0) : performance.now();
  time.advance(SEEN_MS);
  for (const [index, arrivalMs] of arrivalsMs.entries()) {
    const bytes = Buffer.from(arrivalsMs.length === 1 ? text : text.charAt(index));
    dialer.owner?.received(bytes, arrivalMs === undefined ? undefined : askedMs + arrivalMs);
  }
  const [result] = results;
  if (result === undefined || results.length > 1) throw new Error(`${results.length} results`);
  return { result, dialer };
}

test.each([
  [500, "L4OK", "connected"],
  [500.5, "L4TOUT", "answered after 500.5ms, not within 500ms"],
  [4_000, "L4TOUT", "answered after 4s, not within 500ms"],
] as const)("exchange: a handshake of %d ms by the kernel's time is %s", (rttMs, code, words) => {
  using fixture = new Fixture();
  fixture.start();
  fixture.time.advance(100);
  fixture.dialer.connect(fixture.dialer.last, rttMs);
  fixture.dialer.poll();
  const outcome = code === "L4OK" ? { outcome: "success" } : { outcome: "failure", late: true };
  const message = `TCP connect to 10.0.0.1:80: ${words}`;
  expect(fixture.results).toMatchObject([{ ...outcome, code, message, durationMs: rttMs }]);
  expect(fixture.dialer.closed).toEqual(["reset"]);
});

test("exchange: an answer has the kernel's time, not that at which it was read", () => {
  const { result, dialer } = talk({ rttMs: 100, arrivalsMs: [250] });
  expect(result).toMatchObject({ outcome: "success", code: "L7OK" });
  expect(rounded(result)).toEqual({ durationMs: 350, connectMs: 100, firstByteMs: 250, transferMs: 0 });
  expect([dialer.written, dialer.ends]).toEqual(["ping", ["reset"]]);
});

test("exchange: the phases of an answer in pieces end with its first and its last packet", () => {
  const { result } = talk({ rttMs: 10, arrivalsMs: [20, 30, 200, 470] });
  expect(rounded(result)).toEqual({ durationMs: 480, connectMs: 10, firstByteMs: 20, transferMs: 450 });
});

test.each([
  ["its first packet", { rttMs: 300, arrivalsMs: [201] }, "501ms"],
  ["its last packet", { rttMs: 100, arrivalsMs: [10, 10, 10, 405] }, "505ms"],
  ["a banner", { rttMs: 100, arrivalsMs: [401], send: undefined }, "501ms"],
  ["a wrong answer", { rttMs: 100, arrivalsMs: [402], text: "wrong" }, "502ms"],
] as const)(
  "exchange: an answer is late by the kernel's time although the check has not expired: %s",
  (_, packets, took) => {
    const { result, dialer } = talk(packets);
    expect(result).toMatchObject({ outcome: "failure", code: "L7TOUT", late: true });
    expect(result.message).toEndWith(`: answered after ${took}, not within 500ms`);
    // The backend has answered completely: the connection ends as it was wanted.
    expect(dialer.ends).toEqual(["reset"]);
  },
);

test.each([
  ["an answer just before the timeout", { rttMs: 100, arrivalsMs: [399.9] }],
  ["a banner just before the timeout", { rttMs: 100, arrivalsMs: [399.9], send: undefined }],
  // The clock of this process says 450 ms, which is in time.
  ["an answer without the kernel's time", { rttMs: 49, arrivalsMs: [undefined] }],
  ["an answer whose end has no time", { rttMs: 49, arrivalsMs: [1, 2, 3, undefined] }],
  // The wait for the second SYN is part of the connect phase by the clock.
  ["an answer after a second SYN", { rttMs: undefined, arrivalsMs: [501] }],
] as const)("exchange: an answer is in time: %s", (_, packets) => {
  expect(talk(packets).result).toMatchObject({ outcome: "success", code: "L7OK" });
});

test("exchange: a wrong answer in time is no late one", () => {
  const { result } = talk({ rttMs: 100, arrivalsMs: [399], text: "wrong" });
  expect(result).toMatchObject({ outcome: "failure", code: "L7RSP", late: false });
});

/** Duration and phases to the microsecond: the arrivals are differences of large numbers. */
function rounded(result: CheckResult): Record<string, number> {
  if (result.outcome === "inconclusive") throw new Error(result.message);
  const times = { durationMs: result.durationMs, ...result.phases };
  return Object.fromEntries(Object.entries(times).map(([key, ms]) => [key, Math.round(ms * 1_000) / 1_000]));
}
