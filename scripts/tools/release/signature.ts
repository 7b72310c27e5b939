/**
 * Signatures in minisign's format (https://jedisct1.github.io/minisign/), made by the Ed25519 of the runtime: a release needs no further
 * program. Called by the release.
 */
import { createHash, createPrivateKey, type KeyObject, sign } from "node:crypto";
import { readFileSync } from "node:fs";

/** Offsets in a secret key: algorithm, key derivation, checksum algorithm, salt, two limits, key id, seed, public key, checksum. */
const SECRET = { total: 158, kdf: 2, keyId: 54, seed: 62, publicKey: 94 } as const;
/** Prefix of the 32 bytes of a seed in PKCS #8 (RFC 8410). */
const PKCS8_HEAD = Buffer.from("302e020100300506032b657004220420", "hex");
/** Ed25519 of the file's BLAKE2b-512, minisign's default. */
const ALGORITHM = Buffer.from("ED");

/** A secret key of minisign. */
export interface SigningKey {
  /** 8 bytes, by which minisign notices a signature of another key. */
  readonly id: Buffer;
  readonly key: KeyObject;
}

/**
 * Reads a secret key that `minisign -G -W` has made.
 *
 * @throws Error when the file is not such a key, or is protected by a password
 */
export function readSigningKey(file: string): SigningKey {
  const [, encoded = ""] = readFileSync(file, "utf8").split("\n");
  const bytes = Buffer.from(encoded, "base64");
  if (bytes.length !== SECRET.total || bytes.toString("latin1", 0, 2) !== "Ed")
    throw new Error(`${file}: is not a secret key of minisign`);
  if (bytes.readUInt16LE(SECRET.kdf) !== 0)
    throw new Error(`${file}: is protected by a password; make a key without one (minisign -G -W)`);
  const id = bytes.subarray(SECRET.keyId, SECRET.seed);
  const seed = bytes.subarray(SECRET.seed, SECRET.publicKey);
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_HEAD, seed]), format: "der", type: "pkcs8" });
  return { id, key };
}

/**
 * Signs bytes.
 *
 * @param comment - one line, which is signed too: what was signed, and when
 * @returns the text of the `.minisig` file
 */
export function signatureOf(bytes: Uint8Array, comment: string, { id, key }: SigningKey): string {
  const signature = sign(null, createHash("blake2b512").update(bytes).digest(), key);
  const globalSignature = sign(null, Buffer.concat([signature, Buffer.from(comment)]), key);
  return [
    "untrusted comment: signature of a healthcheck-server release",
    Buffer.concat([ALGORITHM, id, signature]).toString("base64"),
    `trusted comment: ${comment}`,
    `${globalSignature.toString("base64")}\n`,
  ].join("\n");
}
