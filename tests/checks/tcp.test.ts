/** Something said and something expected back. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { PrefixConversation } from "../../src/checks/tcp/checker.ts";

const talk = (expected: string) => new PrefixConversation(undefined, Buffer.from(expected));

test("tcp: an answer that starts as expected is a good one", () => {
  expect(talk("220 ").received(Buffer.from("220 ready\r\n"))).toEqual({
    ok: true,
    message: "answered as expected",
  });
});

test("tcp: an answer with another beginning fails as early as possible", () => {
  const message = 'answer starts with "221 bye", expected "220 "';
  expect(talk("220 ").received(Buffer.from("221 bye"))).toEqual({ ok: false, code: "L7RSP", message });
  expect(talk("220 ").received(Buffer.from("5"))).toMatchObject({ ok: false, code: "L7RSP" });
});

test("tcp: with nothing expected any byte will do", () => {
  expect(talk("").received(Buffer.from("x"))).toMatchObject({ ok: true });
});

test("tcp: a close before the whole answer is a failure with the number of bytes received", () => {
  const conversation = talk("220 ");
  expect(conversation.progress()).toBe("");
  expect(conversation.received(Buffer.from("22"))).toBeUndefined();
  expect(conversation.progress()).toBe("2 of 4 expected bytes");
  expect(conversation.closed()).toEqual({
    ok: false,
    code: "L7RSP",
    message: "closed by peer after 2 of 4 expected bytes",
  });
});

test("tcp: with nothing expected a close does not speak of 0 expected bytes", () => {
  const verdict = talk("").closed();
  expect(verdict).toMatchObject({ ok: false, code: "L7RSP" });
  expect(verdict.message).not.toContain("0 of 0");
});

test("tcp: any split of any answer gives the same verdict", () => {
  const anyBytes = fc.uint8Array({ min: 97, max: 98, minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(anyBytes, anyBytes, (expected, answer) => {
      const [whole, split] = [0, 1].map(() => new PrefixConversation(undefined, Buffer.from(expected)));
      if (whole === undefined || split === undefined) throw new Error("unreachable");
      const verdict = whole.received(answer) ?? whole.closed();
      let byByte: typeof verdict | undefined;
      for (const byte of answer) byByte ??= split.received(Uint8Array.of(byte));
      byByte ??= split.closed();
      expect([byByte.ok, "code" in byByte && byByte.code]).toEqual([
        verdict.ok,
        "code" in verdict && verdict.code,
      ]);
      expect(verdict.ok).toBe(Buffer.from(answer).subarray(0, expected.length).equals(expected));
    }),
  );
});
