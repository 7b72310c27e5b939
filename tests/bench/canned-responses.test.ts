/** Tests of the DNS sink's answer: the daemon's own reading of it would hide a fault that both share. */
import { expect, test } from "bun:test";
import { decode, encode } from "dns-packet";
import { RESPOND, respondToDns, respondToRadius } from "../../scripts/tools/bench/sink/canned-responses.ts";
import { RADIUS_SECRET } from "../../scripts/tools/bench/sink/commands.ts";
import { readAnswer } from "../../src/checks/radius/packet.ts";

test("dns sink: answers the question with one address", () => {
  const message = new Uint8Array(512);
  const query = encode({ id: 4_711, type: "query", questions: [{ name: "www.bench.test", type: "A" }] });
  message.set(query);
  const length = respondToDns(message, query.length);
  const answer = decode(Buffer.from(message.subarray(0, length)));
  expect(answer).toMatchObject({
    id: 4_711,
    type: "response",
    questions: [{ name: "www.bench.test", type: "A" }],
    answers: [{ name: "www.bench.test", type: "A", ttl: 60, data: "192.0.2.1" }],
  });
});

test("dns sink: what is cut off is not answered", () => {
  const query = encode({ questions: [{ name: "www.bench.test", type: "A" }] });
  const message = new Uint8Array(512);
  message.set(query.subarray(0, query.length - 3));
  expect(respondToDns(message, query.length - 3)).toBe(0);
});

test("radius sink: its answer is an authentic Access-Accept", () => {
  const message = new Uint8Array(512).fill(7, 0, 60);
  const request = { identifier: 7, authenticator: message.slice(4, 20) };
  const answer = message.subarray(0, respondToRadius(message, 60));
  expect(readAnswer(answer, Buffer.from(RADIUS_SECRET), request)).toMatchObject({ kind: "answer", code: 2 });
  expect(respondToRadius(message, 19)).toBe(0);
});

test("udp sink: answers pong", () => {
  const message = new Uint8Array(512);
  expect(Buffer.from(message.subarray(0, RESPOND.udp(message, 4))).toString()).toBe("pong");
});
