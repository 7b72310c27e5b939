/**
 * RADIUS packets as bytes (RFC 2865, RFC 5997): requests are encoded, answers read and authenticated. Pure; identifier and request authenticator
 * are arguments.
 */
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { latin1 } from "../latin1.ts";

/** Packet codes by their names. */
export const CODES = {
  "Access-Request": 1,
  "Access-Accept": 2,
  "Access-Reject": 3,
  "Accounting-Response": 5,
  "Access-Challenge": 11,
  "Status-Server": 12,
} as const;

/** Types of attributes that are written or read. */
const USER_NAME = 1;
const USER_PASSWORD = 2;
const SERVICE_TYPE = 6;
const REPLY_MESSAGE = 18;
const NAS_IDENTIFIER = 32;
const NAS_PORT_TYPE = 61;
const MESSAGE_AUTHENTICATOR = 80;
/** Values of Service-Type and NAS-Port-Type, those of Google's checker. */
const LOGIN = 1;
const VIRTUAL = 5;

const AUTHENTICATOR_AT = 4;
const HEADER_BYTES = 20;
/** Length of a packet (RFC 2865, 3). */
const MAX_PACKET_BYTES = 4_096;
const DIGEST_BYTES = 16;
/** Length of the value of an attribute. */
export const MAX_VALUE_BYTES = 253;
/** Length of a password (RFC 2865, 5.2). */
export const MAX_PASSWORD_BYTES = 128;

/** A request before it is sent. */
export interface RadiusRequest {
  /** Shared by client and server. */
  readonly secret: Buffer;
  readonly nasIdentifier: Buffer;
  /** Undefined for a Status-Server. */
  readonly login: { readonly username: Buffer; readonly password: Buffer } | undefined;
}

/** Identifier and authenticator of a request; both are random. */
export interface RequestId {
  /** 0 to 255. */
  readonly identifier: number;
  /** 16 random bytes. */
  readonly authenticator: Uint8Array;
}

/**
 * Encodes a request. Message-Authenticator is its first attribute, so that no forged one can precede it (BlastRADIUS, CVE-2024-3596).
 */
export function encodeRequest({ secret, nasIdentifier, login }: RadiusRequest, id: RequestId): Buffer {
  const attributes = [
    attribute(MESSAGE_AUTHENTICATOR, new Uint8Array(DIGEST_BYTES)),
    attribute(NAS_IDENTIFIER, nasIdentifier),
  ];
  if (login !== undefined) {
    const hidden = hidePassword(login.password, secret, id.authenticator);
    attributes.push(
      attribute(USER_NAME, login.username),
      attribute(USER_PASSWORD, hidden),
      attribute(NAS_PORT_TYPE, [0, 0, 0, VIRTUAL]),
      attribute(SERVICE_TYPE, [0, 0, 0, LOGIN]),
    );
  }
  const code = login === undefined ? CODES["Status-Server"] : CODES["Access-Request"];
  const packet = Buffer.concat([Buffer.alloc(HEADER_BYTES), ...attributes]);
  packet.writeUInt8(code, 0);
  packet.writeUInt8(id.identifier, 1);
  packet.writeUInt16BE(packet.length, 2);
  packet.set(id.authenticator, AUTHENTICATOR_AT);
  packet.set(hmac(secret, packet), HEADER_BYTES + 2);
  return packet;
}

/**
 * Hides a password (RFC 2865, 5.2): each block of 16 bytes is combined with the MD5 of the secret and the block before it.
 *
 * @param password - at most 128 bytes; an empty one becomes a block of NULs
 * @param authenticator - that of the request, in place of the block before the first
 */
export function hidePassword(password: Uint8Array, secret: Uint8Array, authenticator: Uint8Array): Buffer {
  const blocks = Math.max(1, Math.ceil(password.length / DIGEST_BYTES));
  const hidden = Buffer.alloc(blocks * DIGEST_BYTES);
  hidden.set(password);
  let before = authenticator;
  for (let at = 0; at < hidden.length; at += DIGEST_BYTES) {
    const mask = md5(secret, before);
    for (const [index, byte] of mask.entries()) hidden[at + index] = (hidden[at + index] ?? 0) ^ byte;
    before = hidden.subarray(at, at + DIGEST_BYTES);
  }
  return hidden;
}

/** A datagram as an answer to a request. */
export type Answer =
  | {
      readonly kind: "answer";
      readonly code: number;
      /** Text for the user, in Latin-1: the values of Reply-Message. */
      readonly replyMessage: string;
    }
  /** Made by a server that has the secret, and not valid; `problem` is the end of a sentence. */
  | { readonly kind: "malformed"; readonly problem: string }
  /** Not proved to be the answer: anyone could have sent it. */
  | { readonly kind: "stray"; readonly problem: string };

/**
 * Reads a datagram as the answer to a request: its length, its identifier, the response authenticator (RFC 2865, 3), and Message-Authenticator if
 * it is present (RFC 2869, 5.14).
 */
export function readAnswer(datagram: Uint8Array, secret: Uint8Array, id: RequestId): Answer {
  const { length: received } = datagram;
  // A copy, since it is changed below.
  const bytes = Buffer.from(datagram.subarray(0, MAX_PACKET_BYTES));
  if (received < HEADER_BYTES)
    return stray(`answer is truncated: ${received} bytes, a RADIUS packet has at least ${HEADER_BYTES}`);
  const length = bytes.readUInt16BE(2);
  if (length < HEADER_BYTES || length > MAX_PACKET_BYTES)
    return stray(`answer has the length ${length}, a RADIUS packet ${HEADER_BYTES} to ${MAX_PACKET_BYTES}`);
  if (length > received) return stray(`answer is truncated: ${received} of ${length} bytes`);
  // Bytes beyond the length are padding (RFC 2865, 3).
  const packet = bytes.subarray(0, length);
  const identifier = packet.readUInt8(1);
  if (identifier !== id.identifier)
    return stray(`answer has the identifier ${identifier}, the request ${id.identifier}`);
  // Both digests cover the packet with the authenticator of the request in place of its own.
  const authenticator = Buffer.from(packet.subarray(AUTHENTICATOR_AT, HEADER_BYTES));
  packet.set(id.authenticator, AUTHENTICATOR_AT);
  if (!timingSafeEqual(authenticator, md5(packet, secret)))
    return stray("response authenticator is wrong, the server may have another secret");
  return readAttributes(packet, secret);
}

/** @param packet - with the authenticator of the request; its attributes may be changed */
function readAttributes(packet: Buffer, secret: Uint8Array): Answer {
  const messages: string[] = [];
  let signatureAt: number | undefined;
  for (let at = HEADER_BYTES; at < packet.length; ) {
    const type = packet.readUInt8(at);
    const length = packet[at + 1] ?? 0;
    const end = at + length;
    if (length < 2 || end > packet.length)
      return malformed(`attribute ${type} of the answer has an invalid length`);
    if (type === REPLY_MESSAGE) messages.push(latin1(packet, at + 2, end));
    if (type === MESSAGE_AUTHENTICATOR) {
      if (length !== DIGEST_BYTES + 2)
        return malformed("Message-Authenticator of the answer has an invalid length");
      if (signatureAt !== undefined) return malformed("answer has two Message-Authenticators");
      signatureAt = at + 2;
    }
    at = end;
  }
  if (signatureAt !== undefined && !isSigned(packet, signatureAt, secret))
    return stray("Message-Authenticator of the answer is wrong, the answer may be forged");
  return { kind: "answer", code: packet.readUInt8(0), replyMessage: messages.join("") };
}

/** The signature covers the packet with NULs in its own place. */
function isSigned(packet: Buffer, at: number, secret: Uint8Array): boolean {
  const signature = Buffer.from(packet.subarray(at, at + DIGEST_BYTES));
  packet.fill(0, at, at + DIGEST_BYTES);
  return timingSafeEqual(signature, hmac(secret, packet));
}

function stray(problem: string): Answer {
  return { kind: "stray", problem };
}

function malformed(problem: string): Answer {
  return { kind: "malformed", problem };
}

function attribute(type: number, value: Uint8Array | readonly number[]): Buffer {
  const bytes = Buffer.allocUnsafe(value.length + 2);
  bytes.writeUInt8(type, 0);
  bytes.writeUInt8(bytes.length, 1);
  bytes.set(value, 2);
  return bytes;
}

function md5(...parts: readonly Uint8Array[]): Buffer {
  const hash = createHash("md5");
  for (const part of parts) hash.update(part);
  return hash.digest();
}

function hmac(secret: Uint8Array, packet: Uint8Array): Buffer {
  return createHmac("md5", secret).update(packet).digest();
}
