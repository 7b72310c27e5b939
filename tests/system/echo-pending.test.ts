/** Tests for src/system/echo-pending.ts. */
import { expect, test } from "bun:test";
import { addressOffset, EchoPending } from "../../src/system/echo-pending.ts";
import { EchoRequest } from "../../src/system/echo-request.ts";
import { sockAddr } from "../../src/system/sockaddr.ts";

const CARRIER = { fd: -1, forget: () => {}, silenceOf: () => "silent" as const };
const OWNER = { settled: () => {}, crashed: () => {} };

function requestTo(ip: string, tokenHigh = 1, tokenLow = 2): EchoRequest {
  const isIpv6 = ip.includes(":");
  const path = { key: "", isIpv6, ttl: undefined, options: undefined };
  const target = { address: sockAddr({ ip, port: 0 }), ip, payloadBytes: 56, path };
  return new EchoRequest(CARRIER, target, OWNER, tokenHigh, tokenLow, 0);
}

test("echo pending: sequence numbers go around, and pass over those that are in use", () => {
  const pending = new EchoPending(false, 0xfffe);
  const requests = Array.from({ length: 3 }, () => requestTo("192.0.2.1"));
  for (const request of requests) pending.add(request);
  expect(requests.map(({ sequence }) => sequence)).toEqual([0xffff, 0, 1]);
  for (let number = 2; number < 0xffff; number++) {
    const request = requestTo("192.0.2.1");
    pending.add(request);
    pending.delete(request);
  }
  const next = requestTo("192.0.2.1");
  pending.add(next);
  expect(next.sequence).toBe(2);
  expect(pending.size).toBe(4);
});

test("echo pending: a request that was never added takes none away", () => {
  const pending = new EchoPending(false, 0xffff);
  const [first, other] = [requestTo("192.0.2.1"), requestTo("192.0.2.1")];
  pending.add(first);
  expect([first.sequence, other.sequence]).toEqual([0, 0]);
  expect([pending.delete(other), pending.delete(first), pending.delete(first)]).toEqual([false, true, false]);
});

test.each([
  ["192.0.2.1", "192.0.2.2"],
  ["2001:db8::1", "2001:db8::1:1"],
])(
  "echo pending: a message from %s belongs to a request with its number, token and address",
  (ip, otherIp) => {
    const isIpv6 = ip.includes(":");
    const pending = new EchoPending(isIpv6, 41);
    const request = requestTo(ip);
    pending.add(request);
    const mark = { sequence: 42, hasToken: true, tokenHigh: 1, tokenLow: 2 };
    const { bytes } = request.target.address;
    const at = addressOffset(isIpv6);
    expect(pending.find(mark, bytes, at)).toBe(request);
    for (const change of [{ sequence: 43 }, { tokenHigh: 0 }, { tokenLow: 0 }])
      expect(pending.find({ ...mark, ...change }, bytes, at)).toBeUndefined();
    expect(pending.find(mark, sockAddr({ ip: otherIp, port: 0 }).bytes, at)).toBeUndefined();
    // A router may quote less than the token.
    expect(pending.find({ ...mark, hasToken: false, tokenLow: 0 }, bytes, at)).toBe(request);
    pending.delete(request);
    expect(pending.find(mark, bytes, at)).toBeUndefined();
  },
);
