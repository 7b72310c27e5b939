/** RADIUS packets as bytes: the examples of RFC 2865, lengths, attributes and both digests. */

import { expect, test } from "bun:test";
import { createHash, createHmac } from "node:crypto";
import { type Answer, encodeRequest, hidePassword, readAnswer } from "../../src/checks/radius/packet.ts";
import { attributeOf, type Reply, replyTo } from "../harness/backends/radius-reply.ts";

const hex = (digits: string) => Buffer.from(digits.replaceAll(/\s/g, ""), "hex");
const SECRET = Buffer.from("xyzzy5461");
const NEMO = hex("0f403f9473978057bd83d5cb98f4227a");
const FLOPSY = hex("2aee86f08d0d55969ca5978e0d3367a2");
const MOPSY = hex("f3a47a1f6a6d76710b947ab93041a039");
const MOPSY_AGAIN = hex("b122556d428a13d0d6253807c457ecf0");

test.each([
  ["nemo", "arctangent", NEMO, "0dbe708d93d413ce3196e43f782a0aee"],
  ["mopsy", "challenge", MOPSY, "3365757377828 9b570885e15084825c5"],
  ["mopsy again", "99101462", MOPSY_AGAIN, "692c1f205fc081b919b95195f561a581"],
])(
  "radius packet: the password of %s is hidden as in RFC 2865, 7",
  (_who, password, authenticator, hidden) => {
    expect(hidePassword(Buffer.from(password), SECRET, authenticator)).toEqual(hex(hidden));
  },
);

test.each([
  [0, 16],
  [1, 16],
  [16, 16],
  [17, 32],
  [128, 128],
])("radius packet: a password of %d bytes is hidden in %d, and comes back", (length, hiddenLength) => {
  const password = Buffer.alloc(length, "pässword");
  const hidden = hidePassword(password, SECRET, NEMO);
  expect(hidden.length).toBe(hiddenLength);
  // The way back, as a server goes it.
  let before: Buffer = NEMO;
  const shown = Buffer.alloc(hiddenLength);
  for (let at = 0; at < hiddenLength; at += 16) {
    const mask = createHash("md5").update(SECRET).update(before).digest();
    before = hidden.subarray(at, at + 16);
    for (let index = 0; index < 16; index++) shown[at + index] = (before[index] ?? 0) ^ (mask[index] ?? 0);
  }
  expect(shown.subarray(0, length)).toEqual(password);
  expect(shown.subarray(length)).toEqual(Buffer.alloc(hiddenLength - length));
});

test.each([
  [
    "accept, RFC 2865, 7.1",
    0,
    NEMO,
    "02000026 86fe220e7624ba2a1005f6bf9b55e0b2 060600000001 0f0600000000 0e06c0a80103",
    { code: 2, replyMessage: "" },
  ],
  [
    "accept, RFC 2865, 7.2",
    1,
    FLOPSY,
    "02010038 15efbc7dab26cfa3dc34d9c03c8601a4 060600000002 070600000001 0806fffffffe 0a0600000002 0d0600000001 0c06000005dc",
    { code: 2, replyMessage: "" },
  ],
  [
    "challenge, RFC 2865, 7.3",
    2,
    MOPSY,
    "0b02004e 36f3c8764ae8c71157403c0c71ff9c45 1230 4368616c6c656e67652033323736393433302e2020456e74657220726573706f6e73652061742070726f6d70742e 180a 3332373639343330",
    { code: 11, replyMessage: "Challenge 32769430.  Enter response at prompt." },
  ],
  [
    "reject, RFC 2865, 7.3",
    3,
    MOPSY_AGAIN,
    "03030014 a42f4fca45916c4e09c8340f9e746aa0",
    { code: 3, replyMessage: "" },
  ],
])("radius packet: %s", (_name, identifier, authenticator, packet, found) => {
  const answer = readAnswer(hex(packet), SECRET, { identifier, authenticator });
  expect(answer).toEqual({ kind: "answer", ...found });
});

const ID = { identifier: 7, authenticator: NEMO };
const PARTS = { secret: SECRET, nasIdentifier: Buffer.from("lb1") };

test("radius packet: an Access-Request has Message-Authenticator first, then the attributes of Google's checker", () => {
  const login = { username: Buffer.from("nemo"), password: Buffer.from("arctangent") };
  const packet = encodeRequest({ ...PARTS, login }, ID);
  const signature = packet.subarray(22, 38);
  const rest = "20056c6231 01066e656d6f 02120dbe708d93d413ce3196e43f782a0aee 3d0600000005 060600000001";
  expect(packet).toEqual(Buffer.concat([hex("0107004f"), NEMO, hex("5012"), signature, hex(rest)]));
  const unsigned = Buffer.from(packet).fill(0, 22, 38);
  expect(signature).toEqual(createHmac("md5", SECRET).update(unsigned).digest());
});

test("radius packet: a Status-Server has Message-Authenticator and NAS-Identifier only", () => {
  const packet = encodeRequest({ ...PARTS, login: undefined }, ID);
  expect(Buffer.from(packet).fill(0, 22, 38)).toEqual(
    Buffer.concat([hex("0c07002b"), NEMO, hex("5012"), Buffer.alloc(16), hex("20056c6231")]),
  );
});

const stray = (problem: string) => ({ kind: "stray", problem }) as const;
const malformed = (problem: string) => ({ kind: "malformed", problem }) as const;
const good = { kind: "answer", code: 2, replyMessage: "" } as const;
const OTHER_SECRET = stray("response authenticator is wrong, the server may have another secret");
const FORGED = stray("Message-Authenticator of the answer is wrong, the answer may be forged");

/** Answers that this secret authenticates. */
const AUTHENTIC: readonly (readonly [string, Reply, Answer])[] = [
  ["accept", {}, good],
  ["signed", { signed: true }, good],
  ["signed last", { signed: true, signatureLast: true, attributes: attributeOf(6, hex("00000001")) }, good],
  ["with padding", { padding: 9 }, good],
  [
    "of the longest",
    { attributes: Buffer.concat(Array<Buffer>(16).fill(attributeOf(26, Buffer.alloc(252)))) },
    good,
  ],
  ["of an unknown code", { code: 52 }, { ...good, code: 52 }],
  [
    "with two messages",
    {
      attributes: Buffer.concat([
        attributeOf(18, Buffer.from("go ")),
        attributeOf(18, Buffer.from("away\xff", "latin1")),
      ]),
    },
    { ...good, replyMessage: "go away\xff" },
  ],
  ["with another identifier", { identifier: 8 }, stray("answer has the identifier 8, the request 7")],
  ["with another secret", { secret: Buffer.from("other") }, OTHER_SECRET],
  ["signed with another secret", { signed: true, signingSecret: Buffer.from("other") }, FORGED],
  [
    "with an attribute of length 1",
    { attributes: hex("1201") },
    malformed("attribute 18 of the answer has an invalid length"),
  ],
  [
    "with an attribute of length 0",
    { attributes: hex("1200") },
    malformed("attribute 18 of the answer has an invalid length"),
  ],
  [
    "with half an attribute",
    { attributes: hex("060600") },
    malformed("attribute 6 of the answer has an invalid length"),
  ],
  [
    "with one byte of an attribute",
    { attributes: hex("06") },
    malformed("attribute 6 of the answer has an invalid length"),
  ],
  [
    "with a short signature",
    { attributes: hex("500400 00") },
    malformed("Message-Authenticator of the answer has an invalid length"),
  ],
  [
    "with two signatures",
    { attributes: Buffer.concat([attributeOf(80, Buffer.alloc(16)), attributeOf(80, Buffer.alloc(16))]) },
    malformed("answer has two Message-Authenticators"),
  ],
];

test.each(AUTHENTIC)("radius packet: an answer %s", (_name, reply, found) => {
  expect(readAnswer(replyTo(ID, SECRET, reply), SECRET, ID)).toEqual(found);
});

const PLAIN = replyTo(ID, SECRET, {});

test.each([
  ["an empty datagram", Buffer.alloc(0), "answer is truncated: 0 bytes, a RADIUS packet has at least 20"],
  ["19 bytes", PLAIN.subarray(0, 19), "answer is truncated: 19 bytes, a RADIUS packet has at least 20"],
  [
    "a length of 19",
    Buffer.from(PLAIN).fill(19, 3, 4),
    "answer has the length 19, a RADIUS packet 20 to 4096",
  ],
  [
    "a length of 4097",
    Buffer.concat([hex("02071001"), Buffer.alloc(4_093)]),
    "answer has the length 4097, a RADIUS packet 20 to 4096",
  ],
  ["20 of 21 bytes", Buffer.from(PLAIN).fill(21, 3, 4), "answer is truncated: 20 of 21 bytes"],
])("radius packet: %s is no answer", (_name, bytes, problem) => {
  expect(readAnswer(bytes, SECRET, ID)).toEqual(stray(problem));
});

test("radius packet: no bit of an authentic answer may change", () => {
  const packet = replyTo(ID, SECRET, { signed: true, attributes: attributeOf(18, Buffer.from("hello")) });
  for (let bit = 0; bit < packet.length * 8; bit++) {
    const changed = Buffer.from(packet);
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    expect([bit, readAnswer(changed, SECRET, ID).kind]).toEqual([bit, "stray"]);
  }
});
