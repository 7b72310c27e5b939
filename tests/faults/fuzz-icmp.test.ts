/** Mangled ICMP: an answer or error of the request, or neither; never an exception. Run by `bun test` and scripts/soak. */
import { expect, setDefaultTimeout, test } from "bun:test";
import fc from "fast-check";
import { ECHO_V4, ECHO_V6, EchoReader, EchoWriter } from "../../src/system/echo-message.ts";
import { checksum, echo, icmpError, ipv4, ipv6 } from "../harness/backends/icmp-packets.ts";
import { FUZZ_TEST_MS, fuzz, mutated } from "../harness/base/fuzz.ts";

setDefaultTimeout(FUZZ_TEST_MS);

const ID = 0x1234;
const KEY = { sequence: 77, tokenHigh: 0xaabb_ccdd, tokenLow: 0x1122_3344 };
const TARGET = Buffer.from("20010db8000000000000000000000007", "hex");
const WORDS = ["\0", "\x45", "\x4f", "\x60", "\x12\x34", "\x2c", "\x3a", "\xff\xff", "\x03\x01", "\0\x4d"];

function request(types = ECHO_V4): Buffer {
  const writer = new EchoWriter();
  return Buffer.from(writer.bytes.subarray(0, writer.write(types, ID, KEY, 56)));
}

function reply(types = ECHO_V4): Buffer {
  return echo({ type: types.reply, id: ID, sequence: KEY.sequence, payload: request(types).subarray(8) });
}

const RAW = [
  ipv4("192.0.2.1", reply()),
  ipv4("192.0.2.1", reply(), { options: 40 }),
  ipv4("192.0.2.1", icmpError(3, 1, ipv4("198.51.100.7", request()))),
  ipv4("192.0.2.1", icmpError(11, 0, ipv4("198.51.100.7", request().subarray(0, 8), { options: 12 }))),
];
const V6 = [
  reply(ECHO_V6),
  icmpError(1, 3, ipv6(TARGET, request(ECHO_V6))),
  icmpError(3, 0, ipv6(TARGET, request(ECHO_V6), 1)),
];

test("fuzz: icmp: mangled messages of a raw IPv4 socket", () => {
  let taken = 0;
  fuzz("ICMP", fc.oneof(mutated(RAW, WORDS), fc.uint8Array({ maxLength: 120 })), (input) => {
    const bytes = Buffer.from(input);
    const reader = new EchoReader();
    const kind = reader.read(bytes, bytes.length, false, true, ID);
    if (kind === "other") return;
    taken++;
    const headerBytes = (bytes.readUInt8(0) & 0x0f) * 4;
    // Each message that is taken has a right checksum and the identifier.
    expect(checksum(bytes.subarray(headerBytes))).toBe(0);
    expect(kind === "reply").toBe(bytes[headerBytes] === ECHO_V4.reply);
    if (kind === "error") expect(reader.targetAt + 4).toBeLessThanOrEqual(bytes.length);
    else expect(reader.payloadBytes).toBe(bytes.length - headerBytes - 8);
  });
  expect(taken).toBeGreaterThan(0);
});

test("fuzz: icmp: mangled messages of ping and IPv6 sockets, and of error queues", () => {
  fuzz("ICMPv6", fc.tuple(mutated(V6, WORDS), fc.boolean()), ([input, isIpv6]) => {
    const bytes = Buffer.from(input);
    const reader = new EchoReader();
    const kind = reader.read(bytes, bytes.length, isIpv6, false, ID);
    if (kind === "error" && isIpv6) expect(reader.targetAt + 16).toBeLessThanOrEqual(bytes.length);
    if (kind === "reply") expect(bytes.readUInt16BE(4)).toBe(ID);
    expect(typeof reader.readQuoted(bytes, isIpv6, ID)).toBe("boolean");
  });
});
