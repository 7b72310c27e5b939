/** resolv.conf(5) and the environment beside it, as glibc reads them. */
import { expect, test } from "bun:test";
import { PAUSE, splitTokens } from "../../src/system/file-tokens.ts";
import { ResolvConfReader, type ResolverSurroundings } from "../../src/system/resolv-conf.ts";

const LOCAL = { ip: "127.0.0.1", port: 53 };
const PLAIN = { rotate: false, useVc: false, noTldQuery: false, noAaaa: false };

function parse(text: string, surroundings: Partial<ResolverSurroundings> = {}) {
  const reader = new ResolvConfReader({ hostname: "node", ...surroundings });
  for (const word of splitTokens([text], "#;")) if (word !== PAUSE) reader.push(word);
  return reader.result();
}

test("resolv.conf: servers, search list and options", () => {
  const text =
    "# made by hand\nnameserver 10.0.0.53\nnameserver\t2001:DB8::53 ; second\nsearch a.example b.example.\noptions timeout:1 ndots:2\n";
  expect(parse(text)).toEqual({
    servers: [
      { ip: "10.0.0.53", port: 53 },
      { ip: "2001:db8::53", port: 53 },
    ],
    search: ["a.example", "b.example."],
    ndots: 2,
    ...PLAIN,
  });
});

test("resolv.conf: without a server the local one is meant", () => {
  for (const text of [
    "",
    "nameserver\n",
    "nameserver dns.example\n",
    "#nameserver 10.0.0.1\n",
    " nameserver 10.0.0.1\n",
  ]) {
    expect(parse(text)).toEqual({ servers: [LOCAL], search: [], ndots: 1, ...PLAIN });
  }
});

test("resolv.conf: three servers at most; of search and domain the last counts; ndots is bounded", () => {
  const servers = [1, 2, 3, 4].map((last) => `nameserver 10.0.0.${last}\n`).join("");
  const conf = parse(`${servers}search a b\ndomain c d\nsearch\noptions ndots:99`);
  expect(conf.servers.map(({ ip }) => ip)).toEqual(["10.0.0.1", "10.0.0.2", "10.0.0.3"]);
  expect([conf.search, conf.ndots]).toEqual([["c"], 15]);
  expect(parse("options ndots:3 ndots:0 ndots:x\n").ndots).toBe(0);
});

test("resolv.conf: options that decide whom and what is asked", () => {
  const all = { rotate: true, useVc: true, noTldQuery: true, noAaaa: true };
  expect(parse("options rotate use-vc\noptions no-tld-query no-aaaa edns0\n")).toMatchObject(all);
  expect(parse("", { resOptions: "use-vc rotate no-aaaa no-tld-query" })).toMatchObject(all);
  expect(parse("options ndots:5\n", { resOptions: "ndots:2" }).ndots).toBe(2);
});

test("resolv.conf: the search list is that of LOCALDOMAIN, of the file, or the host's domain", () => {
  const hostname = "node1.corp.example";
  expect(parse("", { hostname }).search).toEqual(["corp.example"]);
  expect(parse("search a.example\n", { hostname }).search).toEqual(["a.example"]);
  expect(parse("search a.example\n", { hostname, localDomain: "b.example c.example" }).search).toEqual([
    "b.example",
    "c.example",
  ]);
});
