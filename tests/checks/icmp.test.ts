/** The icmp checker on virtual time, and the fields of its CONFIG. */
import { expect, test } from "bun:test";
import { ICMP } from "../../src/checks/icmp/check-type.ts";
import { icmpChecker } from "../../src/checks/icmp/checker.ts";
import { ICMP_PROBE } from "../../src/checks/icmp/probe.ts";
import type { IcmpSpec } from "../../src/checks/icmp/spec.ts";
import { echoTarget } from "../../src/checks/icmp/target.ts";
import { CHECK_DEFAULTS } from "../../src/model/check-defaults.ts";
import type { CheckResult } from "../../src/model/result.ts";
import type {
  EchoHandle,
  EchoOutcome,
  EchoOwner,
  EchoSilence,
  EchoTarget,
} from "../../src/system/echo-request.ts";
import { EAGAIN, ENOBUFS, EPERM } from "../../src/system/errno.ts";
import { FakeDialer, fakeEnv, VirtualTime } from "../harness/fakes/fakes.ts";

const SPEC: IcmpSpec = {
  type: "icmp",
  ip: "10.0.0.1",
  socket: undefined,
  payloadBytes: 56,
  ttl: undefined,
  count: 3,
};
const ENETUNREACH = 101;

/** A request whose outcome the test decides. */
class FakeRequest implements EchoHandle {
  outcome: EchoOutcome | undefined;
  canceled = false;
  silence: EchoSilence = "silent";
  /** Found by the read at the deadline. */
  unread: EchoOutcome | undefined;

  constructor(
    readonly askedMs: number,
    readonly owner: EchoOwner,
  ) {}

  cancel(): void {
    this.canceled = true;
  }

  expire(): EchoSilence {
    this.outcome ??= this.unread;
    return this.silence;
  }
}

class EchoDialer extends FakeDialer {
  readonly requests: FakeRequest[] = [];

  override sendEcho(_target?: EchoTarget, owner?: EchoOwner): EchoHandle {
    if (owner === undefined) throw new Error("a request has an owner");
    const request = new FakeRequest(performance.now(), owner);
    this.requests.push(request);
    return request;
  }

  request(index: number): FakeRequest {
    const request = this.requests[index];
    if (request === undefined) throw new Error(`request ${index} was not sent`);
    return request;
  }

  settle(index: number, outcome: EchoOutcome): void {
    const request = this.request(index);
    request.outcome = outcome;
    request.owner.settled(request);
  }
}

function start(time: VirtualTime, changes: Partial<IcmpSpec> = {}, timeoutMs = 1_500) {
  const dialer = new EchoDialer();
  const after = (delayMs: number, callback: () => void) => {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  };
  const results: CheckResult[] = [];
  const checker = icmpChecker({ ...SPEC, ...changes }, { ...fakeEnv(time, dialer), after });
  const attempt = checker.start(timeoutMs, (result) => results.push(result));
  return { dialer, results, attempt };
}

const answer = (atMs: number, payloadBytes = 56): EchoOutcome => ({ kind: "answer", payloadBytes, atMs });

test("icmp: requests follow at equal shares of the timeout until the count is reached", () => {
  using time = new VirtualTime();
  const { dialer, attempt } = start(time);
  const sent = [0, 480, 40, 440, 80, 450].map((ms) => {
    time.advance(ms);
    return dialer.requests.length;
  });
  expect(sent).toEqual([1, 1, 2, 2, 3, 3]);
  expect(attempt.expire()).toMatchObject({
    outcome: "failure",
    code: "L4TOUT",
    message: "ICMP echo to 10.0.0.1: no answer to 3 requests within 1.5s",
  });
  expect(dialer.requests.map(({ canceled }) => canceled)).toEqual([true, true, true]);
});

test("icmp: with a long timeout the next request follows after a second", () => {
  using time = new VirtualTime();
  const { dialer } = start(time, {}, 60_000);
  time.advance(1_000);
  expect(dialer.requests.length).toBe(2);
});

test("icmp: an answer to the second request is a success with the round trip of that request", () => {
  using time = new VirtualTime();
  const { dialer, results } = start(time);
  time.advance(520);
  dialer.settle(1, answer(dialer.request(1).askedMs + 3));
  expect(results).toMatchObject([
    {
      outcome: "success",
      code: "L4OK",
      durationMs: 3,
      phases: { firstByteMs: 3 },
      message: "ICMP echo to 10.0.0.1: answered",
    },
  ]);
  time.advance(5_000);
  expect([results.length, dialer.requests.length]).toEqual([1, 2]);
});

test("icmp: an answer that comes after the timeout does not count, one that was read late does", () => {
  using time = new VirtualTime();
  const late = start(time, { count: 1 });
  time.advance(1_501);
  late.dialer.settle(0, answer(performance.now()));
  expect(late.results).toEqual([]);
  expect(late.attempt.expire()).toMatchObject({
    code: "L4TOUT",
    message: "ICMP echo to 10.0.0.1: no answer within 1.5s",
  });
  const inTime = start(time, { count: 1 });
  const cameMs = performance.now() + 1_400;
  time.advance(1_700);
  inTime.dialer.settle(0, answer(cameMs));
  expect(inTime.results).toMatchObject([{ code: "L4OK", durationMs: 1_400 }]);
});

test("icmp: at the deadline an unread answer counts before an error of another request", () => {
  using time = new VirtualTime();
  const { dialer, attempt } = start(time);
  time.advance(600);
  dialer.request(0).unread = { kind: "icmp-error", message: "ICMP host unreachable" };
  dialer.request(1).unread = answer(performance.now());
  expect(attempt.expire()).toMatchObject({ code: "L4OK" });
});

test.each([
  ["unread", "stalled", "not all answers that came were read within 1.5s"],
  ["overflown", "memory", "the receive buffer of the ICMP socket overflowed; raise net.core.rmem_max"],
] as const)("icmp: a deadline with the socket %s is inconclusive", (silence, cause, message) => {
  using time = new VirtualTime();
  const { dialer, attempt } = start(time);
  dialer.request(0).silence = silence;
  expect(attempt.expire()).toEqual({
    outcome: "inconclusive",
    code: "LOCAL",
    cause,
    message: `ICMP echo to 10.0.0.1: ${message}`,
  });
});

const notSent = (number: number): EchoOutcome => ({ kind: "not-sent", number, setup: undefined });

test.each([
  [
    { kind: "icmp-error", message: "ICMP host unreachable from 10.0.0.9" },
    "L4CON ICMP host unreachable from 10.0.0.9",
  ],
  [answer(0, 20), "L7RSP answered with 20 bytes instead of 56"],
  [notSent(ENETUNREACH), "L4CON network is unreachable"],
  [notSent(EPERM), "LOCAL operation not permitted (blocked by a firewall of this host)"],
  [notSent(ENOBUFS), "LOCAL no buffer space"],
  [
    {
      kind: "not-sent",
      number: EAGAIN,
      setup: { cause: "permission", message: "open an ICMP socket: grant it" },
    },
    "LOCAL open an ICMP socket: grant it",
  ],
] as const)("icmp: %j ends the check at once", (outcome, expected) => {
  using time = new VirtualTime();
  const { dialer, results } = start(time);
  dialer.settle(0, outcome);
  const found = results.map(
    ({ code, message }) => `${code} ${message.replace("ICMP echo to 10.0.0.1: ", "")}`,
  );
  expect(found).toEqual([expected]);
  time.advance(5_000);
  expect([dialer.requests.length, dialer.request(0).canceled]).toEqual([1, true]);
});

test("icmp: a canceled check sends nothing more", () => {
  using time = new VirtualTime();
  const { dialer, results, attempt } = start(time);
  attempt.cancel();
  time.advance(5_000);
  expect([dialer.requests.length, results]).toEqual([1, []]);
});

test.each([
  ["10.0.0.1", "10.0.0.1", false],
  ["2001:db8::1", "2001:db8::1", true],
  ["::ffff:a00:1", "10.0.0.1", false],
  ["0.0.0.0", "127.0.0.1", false],
  ["::", "::1", true],
  ["::ffff:0:0", "127.0.0.1", false],
])("icmp: requests to %s go to %s", (ip, target, isIpv6) => {
  expect(echoTarget({ ...SPEC, ip })).toMatchObject({ ip: target, path: { isIpv6 } });
});

test("icmp: equal options have equal keys, others different ones", () => {
  const socket = { mark: 7, sourceIp: undefined, interface: undefined };
  const specs = [
    SPEC,
    { ...SPEC, ttl: 7 },
    { ...SPEC, socket },
    { ...SPEC, ip: "::1" },
    { ...SPEC, socket: { ...socket, interface: "lo" } },
  ];
  const keys = specs.map((spec) => echoTarget(spec).path.key);
  expect(new Set(keys).size).toBe(specs.length);
  expect(echoTarget({ ...SPEC, ip: "10.9.9.9", socket: { ...socket } }).path.key).toBe(keys[2] ?? "");
});

function read(fields: object) {
  const found = ICMP.read({ ip: "10.0.0.1", ...fields }, CHECK_DEFAULTS);
  return found.ok ? found.spec : found.problems.map(({ path, message }) => `${path.join(".")}: ${message}`);
}

test.each([
  [{}, { ...SPEC, count: 2 }],
  [
    { size: 1_400, ttl: 3, count: 1 },
    { ...SPEC, payloadBytes: 1_400, ttl: 3, count: 1 },
  ],
  [
    { ttl: 0, size: null },
    { ...SPEC, count: 2 },
  ],
  [{ mark: 7 }, { ...SPEC, count: 2, socket: { mark: 7, sourceIp: undefined, interface: undefined } }],
])("icmp: the CONFIG %j is read", (fields, spec) => {
  expect(read(fields)).toEqual(spec);
});

test.each([
  [{ ip: "www.example.com" }, 'ip: "www.example.com" is not valid; must be an IPv4 or IPv6 address'],
  [{ size: 15 }, "size: 15 is out of range; must be an integer from 16 to 8972"],
  [{ size: 8_973 }, "size: 8973 is out of range; must be an integer from 16 to 8972"],
  [{ ttl: 256 }, "ttl: 256 is out of range; must be an integer from 0 to 255"],
  [{ count: 0 }, "count: 0 is out of range; must be an integer from 1 to 10"],
  [{ count: 11 }, "count: 11 is out of range; must be an integer from 1 to 10"],
  [{ source_ip: "::1" }, 'source_ip: "::1" is not valid; must be an IPv4 address, as ip is'],
])("icmp: the CONFIG %j is rejected", (fields, message) => {
  expect(read(fields)).toEqual([message]);
});

test("icmp: the API shows the check, and a probe becomes its CONFIG", () => {
  expect(ICMP.view({ ...SPEC, ttl: 9 })).toEqual({ address: "10.0.0.1", size: 56, ttl: 9, count: 3 });
  expect([ICMP.formatTarget(SPEC), ICMP.formatTarget({ ...SPEC, ip: "::1" })]).toEqual([
    "icmp://10.0.0.1",
    "icmp://[::1]",
  ]);
  expect(ICMP_PROBE.target(["web.test"], { size: 100, requests: 4, mark: 7 })).toMatchObject({
    host: "web.test",
    fields: { checker_type: "icmp", size: 100, count: 4, mark: 7 },
  });
});
