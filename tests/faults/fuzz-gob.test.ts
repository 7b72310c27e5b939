/** The engine's wire against whatever fast-check comes up with: a value, or one error. Run by `bun test` and scripts/soak. */
import { expect, setDefaultTimeout, test } from "bun:test";
import fc from "fast-check";
import { readConfig } from "../../src/protocol/healthcheck.ts";
import { checkReportReply, fetchCall } from "../../src/rpc/engine-calls.ts";
import { entriesOf, readEntry } from "../../src/rpc/engine-set.ts";
import { GobDecoder } from "../../src/rpc/gob-decoder.ts";
import { GobError } from "../../src/rpc/gob-error.ts";
import type { GobValue } from "../../src/rpc/gob-values.ts";
import { RpcClient, type RpcReply } from "../../src/rpc/rpc-client.ts";
import { RpcError } from "../../src/rpc/rpc-error.ts";
import { FUZZ_TEST_MS, fuzz, inPieces, latin1, mutated } from "../harness/base/fuzz.ts";
import { pollReply } from "../harness/engine/conversation.ts";
import { SHORT_VECTORS } from "../harness/engine/gob-vectors.ts";

setDefaultTimeout(FUZZ_TEST_MS);

/** Responses to a single fetch. */
const RESPONSES = SHORT_VECTORS.filter(
  ({ calls }) => calls.length === 1 && calls[0]?.method === "SeesawEngine.Healthchecks",
).map(({ response }) => response);
const WORDS = [
  "\0",
  "\x01\x02",
  "\xff\x81",
  "\xff\x83\x03",
  "\xf8\xff\xff\xff\xff\xff\xff\xff\xff",
  "\xfc\x04\0\0\0",
  "\x10",
  "*healthcheck.TCPChecker",
];
const streams = fc.oneof(
  {
    weight: 4,
    arbitrary: mutated(
      SHORT_VECTORS.flatMap(({ request, response }) => [request, response]),
      WORDS,
    ),
  },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }) },
  {
    weight: 1,
    arbitrary: fc
      .array(fc.constantFrom(...latin1(...WORDS)), { maxLength: 30 })
      .map((parts) => new Uint8Array(Buffer.concat(parts))),
  },
);

/** The outcome of the first call: its reply, or the words of the one error. */
function outcome(pieces: readonly Uint8Array[]): RpcReply | string {
  const client = new RpcClient();
  client.call(fetchCall("me"));
  try {
    for (const piece of pieces) {
      client.feed(piece);
      const reply = pollReply(client);
      if (reply !== undefined) return reply;
    }
    return expected(client.endError());
  } catch (error) {
    return expected(error);
  }
}

function expected(error: unknown): string {
  if (!(error instanceof GobError || error instanceof RpcError)) throw error;
  expect(error.message.length).toBeGreaterThan(10);
  expect(error.message.length).toBeLessThan(600);
  if (error instanceof GobError) expect(error.message).toMatch(/ \(message \d+, offset \d+\)$/);
  return error.message;
}

test("fuzz: gob: any bytes, cut anywhere, are a reply or one error, the same as in one piece", () => {
  fuzz("gob streams", inPieces(streams), ({ whole, pieces }) => {
    expect(outcome(pieces)).toEqual(outcome([whole]));
  });
});

test("fuzz: gob: each byte of a response flipped, and each cut, are a reply or one error", () => {
  const flips = fc.tuple(fc.constantFrom(...RESPONSES), fc.nat(), fc.constantFrom(1, 2, 0x40, 0x80, 0xff));
  fuzz("gob flips", flips, ([response, place, mask]) => {
    const at = place % response.length;
    const flipped = response.slice();
    flipped[at] = (flipped[at] ?? 0) ^ mask;
    outcome([flipped]);
    expect(outcome([response.subarray(0, at)])).toMatch(/the stream ends/);
  });
});

test("fuzz: gob: every set that can be decoded gives a CONFIG or an error in one field for each healthcheck", () => {
  fuzz("engine sets", mutated(RESPONSES, WORDS), (response) => {
    const reply = outcome([response]);
    if (typeof reply === "string" || !reply.ok) return;
    for (const entry of entries(reply.value).map(readEntry)) {
      if (!entry.ok) {
        expect(entry.faults[0]?.message).toMatch(/; must be /);
        continue;
      }
      const read = readConfig(entry.config, "wire");
      if (!read.ok) expect(read.faults.length).toBeGreaterThan(0);
    }
  });
});

function entries(value: GobValue) {
  try {
    return entriesOf(value);
  } catch (error) {
    expected(error);
    try {
      checkReportReply(value);
    } catch (other) {
      expected(other);
    }
    return [];
  }
}

test("fuzz: gob: definitions of any kind, with a value of any bytes, end", () => {
  // Ids of few types, so that they refer to each other.
  const id = fc.oneof(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 64, max: 70 }));
  const int = (value: number) => unsigned(value < 0 ? -2 * value - 1 : 2 * value);
  const definition = fc.oneof(
    fc.tuple(id, id).map(([own, part]) => [...int(-own), 2, 2, ...int(part), 0, 0]),
    fc
      .tuple(id, id, fc.nat({ max: 3 }))
      .map(([own, part, length]) => [...int(-own), 1, 2, ...int(part), 1, ...int(length), 0, 0]),
    fc.tuple(id, id, id).map(([own, key, part]) => [...int(-own), 4, 2, ...int(key), 1, ...int(part), 0, 0]),
    fc
      .tuple(id, fc.array(id, { maxLength: 4 }))
      .map(([own, parts]) => [
        ...int(-own),
        3,
        2,
        parts.length,
        ...parts.flatMap((part, index) => [1, 1, 0x41 + index, 1, ...int(part), 0]),
        0,
        0,
      ]),
    fc.tuple(id).map(([own]) => [...int(-own), 5, 0, 0]),
  );
  const value = fc
    .tuple(id, fc.array(fc.nat({ max: 6 }), { maxLength: 60 }))
    .map(([own, bytes]) => [...int(own), ...bytes]);
  const stream = fc.tuple(
    fc.array(definition, { maxLength: 7 }),
    fc.array(value, { minLength: 1, maxLength: 3 }),
  );
  fuzz("gob definitions", stream, ([definitions, values]) => {
    const decoder = new GobDecoder();
    for (const message of [...definitions, ...values])
      decoder.feed(new Uint8Array([...unsigned(message.length), ...message]));
    try {
      while (!decoder.isAtBoundary)
        for (const pause of decoder.value()) if (pause === "more") throw decoder.endError();
    } catch (error) {
      expected(error);
    }
  });
});

/** An unsigned integer of gob, below 65,536. */
function unsigned(value: number): number[] {
  if (value < 0x80) return [value];
  return value < 0x100 ? [0xff, value] : [0xfe, value >> 8, value & 0xff];
}
