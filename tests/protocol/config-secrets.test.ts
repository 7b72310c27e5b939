/** Error messages of a rejected CONFIG: never a header's value, data to send, or a URL's user, password or query. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { readConfig } from "../../src/protocol/healthcheck.ts";
import { configFields, rejection } from "../harness/client/configs.ts";

const SECRET = "hunter2";

test.each([
  [{ send: [SECRET] }, "send: a list (not shown) is not valid; must be a string"],
  [
    { checker_type: "http", headers: `Authorization: ${SECRET}` },
    "headers: a string (not shown) is not valid",
  ],
  [
    { checker_type: "http", headers: { [`X-Key: ${SECRET}`]: "" } },
    "headers: a string (not shown) is not valid",
  ],
  [{ checker_type: "http", headers: { "X-Key": { value: SECRET } } }, "headers.X-Key: an object (not shown)"],
  [{ checker_type: "http", headers: { "X-Key": 5 } }, "headers.X-Key: a number (not shown)"],
  [{ checker_type: "http", path: `ftp://user:${SECRET}@a.test/` }, "path: a string (not shown) is not valid"],
  [{ checker_type: "http", path: null, host: `user:${SECRET}@a.test` }, "host: a string (not shown) is not"],
  [{ server_name: `https://a b?${SECRET}` }, "server_name: a string (not shown) is not valid"],
  [{ ip: { password: SECRET } }, "ip: an object (not shown) is not valid"],
])("config secrets: %j is rejected without quoting them", (fields, words) => {
  const [only = "", ...others] = rejection(fields);
  expect(only).toStartWith(words);
  expect([only, ...others].join()).not.toContain(SECRET);
});

test("config secrets: the values of secret fields are never quoted", () => {
  const withSecret = fc.oneof(
    fc.string().map((text) => `${text}${SECRET}${text}`),
    fc.array(fc.constant(SECRET)),
    fc.dictionary(
      fc.constantFrom("a b", `: ${SECRET}`, "X-Key"),
      fc.constantFrom(SECRET, `\n${SECRET}`, [SECRET]),
    ),
  );
  const field = fc.constantFrom("send", "headers", "path", "configs", "password", "secret");
  const type = fc.constantFrom("tcp", "http", "dns", "udp", "radius", "icmp", undefined);
  const property = fc.property(
    type,
    fc.dictionary(field, withSecret),
    fc.boolean(),
    (type, fields, wrongPort) => {
      const port = wrongPort ? 0 : 80;
      const read = readConfig({ ...configFields({ port }), ...fields, checker_type: type }, "file");
      if (!read.ok) expect(JSON.stringify(read.faults)).not.toContain(SECRET);
    },
  );
  fc.assert(property, { numRuns: 500 });
});

test.each([["hunter2"], [["hunter2"]]])("config secrets: %j in place of a config is not quoted", (value) => {
  const read = readConfig(value, "wire");
  expect(JSON.stringify(read)).not.toContain(SECRET);
});
