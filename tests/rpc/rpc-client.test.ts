/** The client's side of net/rpc: replies that do not fit their call are errors, and an error of the server leaves the connection usable. */
import { expect, test } from "bun:test";
import { fetchCall } from "../../src/rpc/engine-calls.ts";
import { GobEncoder, gobInt, gobSlice, gobString, gobStruct, gobUint } from "../../src/rpc/gob-encoder.ts";
import { GobError } from "../../src/rpc/gob-error.ts";
import { RpcClient } from "../../src/rpc/rpc-client.ts";
import { RpcError } from "../../src/rpc/rpc-error.ts";
import { pollReply } from "../harness/engine/conversation.ts";
import { gobVector } from "../harness/engine/gob-vectors.ts";

const METHOD = "SeesawEngine.Healthchecks";
const HEADER = gobStruct(70, { ServiceMethod: gobString, Seq: gobUint, Error: gobString }, "Response");

/** A reply with a header of any content. */
function reply(
  header: { ServiceMethod?: string; Seq?: number; Error?: string },
  encoder = new GobEncoder(),
): Uint8Array {
  const values = { ServiceMethod: METHOD, Seq: 0, Error: undefined, ...header };
  return Buffer.concat([encoder.encode(HEADER, values), encoder.encode(gobInt, 7)]);
}

/** The result of the first call, when a server answers with these bytes. */
function answered(bytes: Uint8Array): unknown {
  const client = new RpcClient();
  client.call(fetchCall("me"));
  client.feed(bytes);
  try {
    return pollReply(client);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    // An error is final.
    expect(() => client.poll()).toThrow(error);
    expect(client.endError()).toBe(error);
    return error;
  }
}

test("rpc client: a reply to the call is its value", () => {
  expect(answered(reply({}))).toEqual({ ok: true, value: 7n });
});

test.each([
  ["another call", reply({ Seq: 1 }), "the reply is to call 1, not to 0"],
  [
    "another method",
    reply({ ServiceMethod: "SeesawEngine.Other" }),
    "the reply is to SeesawEngine.Other, not to SeesawEngine.Healthchecks",
  ],
  ["no method", reply({ ServiceMethod: "" }), "the reply is to no method, not to SeesawEngine.Healthchecks"],
  [
    "a method with control characters",
    reply({ ServiceMethod: `\x1b[2J${"a".repeat(99)}` }),
    `the reply is to \\u001b[2J${"a".repeat(52)}…, not to SeesawEngine.Healthchecks`,
  ],
])("rpc client: a reply to %s is an error", (_, bytes, message) => {
  expect(answered(bytes)).toEqual(new RpcError(message));
});

test.each([
  ["an integer", gobInt, 1],
  ["a list", gobSlice(71, gobInt), [1]],
  ["another struct", gobStruct(72, { Seq: gobUint }), { Seq: 0 }],
] as const)("rpc client: %s instead of a header is an error", (_, type, value) => {
  // The table pairs each type with a value of it.
  const bytes = new GobEncoder().encode(type as typeof gobInt, value as number);
  expect(answered(bytes)).toEqual(new RpcError("the reply does not begin with a header of net/rpc"));
});

test("rpc client: header fields of another type are errors", () => {
  const encode = (fields: Parameters<typeof gobStruct>[1], values: object) =>
    new GobEncoder().encode(gobStruct(71, fields), values);
  expect(answered(encode({ ServiceMethod: gobInt }, { ServiceMethod: 1 }))).toEqual(
    new RpcError("ServiceMethod in the header of the reply is not a string"),
  );
  expect(
    answered(encode({ ServiceMethod: gobString, Seq: gobString }, { ServiceMethod: METHOD, Seq: "1" })),
  ).toEqual(new RpcError("the reply is to call ?, not to 0"));
  expect(
    answered(encode({ ServiceMethod: gobString, Error: gobInt }, { ServiceMethod: METHOD, Error: 1 })),
  ).toEqual(new RpcError("Error in the header of the reply is not a string"));
});

test("rpc client: the server's error is bounded and printable, and the next call of the connection is answered", () => {
  const client = new RpcClient();
  const encoder = new GobEncoder();
  client.call(fetchCall("me"));
  client.feed(reply({ Error: `no\n${"x".repeat(10_000)}` }, encoder));
  expect(pollReply(client)).toEqual({ ok: false, error: `no\\n${"x".repeat(249)}…` });
  expect(client.isAtBoundary).toBe(true);
  client.call(fetchCall("me"));
  client.feed(reply({ Seq: 1 }, encoder));
  expect(pollReply(client)).toEqual({ ok: true, value: 7n });
});

test("rpc client: bytes behind a reply are noticed", () => {
  const { response } = gobVector("capture-00");
  const client = new RpcClient();
  client.call(fetchCall("me"));
  client.feed(response);
  client.feed(new Uint8Array([1, 2]));
  expect(pollReply(client)).toMatchObject({ ok: true });
  expect(client.isAtBoundary).toBe(false);
});

test("rpc client: no call, no reply", () => {
  const client = new RpcClient();
  expect(() => client.poll()).toThrow("no call is unanswered");
});

test("rpc client: a connection that ends early has an error", () => {
  const client = new RpcClient();
  client.call(fetchCall("me"));
  expect(pollReply(client)).toBeUndefined();
  expect(client.endError().message).toBe("the stream ends before a complete value (message 0, offset 0)");
  client.feed(reply({}).subarray(0, 20));
  expect(pollReply(client)).toBeUndefined();
  expect(client.endError()).toBeInstanceOf(GobError);
  expect(client.endError().message).toMatch(
    /^the stream ends after \d+ of \d+ bytes of message 1 \(message 1, offset 1\)$/,
  );
});
