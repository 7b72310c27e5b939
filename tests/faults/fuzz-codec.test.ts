/** The codec against whatever fast-check comes up with: 64-bit ids whole, lines within their bound. Run by `bun test` and scripts/soak. */

import { expect, setDefaultTimeout, test } from "bun:test";
import fc from "fast-check";
import type { HealthcheckId } from "../../src/model/id.ts";
import { parseId } from "../../src/model/id.ts";
import { printable } from "../../src/model/printable.ts";
import { STATES } from "../../src/model/status.ts";
import { errorLine, packLine, parseJson } from "../../src/protocol/codec.ts";
import { FUZZ_TEST_MS, fuzz } from "../harness/base/fuzz.ts";
import { parseLine } from "../harness/client/messages.ts";

setDefaultTimeout(FUZZ_TEST_MS);

const ID = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
/** The longest line that the Go client accepts, its newline included. */
const MAX_BYTES = 65_535;

test("fuzz: codec: ids keep their digits wherever they stand, and all else is as JSON.parse has it", () => {
  const noIds = fc.jsonValue({ maxDepth: 3 }).filter((value) => !JSON.stringify(value).includes('"id"'));
  fuzz("ids", fc.tuple(fc.array(ID), noIds), ([ids, other]) => {
    const text = `{"list":[${ids.map((id) => `{"id": ${id} }`).join(",")}],"other":${JSON.stringify(other)}}`;
    expect(parseJson(text)).toEqual({
      list: ids.map((id) => ({ id })),
      other: JSON.parse(JSON.stringify(other)),
    });
  });
});

test("fuzz: codec: any statuses become lines that the client can read, and every one gets into one", () => {
  const text = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.string({ maxLength: 2_000 }),
    fc.constantFrom("\ud800", "\n", "\0".repeat(600), "é".repeat(600)),
  );
  const status = fc.record({
    state: fc.constantFrom(...STATES),
    lastCheckMs: fc.option(fc.nat(), { nil: undefined }),
    durationMs: fc.double({ min: 0, max: 1e9, noNaN: true }),
    failures: fc.nat(),
    successes: fc.nat(),
    message: text,
  });
  const batch = fc.array(fc.record({ id: ID.map(idOf), status }), {
    minLength: 1,
    maxLength: 400,
    size: "max",
  });
  fuzz("lines", fc.tuple(batch, fc.constantFrom("notification_batch", "status_response")), ([all, type]) => {
    const sent: string[] = [];
    while (sent.length < all.length) {
      const { line, count } = packLine(type, all.slice(sent.length));
      expect(Buffer.byteLength(line)).toBeLessThanOrEqual(MAX_BYTES);
      expect(line.indexOf("\n")).toBe(line.length - 1);
      const { statuses } = parseLine(line, 0, 0);
      expect(statuses.length).toBe(count);
      expect(count).toBeGreaterThan(0);
      for (const { status } of statuses) expect(Buffer.byteLength(status.message)).toBeLessThanOrEqual(512);
      sent.push(...statuses.map(({ id }) => id));
    }
    expect(sent).toEqual(all.map(({ id }) => id));
  });
});

test("fuzz: codec: an error is one line within the bound, whatever its message", () => {
  const text = fc.string({ unit: "binary", maxLength: 20_000, size: "max" });
  fuzz("errors", text, (message) => {
    const line = errorLine(message);
    expect(Buffer.byteLength(line)).toBeLessThanOrEqual(MAX_BYTES);
    expect(line.indexOf("\n")).toBe(line.length - 1);
    const logged = parseLine(line, 0, 0).message ?? "";
    expect(printable(message).startsWith(logged.replace(/…$/, ""))).toBe(true);
  });
});

function idOf(value: bigint): HealthcheckId {
  const id = parseId(String(value));
  if (id === undefined) throw new Error(`${value} is no id`);
  return id;
}
