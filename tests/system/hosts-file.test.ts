/** hosts(5), and the words of such files. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { LINE_END, LINE_INDENT, PAUSE, splitTokens } from "../../src/system/file-tokens.ts";
import { HostsReader } from "../../src/system/hosts-file.ts";

function parse(text: string): HostsReader {
  const reader = new HostsReader();
  for (const word of splitTokens([text], "#")) if (word !== PAUSE) reader.push(word);
  return reader;
}

test("hosts: a name may have several addresses and an address several names, in any case", () => {
  const hosts = parse(
    "127.0.0.1 localhost LocalHost.localdomain # comment\n::1 localhost\n\nnonsense x\n10.0.0.1\n\t10.0.0.2 x;y\n",
  );
  expect([hosts.addresses("LOCALHOST.", 4), hosts.addresses("localhost", 6)]).toEqual([
    ["127.0.0.1"],
    ["::1"],
  ]);
  expect(hosts.addresses("localhost.localdomain", 4)).toEqual(["127.0.0.1"]);
  expect([hosts.addresses("x", 4), hosts.addresses("comment", 4)]).toEqual([[], []]);
  // Only # starts a comment, and a line may be indented.
  expect(hosts.addresses("x;y", 4)).toEqual(["10.0.0.2"]);
});

test("hosts: an international name is found by the name that is asked for", () => {
  expect(parse("10.0.0.1 grün.example").addresses("xn--grn-ioa.example", 4)).toEqual(["10.0.0.1"]);
});

test("hosts: addresses of a name stay in the order of the file; a repeated line adds nothing", () => {
  const hosts = parse("10.0.0.2 a\n10.0.0.1 a\n10.0.0.1 a a\n");
  expect(hosts.addresses("a", 4)).toEqual(["10.0.0.2", "10.0.0.1"]);
});

test("tokens: a file cut into pieces anywhere has the same tokens", () => {
  const text = " nameserver  10.0.0.1 # x y\n\n;c\nsearch a\tb\r\nend";
  const words = (pieces: string[]) => [...splitTokens(pieces, "#;")].filter((word) => word !== PAUSE);
  const whole = words([text]);
  expect(whole).toEqual([
    LINE_INDENT,
    "nameserver",
    "10.0.0.1",
    LINE_END,
    LINE_END,
    LINE_END,
    "search",
    "a",
    "b",
    LINE_END,
    "end",
  ]);
  fc.assert(
    fc.property(fc.array(fc.nat({ max: text.length }), { maxLength: 6 }), (cuts) => {
      const at = [0, ...cuts.toSorted((a, b) => a - b), text.length];
      expect(words(at.slice(1).map((end, index) => text.slice(at[index], end)))).toEqual(whole);
    }),
  );
});
