/** DNS over TCP: a length, then the message. */
import { expect, test } from "bun:test";
import { type Answer, encode, type Packet, TRUNCATED_RESPONSE } from "dns-packet";
import { DnsTcpConversation } from "../../src/checks/dns/tcp-conversation.ts";
import { encodeQuestion, type Question } from "../../src/checks/dns/wire.ts";

const QUESTION: Question = { id: 4_711, name: "www.example.com", type: "A" };
const A: Answer = { type: "A", name: "www.example.com", ttl: 60, data: "192.0.2.1" };

function framed(changes: Partial<Packet> = {}): Buffer {
  const questions = [{ type: "A" as const, name: "www.example.com" }];
  const message = encode({ type: "response", id: QUESTION.id, questions, answers: [A], ...changes });
  return Buffer.concat([Uint8Array.of(message.length >> 8, message.length & 0xff), message]);
}

const talk = () => new DnsTcpConversation(encodeQuestion(QUESTION), QUESTION);

test("dns over tcp: the question goes out with its length", () => {
  const message = encodeQuestion(QUESTION);
  expect(Buffer.from(talk().request)).toEqual(Buffer.concat([Uint8Array.of(0, message.length), message]));
});

test("dns over tcp: an answer split at every byte is the same answer", () => {
  const whole = framed();
  const conversation = talk();
  const verdicts = [...whole].map((byte) => conversation.received(Uint8Array.of(byte)));
  expect(verdicts.slice(0, -1).every((verdict) => verdict === undefined)).toBe(true);
  expect(verdicts.at(-1)).toEqual({ ok: true, message: "answered NOERROR" });
  expect(conversation.answer?.records.map(({ text }) => text())).toEqual(["192.0.2.1"]);
  const quick = talk();
  expect(quick.received(whole)).toEqual({ ok: true, message: "answered NOERROR" });
  expect(quick.answer?.rcode).toBe(conversation.answer?.rcode);
});

test("dns over tcp: what follows the answer is not looked at", () => {
  expect(talk().received(Buffer.concat([framed(), framed({ id: 1 })]))).toMatchObject({ ok: true });
});

test.each([
  ["another id", framed({ id: 1 }), "answered with an answer with another id"],
  ["truncated", framed({ flags: TRUNCATED_RESPONSE }), "answered with a truncated message"],
])("dns over tcp: %s is no valid answer", (_name, bytes, message) => {
  expect(talk().received(bytes)).toEqual({ ok: false, code: "L7RSP", message });
});

test("dns over tcp: an empty message is no valid answer", () => {
  expect(talk().received(Uint8Array.of(0, 0))).toMatchObject({ ok: false, code: "L7RSP" });
});

test("dns over tcp: describes its progress", () => {
  const conversation = talk();
  expect(conversation.progress()).toBe("");
  conversation.received(Uint8Array.of(0));
  expect(conversation.progress()).toBe("1 of ? bytes");
  conversation.received(Uint8Array.of(50, 1));
  expect(conversation.progress()).toBe("3 of 52 bytes");
  expect(conversation.closed()).toEqual({
    ok: false,
    code: "L7RSP",
    message: "closed by peer after 3 bytes of the answer",
  });
});
