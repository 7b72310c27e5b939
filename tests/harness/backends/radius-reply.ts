/** RADIUS answers as a server makes them, right and wrong, written apart from the codec that they test. Called by the tests of the radius checker. */
import { createHash, createHmac } from "node:crypto";
import type { RequestId } from "../../../src/checks/radius/packet.ts";

/** An answer; what is absent is right, the code is Access-Accept. */
export interface Reply {
  readonly code?: number;
  readonly identifier?: number;
  /** Makes the response authenticator. */
  readonly secret?: Buffer;
  readonly attributes?: Buffer;
  /** With Message-Authenticator. */
  readonly signed?: boolean;
  /** After the other attributes. */
  readonly signatureLast?: boolean;
  readonly signingSecret?: Buffer;
  /** Bytes beyond the length. */
  readonly padding?: number;
}

/** Makes an attribute. */
export function attributeOf(type: number, value: Buffer): Buffer {
  return Buffer.concat([Buffer.from([type, value.length + 2]), value]);
}

/** Returns identifier and authenticator of a request. */
export function idOf(request: Buffer): RequestId {
  return { identifier: request.readUInt8(1), authenticator: request.subarray(4, 20) };
}

/** Makes the answer to a request. */
export function replyTo(id: RequestId, secret: Buffer, reply: Reply): Buffer {
  const { code = 2, identifier = id.identifier, attributes = Buffer.alloc(0), padding = 0 } = reply;
  const signature = reply.signed ? attributeOf(80, Buffer.alloc(16)) : Buffer.alloc(0);
  const parts = reply.signatureLast ? [attributes, signature] : [signature, attributes];
  const packet = Buffer.concat([Buffer.from([code, identifier, 0, 0]), id.authenticator, ...parts]);
  packet.writeUInt16BE(packet.length, 2);
  if (reply.signed) {
    const at = reply.signatureLast ? packet.length - 16 : 22;
    packet.set(
      createHmac("md5", reply.signingSecret ?? secret)
        .update(packet)
        .digest(),
      at,
    );
  }
  packet.set(
    createHash("md5")
      .update(packet)
      .update(reply.secret ?? secret)
      .digest(),
    4,
  );
  return Buffer.concat([packet, Buffer.alloc(padding, 0xee)]);
}
