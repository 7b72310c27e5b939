/** Drives the client's side of net/rpc without a socket. Called by the tests of src/rpc. */
import { GobDecoder } from "../../../src/rpc/gob-decoder.ts";
import { gobInt } from "../../../src/rpc/gob-encoder.ts";
import type { GobValue } from "../../../src/rpc/gob-values.ts";
import { RpcClient, type RpcReply } from "../../../src/rpc/rpc-client.ts";

/** Continues until there is a reply, or bytes are missing. @returns undefined for missing bytes */
export function pollReply(client: RpcClient): RpcReply | undefined {
  for (;;) {
    const found = client.poll();
    if (found === "more") return undefined;
    if (found !== "busy") return found;
  }
}

/**
 * Reads the replies to calls from the bytes of a server.
 *
 * @param pieces - the bytes, as they arrive
 * @returns the replies that are complete
 */
export function readReplies(methods: readonly string[], pieces: Iterable<Uint8Array>): RpcReply[] {
  const client = new RpcClient();
  const replies: RpcReply[] = [];
  const call = () => {
    const method = methods[replies.length];
    if (method !== undefined) client.call({ method, type: gobInt, args: 0 });
  };
  call();
  for (const piece of pieces) {
    client.feed(piece);
    while (replies.length < methods.length) {
      const reply = pollReply(client);
      if (reply === undefined) break;
      replies.push(reply);
      call();
    }
  }
  return replies;
}

/** Decodes every value of a stream. @throws GobError also when the stream ends within a value */
export function decodeValues(bytes: Uint8Array): GobValue[] {
  const decoder = new GobDecoder();
  decoder.feed(bytes);
  const values: GobValue[] = [];
  while (!decoder.isAtBoundary) {
    const reading = decoder.value();
    for (;;) {
      const { done, value } = reading.next();
      if (done) {
        values.push(value);
        break;
      }
      if (value === "more") throw decoder.endError();
    }
  }
  return values;
}
