/** JSON with whole ids, and the lines that the server writes. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { RawNumber } from "../../src/model/format-value.ts";
import type { Notification } from "../../src/model/status.ts";
import {
  errorLine,
  MAX_LINE_BYTES,
  packLine,
  parseJson,
  READY_LINE,
  renderNotification,
} from "../../src/protocol/codec.ts";
import { id, notification } from "../harness/fakes/fakes.ts";

const anyId = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
/** Any code units, lone surrogates among them. */
const anyText = fc
  .array(
    fc.oneof(
      fc.nat({ max: 0xffff }),
      fc.integer({ min: 0xd800, max: 0xdfff }),
      fc.constantFrom(0, 10, 34, 92),
    ),
    { maxLength: 700 },
  )
  .map((units) => String.fromCharCode(...units));
const anyNotification: fc.Arbitrary<Notification> = fc
  .record({
    number: anyId,
    state: fc.constantFrom("unknown" as const, "healthy" as const, "unhealthy" as const),
    lastCheckMs: fc.option(fc.double({ min: 0, max: 4e12, noNaN: true }), { nil: undefined }),
    durationMs: fc.double({ min: 0, max: 1e7, noNaN: true }),
    failures: fc.nat(),
    successes: fc.nat(),
    message: anyText,
  })
  .map(({ number, ...status }) => ({ id: id(number), status }));

test("codec: any 64-bit id survives being read", () => {
  fc.assert(
    fc.property(anyId, (number) => {
      expect(parseJson(`{"id":${number},"x":{"id": ${number} }}`)).toEqual({ id: number, x: { id: number } });
    }),
  );
});

test("codec: an id that is not an integer is kept as it was written, other numbers are numbers", () => {
  const written = (text: string) => ({ id: new RawNumber(text) });
  expect(parseJson('{"id":1.5,"port":80,"ids":[1]}')).toEqual({ ...written("1.5"), port: 80, ids: [1] });
  expect(parseJson('{"id":"7"}')).toEqual({ id: "7" });
  for (const text of ["1.0", "1e3", "1E+3", "-1", "-0", "1e999", "9".repeat(41)])
    expect(parseJson(`{"id": ${text} }`)).toEqual(written(text));
});

test("codec: a notification is JSON of the types that the client decodes, its id and its message whole", () => {
  fc.assert(
    fc.property(anyNotification, (one) => {
      const text = renderNotification(one);
      expect(text).toStartWith(`{"id":${one.id},`);
      const { status } = JSON.parse(text);
      expect(status.duration).toBe(Math.round(one.status.durationMs * 1e6));
      expect(Number.isInteger(status.duration)).toBe(true);
      expect(text).toMatch(/"duration":[0-9]+,"failures":[0-9]+,"successes":[0-9]+,/);
      expect(status.state).toBe(one.status.state);
      expect(Buffer.byteLength(status.message)).toBeLessThanOrEqual(512);
      const sent = one.status.message.toWellFormed();
      if (Buffer.byteLength(sent) <= 512) expect(status.message).toBe(sent);
      expect(text).not.toContain("\n");
    }),
    { numRuns: 300 },
  );
});

test("codec: the time is RFC 3339 with Z, and absent before the first check", () => {
  const { status } = notification(1);
  const at = (lastCheckMs: number | undefined) =>
    JSON.parse(renderNotification({ id: id(1), status: { ...status, lastCheckMs } })).status;
  expect(at(Date.UTC(2026, 0, 31, 12) + 1.75).last_check).toBe("2026-01-31T12:00:00.001Z");
  expect(Object.keys(at(undefined))).toEqual(["duration", "failures", "successes", "state", "message"]);
});

test("codec: lines are as the protocol has them", () => {
  expect(READY_LINE).toBe('{"type":"ready"}\n');
  expect(errorLine('a "b"\nc')).toBe('{"type":"error","message":"a \\"b\\"\\\\nc"}\n');
  expect(packLine("notification_batch", []).line).toBe(
    '{"type":"notification_batch","batch":{"notifications":[]}}\n',
  );
  expect(packLine("status_response", []).line).toBe('{"type":"status_response","statuses":[]}\n');
  const one = notification(7);
  const entry = renderNotification(one);
  expect(packLine("notification_batch", [one])).toEqual({
    line: `{"type":"notification_batch","batch":{"notifications":[${entry}]}}\n`,
    count: 1,
  });
});

test("codec: however long the messages, a line stays within its bound, and every notification gets into one", () => {
  const anyMessage = fc.constantFrom(
    "ok",
    "x".repeat(600),
    "\u0000".repeat(600),
    "€".repeat(600),
    '"'.repeat(512),
  );
  fc.assert(
    fc.property(fc.array(anyMessage, { minLength: 1, maxLength: 400 }), (messages) => {
      let left = messages.map((message, index) => notification(2 ** 40 + index, "healthy", message));
      let seen = 0;
      while (left.length > 0) {
        const { line, count } = packLine("notification_batch", left);
        expect(Buffer.byteLength(line)).toBeLessThanOrEqual(MAX_LINE_BYTES);
        expect(JSON.parse(line).batch.notifications.length).toBe(count);
        expect(count).toBeGreaterThan(0);
        seen += count;
        left = left.slice(count);
      }
      expect(seen).toBe(messages.length);
    }),
    { numRuns: 30 },
  );
});

test("codec: an error line stays within the bound for any message", () => {
  for (const char of ["x", "\u0000", "€", "\ud800", '"']) {
    const line = errorLine(char.repeat(100_000));
    expect(JSON.parse(line).message).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u);
    expect(Buffer.byteLength(line)).toBeLessThanOrEqual(MAX_LINE_BYTES);
    expect(JSON.parse(line).type).toBe("error");
  }
});
