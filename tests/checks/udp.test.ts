/** UDP checks over a socket that the test answers: verdicts, the repetition, and times by the kernel's clock. */
import { describe, expect, test } from "bun:test";
import { validateDatagram } from "../../src/checks/udp/answer.ts";
import { UDP } from "../../src/checks/udp/check-type.ts";
import { udpChecker } from "../../src/checks/udp/checker.ts";
import { udpTarget } from "../../src/checks/udp/probe.ts";
import type { UdpSpec } from "../../src/checks/udp/spec.ts";
import { CHECK_DEFAULTS } from "../../src/model/check-defaults.ts";
import type { CheckResult } from "../../src/model/result.ts";
import type { UdpOwner } from "../../src/system/udp.ts";
import { fakeEnv, VirtualTime } from "../harness/fakes/fakes.ts";
import { UdpDialer } from "../harness/fakes/udp-dialer.ts";

const TIMEOUT_MS = 400;
const SPEC: UdpSpec = {
  type: "udp",
  address: { ip: "192.0.2.1", port: 7_001 },
  socket: undefined,
  send: Buffer.from("AUTH hunter2"),
  receive: Buffer.from("pong"),
  expect: "answer",
};
const SUBJECT = "UDP send to 192.0.2.1:7001";

/** A check that has sent its datagram. */
class Fixture implements Disposable {
  readonly time = new VirtualTime();
  readonly dialer = new UdpDialer();
  readonly results: CheckResult[] = [];
  readonly #sentMs = performance.now();
  /** Stalls of this process, which its own clock leaves out. */
  stalledMs = 0;
  readonly #clock = { nowMs: () => this.time.nowMs() - this.stalledMs, wallMs: () => this.time.wallMs() };
  readonly attempt;

  constructor(changes: Partial<UdpSpec> = {}, timeoutMs = TIMEOUT_MS) {
    const after = (delayMs: number, callback: () => void) => {
      const timer = setTimeout(callback, delayMs);
      return () => clearTimeout(timer);
    };
    const env = { ...fakeEnv(this.#clock, this.dialer), after };
    const checker = udpChecker({ ...SPEC, ...changes }, env);
    this.attempt = checker.start(timeoutMs, (result) => this.results.push(result));
  }

  /** A datagram comes `afterMs` after the first one was sent, and is read now. */
  answer(text: string, afterMs?: number): void {
    const atMs = afterMs === undefined ? undefined : this.#sentMs + afterMs;
    this.dialer.owner?.received(Buffer.from(text, "latin1"), atMs);
  }

  [Symbol.dispose](): void {
    this.time[Symbol.dispose]();
  }
}

describe("udp: what a datagram means", () => {
  test.each([
    ["pong", "pong", true, "answered as expected"],
    ["pong and more", "pong", true, "answered as expected"],
    ["\0\xff\0\x01", "\0\xff\0", true, "answered as expected"],
    ["", "", true, "answered"],
    ["anything", "", true, "answered"],
    ["pang", "pong", false, 'answer starts with "pang", expected "pong"'],
    ["\0\xff", "\0\xfe", false, 'answer starts with "\\u0000\\xff", expected "\\u0000\\xfe"'],
    ["po", "pong", false, "answer ends after 2 of 4 expected bytes"],
    ["", "pong", false, 'answer is an empty datagram, expected "pong"'],
    ["PONG", "pong", false, 'answer starts with "PONG", expected "pong"'],
    [" pong", "pong", false, 'answer starts with " pong", expected "pong"'],
  ])("%j where %j is expected: %p", (bytes, expected, ok, message) => {
    const verdict = validateDatagram(Buffer.from(bytes, "latin1"), Buffer.from(expected, "latin1"));
    expect(verdict).toEqual(ok ? { ok, message } : { ok: false, code: "L7RSP", message });
  });
});

test("udp: the answer came when the kernel says, however late it is read", () => {
  using fixture = new Fixture();
  fixture.time.advance(300);
  fixture.answer("pong", 12.5);
  expect(fixture.results).toEqual([
    {
      outcome: "success",
      code: "L7OK",
      message: `${SUBJECT}: answered as expected`,
      durationMs: 12.5,
      phases: { firstByteMs: 12.5 },
    },
  ]);
  expect([fixture.dialer.closes > 0, fixture.dialer.sent.length]).toEqual([true, 2]);
});

test("udp: without the kernel's time the clock's counts", () => {
  using fixture = new Fixture();
  fixture.time.advance(150);
  fixture.answer("pong");
  expect(fixture.results).toMatchObject([{ outcome: "success", durationMs: 150 }]);
});

test("udp: an answer that came in time counts, although it is read after the deadline", () => {
  using fixture = new Fixture();
  fixture.time.advance(TIMEOUT_MS + 50);
  fixture.answer("pong", TIMEOUT_MS - 1);
  expect(fixture.results).toMatchObject([{ outcome: "success", durationMs: TIMEOUT_MS - 1 }]);
});

test("udp: an answer that came after the deadline does not count, although the check still waits", () => {
  using fixture = new Fixture();
  fixture.time.advance(TIMEOUT_MS + 5);
  fixture.answer("pong", TIMEOUT_MS + 2);
  expect(fixture.results).toEqual([]);
  expect(fixture.attempt.expire()).toMatchObject({
    outcome: "failure",
    code: "L4TOUT",
    message: `${SUBJECT}: no answer within 400ms`,
  });
});

test("udp: a stall of this process makes no answer late", () => {
  using fixture = new Fixture();
  fixture.time.advance(5_100);
  fixture.stalledMs = 5_000;
  fixture.answer("pong", 5_050);
  expect(fixture.results).toMatchObject([{ outcome: "success" }]);
});

test.each([
  [400, 200],
  [2_500, 1_000],
  [10_000, 1_000],
])(
  "udp: with %d ms of time the datagram is sent again after %d ms, and not a third time",
  (timeoutMs, againMs) => {
    using fixture = new Fixture({}, timeoutMs);
    const counts = [againMs - 1, 1, timeoutMs - againMs - 1].map((ms) => {
      fixture.time.advance(ms);
      return fixture.dialer.sent.length;
    });
    expect([counts, new Set(fixture.dialer.sent.map(String))]).toEqual([
      [1, 2, 2],
      new Set(["AUTH hunter2"]),
    ]);
  },
);

test("udp: what has ended sends nothing again: an answer, an expiry, a cancel", () => {
  const ends = [
    (one: Fixture) => one.answer("pong"),
    (one: Fixture) => void one.attempt.expire(),
    (one: Fixture) => one.attempt.cancel(),
  ];
  for (const end of ends) {
    using fixture = new Fixture();
    end(fixture);
    fixture.time.advance(TIMEOUT_MS);
    expect([fixture.dialer.sent.length, fixture.dialer.closes > 0]).toEqual([1, true]);
  }
});

test("udp: the sentence has no secret that the answer repeats", () => {
  using fixture = new Fixture();
  fixture.answer("unknown command AUTH hunter2");
  expect(fixture.results).toMatchObject([
    {
      outcome: "failure",
      code: "L7RSP",
      message: `${SUBJECT}: answer starts with "unknown command AUTH …", expected "pong"`,
    },
  ]);
});

test("udp: a secret between NULs or other control characters is hidden, too", () => {
  using fixture = new Fixture({ send: Buffer.from("\x01\x05admin\0\x07hunter2\0") });
  fixture.answer("no user admin with hunter2");
  expect(fixture.results[0]?.message).toBe(
    `${SUBJECT}: answer starts with "no user … with …", expected "pong"`,
  );
});

test("udp: an error names what the network says", () => {
  using fixture = new Fixture();
  fixture.dialer.owner?.failed(111, "ICMP port unreachable");
  const message = `${SUBJECT}: connection refused (ICMP port unreachable)`;
  expect(fixture.results).toMatchObject([{ outcome: "failure", code: "L4CON", message }]);
});

test("udp: an error of this host says nothing about the backend", () => {
  const faults: [(owner: UdpOwner | undefined) => void, object][] = [
    [(owner) => owner?.failed(24, ""), { cause: "descriptors" }],
    [
      (owner) =>
        owner?.failed(1, "", { cause: "permission", message: "set mark 7: operation not permitted" }),
      { cause: "permission", message: `${SUBJECT}: set mark 7: operation not permitted` },
    ],
    [(owner) => owner?.crashed(new Error("broken")), { cause: "fault" }],
  ];
  for (const [happens, result] of faults) {
    using fixture = new Fixture();
    happens(fixture.dialer.owner);
    expect(fixture.results).toMatchObject([{ outcome: "inconclusive", ...result }]);
    expect(fixture.dialer.closes).toBe(1);
  }
});

const NONE = { receive: undefined, expect: "none" } as const;

test("udp: with expect none silence is healthy, at the timeout", () => {
  using fixture = new Fixture(NONE);
  fixture.time.advance(TIMEOUT_MS);
  expect(fixture.results).toEqual([]);
  expect(fixture.attempt.expire()).toEqual({
    outcome: "success",
    code: "L4OK",
    message: `${SUBJECT}: no ICMP error within 400ms`,
    durationMs: TIMEOUT_MS,
    phases: {},
  });
});

test("udp: with expect none a datagram is healthy at once", () => {
  using fixture = new Fixture(NONE);
  fixture.answer("", 3);
  expect(fixture.results).toMatchObject([{ code: "L7OK", message: `${SUBJECT}: answered` }]);
});

test("udp: with expect none an ICMP error is a failure, also the one that the second datagram meets", () => {
  using fixture = new Fixture(NONE);
  fixture.time.advance(TIMEOUT_MS - 1);
  expect(fixture.dialer.sent.length).toBe(2);
  fixture.dialer.owner?.failed(111, "ICMP port unreachable");
  expect(fixture.results).toMatchObject([{ outcome: "failure", code: "L4CON" }]);
});

const FIELDS = { ip: "192.0.2.1", port: 7_001 };

test("udp: fields become a spec, as text and as hexadecimal digits", () => {
  const read = (fields: object) => UDP.read({ ...FIELDS, ...fields }, CHECK_DEFAULTS);
  const plain = { ...SPEC, send: undefined, receive: undefined };
  expect(read({})).toEqual({ ok: true, spec: plain });
  expect(read({ send: "", send_hex: "", receive: "", receive_hex: "", expect: "" })).toEqual(read({}));
  expect(read({ send: "a\0", receive_hex: "00 ff" })).toEqual({
    ok: true,
    spec: { ...plain, send: new Uint8Array([97, 0]), receive: new Uint8Array([0, 255]) },
  });
  expect(read({ expect: "none" })).toMatchObject({ ok: true, spec: { expect: "none" } });
});

test.each([
  [{ send: "a", send_hex: "00" }, "send_hex: not allowed beside send; must be absent"],
  [{ receive: "a", receive_hex: "00" }, "receive_hex: not allowed beside receive; must be absent"],
  [
    { send_hex: "0" },
    "send_hex: a string (not shown) is not valid; must be bytes as pairs of hexadecimal digits",
  ],
  [{ expect: "nothing" }, 'expect: "nothing" is not valid; must be one of answer, none'],
  [{ expect: "none", receive: "a" }, "expect: none is not allowed beside receive; must be answer or absent"],
  [
    { expect: "none", receive_hex: "00" },
    "expect: none is not allowed beside receive; must be answer or absent",
  ],
  [{ ip: undefined }, "ip: missing; must be an IPv4 or IPv6 address"],
  [{ port: 0 }, "port: 0 is out of range; must be an integer from 1 to 65535"],
  [{ source_ip: "::1" }, 'source_ip: "::1" is not valid; must be an IPv4 address, as ip is'],
])("udp: %j is rejected", (fields, message) => {
  const read = UDP.read({ ...FIELDS, ...fields }, CHECK_DEFAULTS);
  const problems = read.ok ? [] : read.problems.map((one) => `${one.path.join(".")}: ${one.message}`);
  expect(problems).toEqual([message]);
});

test("udp: the API shows the check without the bytes that it sends", () => {
  expect(UDP.view({ ...SPEC, receive: new Uint8Array([0xff]), socket: undefined })).toEqual({
    address: "192.0.2.1:7001",
    send: "(12 bytes, not shown)",
    receive_hex: "ff",
    expect: "answer",
  });
  expect(UDP.formatTarget({ ...SPEC, address: { ip: "::1", port: 1 } })).toBe("udp://[::1]:1");
});

test("udp: a probe takes bytes with escapes, and says what it expects", () => {
  expect(udpTarget("ns.test:53", { send: "\\x00\\xff", receive: "a\\0", mark: 7 })).toEqual({
    host: "ns.test",
    fields: { checker_type: "udp", port: 53, send_hex: "00 ff", receive: "a\0", expect: undefined, mark: 7 },
  });
  expect(udpTarget("[::1]:514", { expect: "none" })).toMatchObject({
    host: "::1",
    fields: { port: 514, expect: "none" },
  });
});
