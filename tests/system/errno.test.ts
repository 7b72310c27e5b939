/** Error numbers in words, and whose fault they are. */
import { expect, test } from "bun:test";
import { constants } from "node:os";
import {
  EINPROGRESS,
  EMFILE,
  EPROTOTYPE,
  ETIMEDOUT,
  errnoMessage,
  errnoOf,
  localCause,
} from "../../src/system/errno.ts";

const { errno } = constants;

test("errno: the numbers are this system's", () => {
  expect([EINPROGRESS, EMFILE, ETIMEDOUT, EPROTOTYPE]).toEqual([
    errno.EINPROGRESS,
    errno.EMFILE,
    errno.ETIMEDOUT,
    errno.EPROTOTYPE,
  ]);
  for (const name of [
    "ECONNREFUSED",
    "ECONNRESET",
    "EHOSTUNREACH",
    "ENETUNREACH",
    "EADDRNOTAVAIL",
    "ENOBUFS",
    "EPIPE",
  ] as const) {
    expect(errnoOf(Object.assign(new Error("x"), { code: name }))).toBe(errno[name]);
  }
});

test("errno: an error of the TLS library has none", () => {
  expect(errnoOf(Object.assign(new Error("wrong version number"), { code: "EPROTO" }))).toBe(0);
});

test("errno: has the system's message, or a number without one", () => {
  expect(errnoMessage(errno.ECONNREFUSED)).toBe("connection refused");
  expect(errnoMessage(12_345)).toBe("error 12345");
});

test("errno: a number that is not known to describe the peer is a local fault", () => {
  expect([errno.ENOSYS, errno.EFAULT, 12_345].map(localCause)).toEqual(["fault", "fault", "fault"]);
  // The errors that ICMP causes (icmp_err_convert of Linux), and resets.
  const remote = [
    "ENETUNREACH",
    "EHOSTUNREACH",
    "ENOPROTOOPT",
    "ECONNREFUSED",
    "EMSGSIZE",
    "EOPNOTSUPP",
  ] as const;
  for (const name of [...remote, "ETIMEDOUT", "ECONNRESET", "EPIPE", "ENETDOWN"] as const)
    expect([name, localCause(errno[name])]).toEqual([name, undefined]);
});

test("errno: what this host runs out of is our own fault", () => {
  const isOurs = (cause: string | undefined) => cause !== undefined && cause !== "fault";
  const ours = Object.entries(errno).filter(([, number]) => isOurs(localCause(number)));
  // EWOULDBLOCK is another name of EAGAIN.
  const names = [
    "EADDRINUSE",
    "EADDRNOTAVAIL",
    "EAGAIN",
    "EMFILE",
    "ENFILE",
    "ENOBUFS",
    "ENODEV",
    "ENOMEM",
    "ENOSPC",
    "EPERM",
    "EWOULDBLOCK",
  ];
  expect(ours.map(([name]) => name).sort()).toEqual(names);
});

test("errno: an error without a known code has none", () => {
  const withCode = (code: unknown) => Object.assign(new Error("x"), { code });
  expect(
    [new Error("x"), withCode("toString"), withCode("ENOWHERE"), withCode(111), "ECONNRESET", undefined].map(
      errnoOf,
    ),
  ).toEqual(Array(6).fill(0));
});
