/** Tests for src/system/route-failure.ts: reasons for the error numbers that the kernel returns for a target. Run by `bun test`. */
import { expect, test } from "bun:test";
import { EACCES, ECONNREFUSED, EINVAL, ENETUNREACH } from "../../src/system/errno.ts";
import { routeFailure } from "../../src/system/route-failure.ts";
import { sockAddr } from "../../src/system/sockaddr.ts";

const messageOf = (number: number, ip: string) => routeFailure(number, sockAddr({ ip, port: 9 }))?.message;

test("route failure: a route that rejects the packet is named", () => {
  expect(messageOf(EACCES, "127.0.0.1")).toBe("permission denied; this host has no route (a prohibit route)");
  expect(messageOf(EINVAL, "127.0.0.1")).toBe("invalid argument; this host has no route (a blackhole route)");
  expect(messageOf(EINVAL, "2001:db8::1")).toBe(
    "invalid argument; this host has no route (a blackhole route)",
  );
  expect(messageOf(ENETUNREACH, "fe80::1")).toBe("network is unreachable; this host has no route");
});

test("route failure: a broadcast address is not taken for a prohibit route", () => {
  expect(messageOf(EACCES, "127.255.255.255")).toBe("permission denied (a broadcast address)");
});

test("route failure: an address of a link is not taken for a blackhole route", () => {
  for (const ip of ["fe80::1", "febf::1", "ff02::1", "ff01::1", "ff12::1"]) {
    expect([ip, messageOf(EINVAL, ip)]).toEqual([
      ip,
      "invalid argument (a link-local address needs interface)",
    ]);
  }
  for (const ip of ["fec0::1", "fd00::1", "ff05::1", "fe7f::1"]) {
    expect([ip, messageOf(EINVAL, ip)]).toEqual([
      ip,
      "invalid argument; this host has no route (a blackhole route)",
    ]);
  }
});

test("route failure: other errors are not of the routing table", () => {
  expect(messageOf(ECONNREFUSED, "127.0.0.1")).toBeUndefined();
});
