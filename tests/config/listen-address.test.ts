/** Addresses to listen on. */
import { expect, test } from "bun:test";
import { formatListenAddress, isLoopback, parseListenAddress } from "../../src/config/listen-address.ts";

test("listen address: is an address, a host name or nothing, and a port", () => {
  expect(parseListenAddress("[2001:db8::1]:443")).toEqual({ host: "2001:db8::1", port: 443 });
  expect(parseListenAddress("localhost:9090")).toEqual({ host: "localhost", port: 9090 });
  expect(parseListenAddress(":9090")).toEqual({ host: "", port: 9090 });
});

test("listen address: is written as it was read", () => {
  for (const text of ["127.0.0.1:9090", "[::1]:9090", "lb1.example.com:80", ":0"]) {
    const address = parseListenAddress(text);
    expect(address && formatListenAddress(address)).toBe(text);
  }
});

test.each([
  "127.0.0.1:9090",
  "0.0.0.0:0",
  "[::1]:9090",
  "[::]:65535",
  "lb-1.example.com:9090",
  "metrics_host:1",
])("listen address: %s can be listened on", (text) => {
  expect(parseListenAddress(text)).toBeDefined();
});

test.each([
  "localhost",
  "127.0.0.1",
  "::1:9090",
  "[127.0.0.1:80",
  "[127.0.0.1]:80",
  "127.0.0.1:65536",
  "127.0.0.1:",
  "local host:9090",
  "a/b:9090",
  "user@host:9090",
  "http://a:9090",
  "",
  "256.0.0.1:80",
])("listen address: %j cannot be listened on", (text) => {
  expect(parseListenAddress(text)).toBeUndefined();
});

test.each(["127.0.0.1", "127.255.0.9", "::1", "0:0:0:0:0:0:0:1", "::ffff:127.0.0.1", "::ffff:7f00:1"])(
  "listen address: %s is reached from this host only",
  (ip) => expect(isLoopback(ip)).toBe(true),
);

test.each(["0.0.0.0", "10.127.0.1", "::", "::ffff:10.0.0.1", "::ffff:7f:1", "fe80::1", "::127.0.0.1"])(
  "listen address: %s is reached from elsewhere",
  (ip) => expect(isLoopback(ip)).toBe(false),
);
