/** Cutting a message into its configs, against JSON.parse of the whole. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { recoverId } from "../../src/protocol/config-splitter.ts";
import { cutText } from "../harness/client/client-lines.ts";

/** Texts that look like structure. */
const trickyText = fc
  .array(
    fc.constantFrom(
      '"',
      "\\",
      "[",
      "]",
      "{",
      "}",
      ",",
      ":",
      '"configs":[',
      "\\\\",
      "\n",
      "é",
      "😀",
      "\u2028",
      "x",
    ),
  )
  .map((parts) => parts.join(""));
const trickyKey = fc.oneof(fc.constant("configs"), trickyText).filter((key) => key !== "__proto__");
const { json } = fc.letrec<{ json: unknown }>((tie) => ({
  json: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom(null, true, false, 0, -1.5e-7, 1e21),
    trickyText,
    fc.array(tie("json"), { maxLength: 4 }),
    fc.dictionary(trickyKey, tie("json"), { maxKeys: 4 }),
  ),
}));
const anySpace = fc
  .array(fc.constantFrom(" ", "\t", "\r", "\n"), { maxLength: 3 })
  .map((parts) => parts.join(""));

/** A message with `configs` anywhere among other keys, and blanks where JSON allows them. */
const anyMessage = fc
  .record({
    before: fc.dictionary(
      trickyKey.filter((key) => key !== "configs"),
      json,
      { maxKeys: 3 },
    ),
    configs: fc.array(json, { maxLength: 5 }),
    after: fc.dictionary(
      trickyKey.filter((key) => key !== "configs"),
      json,
      { maxKeys: 3 },
    ),
    space: anySpace,
    indent: fc.constantFrom(undefined, 1, "\t"),
  })
  .map(({ before, configs, after, space, indent }) => {
    const pairs = (part: object) =>
      Object.entries(part).map(
        ([key, value]) => `${JSON.stringify(key)}${space}:${JSON.stringify(value, null, indent)}`,
      );
    const list = `"configs"${space}:${space}[${configs.map((one) => `${space}${JSON.stringify(one, null, indent)}${space}`).join(",")}]`;
    return {
      configs,
      text: `${space}{${[...pairs(before), list, ...pairs(after)].join(`,${space}`)}}${space}`,
    };
  });

test("elements: what is cut out and what is left are what JSON.parse makes of the whole, however it was received", async () => {
  await fc.assert(
    fc.asyncProperty(anyMessage, fc.integer({ min: 1, max: 300 }), async ({ text, configs }, pieceBytes) => {
      const whole = JSON.parse(text);
      const { envelope, elements } = await cutText(text, pieceBytes);
      expect(elements?.map((element) => JSON.parse(element))).toEqual(whole.configs);
      expect(elements?.length).toBe(configs.length);
      const { configs: _list, "": _marked, ...others } = whole;
      const { "": _mark, ...left } = JSON.parse(envelope);
      expect(left).toEqual(others);
    }),
    { numRuns: 300 },
  );
});

test("elements: a message without the list stays whole", async () => {
  await fc.assert(
    fc.asyncProperty(json, async (value) => {
      const text = JSON.stringify({ type: "x", nested: { configs: [value] }, list: [{ configs: [1] }] });
      expect(await cutText(text)).toEqual({ envelope: text, elements: undefined });
    }),
  );
});

test("elements: a list that is empty has none; one that is no list is left in place", async () => {
  expect((await cutText('{"configs":[ ]}')).elements).toEqual([]);
  for (const text of ['{"configs":{"a":[1]}}', '{"configs":"[1]"}', '{"configs":null}']) {
    expect(await cutText(text)).toEqual({ envelope: text, elements: undefined });
  }
});

test.each([
  '{"configs":[1,]}',
  '{"configs":[,1]}',
  '{"configs":[1 2]}',
  '{"configs":[{]}',
  '{"configs":["a]}',
  '{"configs":[1',
  "{",
])("elements: what is not JSON stays so: %s", async (text) => {
  const { envelope, elements = [] } = await cutText(text);
  expect(() => [envelope, ...elements].map((part) => JSON.parse(part))).toThrow();
});

test.each([
  ['{"id":42,"port":80x}', "42"],
  ['{"port":NaN, "id" : "18446744073709551615"}', "18446744073709551615"],
  ['{"headers":{"id":7},"port":,"id":8}', "8"],
  ['{"headers":{"id":7},"port":}', undefined],
  ['{"path":"\\"id\\":7","port":}', undefined],
  ['{"id":-1,"port":}', undefined],
  ['"id":1', undefined],
  ["", undefined],
])("elements: the id of a config that is no JSON: %s", (text, id) => {
  expect(recoverId(text)).toBe(id);
});

test("elements: no text makes it throw", async () => {
  const anyText = fc
    .array(fc.constantFrom('"', "\\", "[", "]", "{", "}", ",", ":", '"configs"', " ", "1"))
    .map((parts) => parts.join(""));
  await fc.assert(
    fc.asyncProperty(anyText, async (text) => {
      const { envelope } = await cutText(text);
      recoverId(text);
      expect(envelope.length).toBeLessThanOrEqual(text.length);
    }),
    { numRuns: 500 },
  );
});
