/** ICMP echo as bytes: requests, answers, and errors that quote a request. */
import { expect, test } from "bun:test";
import {
  ECHO_V4,
  ECHO_V6,
  EchoReader,
  EchoWriter,
  internetChecksum,
  MAX_ECHO_PAYLOAD,
  MIN_ECHO_PAYLOAD,
} from "../../src/system/echo-message.ts";
import { checksum, echo, icmpError, ipv4, ipv6 } from "../harness/backends/icmp-packets.ts";

const ID = 0xbeef;
const KEY = { sequence: 0xfff0, tokenHigh: 0xffff_fffe, tokenLow: 0x0123_4567 };
const TARGET = "198.51.100.7";
const TARGET_V6 = Buffer.from("20010db8000000000000000000000007", "hex");

/** A request as the writer makes it. */
function request(payloadBytes = 56, types = ECHO_V4): Buffer {
  const writer = new EchoWriter();
  return Buffer.from(writer.bytes.subarray(0, writer.write(types, ID, KEY, payloadBytes)));
}

/** The answer of a host to a request. */
function answer(types = ECHO_V4, payloadBytes = 56): Buffer {
  const payload = request(payloadBytes, types).subarray(8);
  return echo({ type: types.reply, id: ID, sequence: KEY.sequence, payload });
}

interface Layout {
  readonly isIpv6?: boolean;
  readonly hasIpHeader?: boolean;
  readonly id?: number;
}

function read(bytes: Buffer, { isIpv6 = false, hasIpHeader = !isIpv6, id = ID }: Layout = {}) {
  const reader = new EchoReader();
  return { kind: reader.read(bytes, bytes.length, isIpv6, hasIpHeader, id), reader };
}

test("icmp: the checksum of RFC 1071, of even and odd lengths", () => {
  const example = Buffer.from([0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]);
  expect(internetChecksum(example, 0, 8)).toBe(0xffff - 0xddf2);
  for (const length of [1, 7, 64, 1_001]) {
    const bytes = Buffer.alloc(length, 0xfd);
    expect([length, internetChecksum(bytes, 0, length)]).toEqual([length, checksum(bytes)]);
  }
});

test.each([MIN_ECHO_PAYLOAD, 17, 56, 1_399, MAX_ECHO_PAYLOAD])(
  "icmp: a request with %d bytes of payload has its parts and a right checksum",
  (payloadBytes) => {
    const bytes = request(payloadBytes);
    expect(bytes.length).toBe(8 + payloadBytes);
    expect([bytes[0], bytes[1], bytes.readUInt16BE(4), bytes.readUInt16BE(6)]).toEqual([
      8,
      0,
      ID,
      KEY.sequence,
    ]);
    expect([bytes.readUInt32BE(8), bytes.readUInt32BE(12)]).toEqual([KEY.tokenHigh, KEY.tokenLow]);
    expect(checksum(bytes)).toBe(0);
  },
);

test("icmp: one writer makes requests of several sizes in turn", () => {
  const writer = new EchoWriter();
  for (const size of [100, 56, 101, 56]) {
    const length = writer.write(ECHO_V4, ID, KEY, size);
    expect([size, checksum(writer.bytes.subarray(0, length))]).toEqual([size, 0]);
  }
});

test.each([
  ["a raw socket", ipv4("192.0.2.1", answer()), {}],
  ["a raw socket, with IP options", ipv4("192.0.2.1", answer(), { options: 40 }), {}],
  ["a ping socket", answer(), { hasIpHeader: false }],
  ["an IPv6 socket", answer(ECHO_V6), { isIpv6: true }],
])("icmp: an answer on %s is read", (_name, bytes, layout) => {
  const { kind, reader } = read(bytes, layout);
  expect(kind).toBe("reply");
  const { sequence, tokenHigh, tokenLow, payloadBytes } = reader;
  expect({ sequence, tokenHigh, tokenLow, payloadBytes }).toEqual({ ...KEY, payloadBytes: 56 });
});

const FLIPPED = ipv4("192.0.2.1", answer());
FLIPPED.writeUInt8(FLIPPED.readUInt8(60) ^ 1, 60);

test.each([
  ["another identifier", ipv4("192.0.2.1", answer()), { id: ID + 1 }],
  ["a wrong checksum", FLIPPED, {}],
  ["the request itself, as loopback shows it", ipv4("127.0.0.1", request()), {}],
  [
    "an answer too short for a token",
    ipv4("192.0.2.1", echo({ type: 0, id: ID, sequence: 1, payload: Buffer.alloc(7) })),
    {},
  ],
  ["half a header", ipv4("192.0.2.1", answer().subarray(0, 7)), {}],
  ["an IP header alone", ipv4("192.0.2.1", Buffer.alloc(0)), {}],
  ["nothing", Buffer.alloc(0), {}],
  [
    "a header length below 20",
    Buffer.concat([Buffer.from([0x44]), ipv4("192.0.2.1", answer()).subarray(1)]),
    {},
  ],
  [
    "a header length behind the end",
    Buffer.concat([Buffer.from([0x4f]), ipv4("192.0.2.1", answer()).subarray(1, 30)]),
    {},
  ],
  ["IPv6 where IPv4 is expected", ipv6(TARGET_V6, answer(ECHO_V6)), {}],
  ["a redirect", ipv4("192.0.2.1", icmpError(5, 1, ipv4(TARGET, request()))), {}],
  ["a neighbor advertisement", icmpError(136, 0, ipv6(TARGET_V6, request(56, ECHO_V6))), { isIpv6: true }],
  ["nothing on an IPv6 socket", Buffer.alloc(0), { isIpv6: true }],
])("icmp: %s is not an answer", (_name, bytes, layout) => {
  expect(read(bytes, layout).kind).toBe("other");
});

test.each([
  ["the whole request", ipv4(TARGET, request()), true],
  ["the request behind IP options", ipv4(TARGET, request(), { options: 8 }), true],
  ["the header of the request alone", ipv4(TARGET, request().subarray(0, 8)), false],
  ["half of the token", ipv4(TARGET, request().subarray(0, 12)), false],
])("icmp: an error that quotes %s belongs to it", (_name, quoted, hasToken) => {
  const bytes = ipv4("192.0.2.1", icmpError(3, 1, quoted));
  const { kind, reader } = read(bytes);
  expect(kind).toBe("error");
  expect([reader.type, reader.code, reader.sequence, reader.hasToken]).toEqual([
    3,
    1,
    KEY.sequence,
    hasToken,
  ]);
  expect([...bytes.subarray(reader.targetAt, reader.targetAt + 4)].join(".")).toBe(TARGET);
  if (hasToken) expect([reader.tokenHigh, reader.tokenLow]).toEqual([KEY.tokenHigh, KEY.tokenLow]);
});

test.each([
  ["whole", undefined],
  ["in its first fragment", 1],
])("icmp: an ICMPv6 error that quotes a request %s belongs to it", (_name, fragment) => {
  const bytes = icmpError(1, 3, ipv6(TARGET_V6, request(56, ECHO_V6), fragment));
  const { kind, reader } = read(bytes, { isIpv6: true });
  expect(kind).toBe("error");
  expect([reader.type, reader.code, reader.sequence]).toEqual([1, 3, KEY.sequence]);
  expect(bytes.subarray(reader.targetAt, reader.targetAt + 16)).toEqual(TARGET_V6);
});

const V4_ERROR = (quoted: Uint8Array) => ipv4("192.0.2.1", icmpError(3, 1, quoted));

test.each([
  ["the request of another identifier", V4_ERROR(ipv4(TARGET, request())), { id: 1 }],
  ["an answer", V4_ERROR(ipv4(TARGET, answer())), {}],
  ["a later fragment", V4_ERROR(ipv4(TARGET, request(), { fragment: 185 })), {}],
  ["UDP", V4_ERROR(ipv4(TARGET, request(), { protocol: 17 })), {}],
  ["less than the header of the request", V4_ERROR(ipv4(TARGET, request().subarray(0, 7))), {}],
  ["nothing", V4_ERROR(Buffer.alloc(0)), {}],
  ["a later fragment of IPv6", icmpError(1, 3, ipv6(TARGET_V6, request(56, ECHO_V6), 8)), { isIpv6: true }],
  ["half an IPv6 header", icmpError(1, 3, ipv6(TARGET_V6, request()).subarray(0, 30)), { isIpv6: true }],
])("icmp: an error that quotes %s does not belong to a request", (_name, bytes, layout) => {
  expect(read(bytes, layout).kind).toBe("other");
});

test("icmp: a request from an error queue is read without its IP header", () => {
  const reader = new EchoReader();
  expect(reader.readQuoted(request(), false, ID)).toBe(true);
  expect(reader.sequence).toBe(KEY.sequence);
  expect(reader.readQuoted(request(), false, ID + 1)).toBe(false);
  expect(reader.readQuoted(request(56, ECHO_V6), true, ID)).toBe(true);
  expect(reader.readQuoted(request().subarray(0, 5), false, ID)).toBe(false);
});
