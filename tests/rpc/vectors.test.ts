/** Real and made conversations with Go: split anywhere they decode to the same values, and no prefix of them is an error. */
import { expect, test } from "bun:test";
import { gobInt } from "../../src/rpc/gob-encoder.ts";
import { GobError } from "../../src/rpc/gob-error.ts";
import { RpcClient, type RpcReply } from "../../src/rpc/rpc-client.ts";
import { decodeValues, pollReply, readReplies } from "../harness/engine/conversation.ts";
import { differences, GOB_VECTORS, type GobVector, SHORT_VECTORS } from "../harness/engine/gob-vectors.ts";

const methodsOf = ({ calls }: GobVector) => calls.map(({ method }) => method);

function replyDifferences({ calls }: GobVector, replies: readonly RpcReply[]): string[] {
  if (replies.length !== calls.length) return [`${replies.length} of ${calls.length} replies`];
  return calls.flatMap(({ error, reply }, index) => {
    const found = replies[index];
    if (error !== undefined)
      return found?.ok === false && found.error === error ? [] : [`not the error ${error}`];
    return found?.ok === true ? differences(reply, found.value) : ["an error"];
  });
}

test("vectors: there are captures, sets, reports and errors", () => {
  expect(GOB_VECTORS.length).toBeGreaterThan(25);
  expect(SHORT_VECTORS.length).toBeGreaterThan(22);
  expect(
    GOB_VECTORS.flatMap(({ calls }) => calls.filter(({ error }) => error !== undefined)).length,
  ).toBeGreaterThan(3);
});

test.each(GOB_VECTORS.map((vector) => [vector.name, vector] as const))(
  "vectors: the response of %s decodes to its meaning",
  (_, vector) => {
    expect(replyDifferences(vector, readReplies(methodsOf(vector), [vector.response]))).toEqual([]);
  },
);

test.each(GOB_VECTORS.map((vector) => [vector.name, vector] as const))(
  "vectors: the request of %s decodes to its meaning",
  (_, vector) => {
    const values = decodeValues(vector.request);
    const expected = vector.calls.flatMap(({ method, seq, args }) => [
      { ServiceMethod: method, Seq: seq },
      args,
    ]);
    expect(values.length).toBe(expected.length);
    expect(expected.flatMap((meaning, index) => differences(meaning, values[index]))).toEqual([]);
  },
);

test.each(SHORT_VECTORS.map((vector) => [vector.name, vector] as const))(
  "vectors: the response of %s is the same, split in two anywhere",
  (_, vector) => {
    const methods = methodsOf(vector);
    const whole = readReplies(methods, [vector.response]);
    for (let at = 1; at < vector.response.length; at++) {
      const replies = readReplies(methods, [vector.response.subarray(0, at), vector.response.subarray(at)]);
      if (!Bun.deepEquals(replies, whole)) throw new Error(`split at ${at}`);
    }
    expect(whole.length).toBe(methods.length);
  },
);

test.each(GOB_VECTORS.map((vector) => [vector.name, vector] as const))(
  "vectors: every prefix of the response of %s needs more bytes",
  (_, { calls, response }) => {
    const client = new RpcClient();
    const replies: RpcReply[] = [];
    let at = 0;
    for (const { method } of calls) {
      client.call({ method, type: gobInt, args: 0 });
      for (;;) {
        const reply = pollReply(client);
        if (reply !== undefined) {
          replies.push(reply);
          break;
        }
        expect(at).toBeLessThan(response.length);
        client.feed(response.subarray(at, ++at));
      }
    }
    expect(at).toBe(response.length);
    expect(client.isAtBoundary).toBe(true);
    expect(replies.length).toBe(calls.length);
  },
);

test("vectors: a stream that ends within a reply is an error that names the place", () => {
  for (const { calls, response } of SHORT_VECTORS) {
    for (const at of [0, 1, 30, 70, response.length - 1]) {
      const client = new RpcClient();
      client.call({ method: calls[0]?.method ?? "", type: gobInt, args: 0 });
      client.feed(response.subarray(0, at));
      if (pollReply(client) !== undefined) continue;
      const error = client.endError();
      expect(error).toBeInstanceOf(GobError);
      expect(error.message).toMatch(/the stream ends (?:before|after) .* \(message \d+, offset \d+\)$/);
    }
  }
});
