/** Framing and messages of the client against whatever fast-check comes up with. Run by `bun test` and scripts/soak. */

import { expect, setDefaultTimeout, test } from "bun:test";
import fc from "fast-check";
import { parseJson } from "../../src/protocol/codec.ts";
import { readConfig } from "../../src/protocol/healthcheck.ts";
import { LineSplitter } from "../../src/protocol/lines.ts";
import { MessageError } from "../../src/protocol/message-error.ts";
import { readMessage } from "../../src/protocol/messages.ts";
import { FUZZ_TEST_MS, fuzz, fuzzAsync, inPieces, mutated } from "../harness/base/fuzz.ts";
import { config } from "../harness/client/client.ts";
import { bytesOf, cutText, lineOf } from "../harness/client/client-lines.ts";

setDefaultTimeout(FUZZ_TEST_MS);

const CONFIGS = [
  config({
    id: "13758215386640154624",
    interval: "5s",
    timeout: "1s",
    retries: 1,
    checker_type: "tcp",
    ip: "::1",
    port: 1,
    send: "a\n",
  }),
  config({
    id: 1,
    interval: "1m30s",
    timeout: "500ms",
    checker_type: "http",
    ip: "10.0.0.1",
    port: 80,
    path: "http://a.test/?q",
    expected_codes: [200],
    headers: { a: "b" },
  }),
  config({
    id: 2,
    interval: "1.5s",
    timeout: "250us",
    checker_type: "dns",
    query: "a.test",
    expected_ips: ["", "192.0.2.1"],
    query_type: "A",
  }),
];
const MESSAGE = `{"type":"update_configs","configs":[${CONFIGS.join(",")}]}`;
const WORDS = [
  "\n",
  "\r\n",
  "\0",
  "{",
  "}",
  "[",
  "]",
  '"',
  "\\",
  ",",
  ":",
  '"configs":[',
  '"id":',
  "null",
  "-1",
  "1e999",
  "__proto__",
  "\xff",
  "[".repeat(5_000),
];
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("latin1");
const messages = mutated([Buffer.from(`${MESSAGE}\n{"type":"shutdown"}\n`)], WORDS);

test("fuzz: framing: any bytes, cut anywhere, give the same lines, and too long is too long", () => {
  fuzz(
    "lines",
    fc.tuple(inPieces(messages), fc.integer({ min: 0, max: 2_000 })),
    ([{ whole, pieces }, most]) => {
      const splitter = new LineSplitter(most);
      const lines = pieces.flatMap((piece) => splitter.push(piece).map((line) => text(bytesOf(line))));
      const expected = text(whole).split("\n");
      const tooLong = expected.findIndex((line) => line.length > most);
      expect(splitter.overflowed).toBe(tooLong >= 0);
      expect(lines).toEqual(expected.slice(0, tooLong < 0 ? -1 : tooLong));
    },
  );
});

test("fuzz: framing: a list is cut as JSON.parse reads it, whatever stands around and in it", async () => {
  const value = fc.jsonValue({ maxDepth: 4 });
  const parts = fc.record({
    list: fc.array(value),
    before: value,
    after: value,
    blank: fc.constantFrom("", " ", "\n\t "),
  });
  await fuzzAsync("elements", parts, async ({ list, before, after, blank }) => {
    const [head, tail, inner] = [before, after, list].map((part) => JSON.stringify(part));
    const message = `{${blank}"x":${head},${blank}"configs"${blank}:${blank}${inner}${blank},"y":${tail}}`;
    const { envelope, elements } = await cutText(message);
    expect(elements?.map((element) => JSON.parse(element))).toEqual(JSON.parse(inner ?? ""));
    expect(JSON.parse(envelope)).toEqual({
      x: JSON.parse(head ?? ""),
      // In place of the list.
      "": 0,
      y: JSON.parse(tail ?? ""),
    });
  });
});

test("fuzz: framing: a line makes a message or a MessageError, and nothing else", async () => {
  await fuzzAsync("messages", messages, async (line) => {
    try {
      const message = await readMessage(lineOf(line));
      expect(["update_configs", "request_status", "shutdown"]).toContain(message.type);
    } catch (error) {
      if (!(error instanceof MessageError)) throw error;
      expect(error.message.length).toBeLessThan(500);
    }
  });
});

test("fuzz: framing: a config is accepted, or rejected with a message for each error", () => {
  const mangled = mutated(
    CONFIGS.map((text) => Buffer.from(text)),
    [...WORDS, '"', "0", "70000", "-", "s", "99999h", "::", ".", "\\u0000"],
  );
  const anything = fc.record(
    {
      id: fc.oneof(fc.bigInt(), fc.jsonValue()),
      checker_type: fc.constantFrom("tcp", "http", "dns", "udp", "icmp", "radius", "x"),
      ip: fc.jsonValue(),
      port: fc.jsonValue(),
      interval: fc.jsonValue(),
      timeout: fc.constant("1s"),
      headers: fc.jsonValue(),
      expected_codes: fc.jsonValue(),
      expected_ips: fc.jsonValue(),
      query: fc.jsonValue(),
      path: fc.jsonValue(),
    },
    { requiredKeys: [] },
  );
  const values = fc.oneof(mangled.map(parsed), anything);
  fuzz("configs", fc.tuple(values, fc.constantFrom("wire", "file")), ([value, where]) => {
    const read = readConfig(value, where);
    if (read.ok) {
      expect(read.spec.intervalMs).toBeGreaterThan(0);
      expect(read.spec.id).toMatch(/^[0-9]+$/);
      return;
    }
    expect(read.faults.length).toBeGreaterThan(0);
    for (const { message } of read.faults) {
      expect(message.length).toBeGreaterThan(0);
      expect(message.length).toBeLessThan(1_000);
    }
  });
});

/** A line that is no longer JSON is kept as it is. */
function parsed(bytes: Uint8Array): unknown {
  try {
    return parseJson(text(bytes));
  } catch {
    return text(bytes);
  }
}
