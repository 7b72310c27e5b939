/** resolv.conf, hosts, and the names to try. */
import { expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { candidates, parseHosts, parseResolvConf, SystemResolver } from "../../src/system/resolver.ts";
import { makeTempDir } from "../support/tempdir.ts";

const LOCAL = { ip: "127.0.0.1", port: 53 };

test("resolv.conf: servers, search list and options", () => {
  const text =
    "# made by hand\nnameserver 10.0.0.53\nnameserver\t2001:DB8::53 ; second\nsearch a.example b.example.\noptions timeout:1 ndots:2\n";
  expect(parseResolvConf(text)).toEqual({
    servers: [
      { ip: "10.0.0.53", port: 53 },
      { ip: "2001:db8::53", port: 53 },
    ],
    search: ["a.example", "b.example."],
    ndots: 2,
  });
});

test("resolv.conf: without a server the local one is meant", () => {
  for (const text of ["", "nameserver\n", "nameserver dns.example\n", "#nameserver 10.0.0.1\n"]) {
    expect(parseResolvConf(text)).toEqual({ servers: [LOCAL], search: [], ndots: 1 });
  }
});

test("resolv.conf: three servers at most; of search and domain the last counts; ndots is bounded", () => {
  const servers = [1, 2, 3, 4].map((last) => `nameserver 10.0.0.${last}\n`).join("");
  const conf = parseResolvConf(`${servers}search a b\ndomain c\noptions ndots:99\n`);
  expect(conf.servers.map(({ ip }) => ip)).toEqual(["10.0.0.1", "10.0.0.2", "10.0.0.3"]);
  expect([conf.search, conf.ndots]).toEqual([["c"], 15]);
  expect(parseResolvConf("options ndots:0 ndots:x rotate\n").ndots).toBe(0);
});

test("hosts: a name may have several addresses and an address several names, in any case", () => {
  const hosts = parseHosts(
    "127.0.0.1 localhost LocalHost.localdomain # comment\n::1 localhost\n\nnonsense x\n10.0.0.1\n",
  );
  expect(hosts.get("localhost")).toEqual(["127.0.0.1", "::1"]);
  expect(hosts.get("localhost.localdomain")).toEqual(["127.0.0.1"]);
  expect([...hosts.keys()]).toEqual(["localhost", "localhost.localdomain"]);
  // Such a name is asked for in Punycode.
  expect([...parseHosts("10.0.0.1 grün.example")]).toEqual([["xn--grn-ioa.example", ["10.0.0.1"]]]);
});

test.each([
  ["www", 1, ["www.a.example", "www.b.example", "www"]],
  ["www.dept", 1, ["www.dept", "www.dept.a.example", "www.dept.b.example"]],
  ["www.dept", 2, ["www.dept.a.example", "www.dept.b.example", "www.dept"]],
  ["www", 0, ["www", "www.a.example", "www.b.example"]],
  ["www.", 5, ["www"]],
  [".", 1, ["."]],
])("candidates: %s with ndots %d", (name, ndots, names) => {
  expect(candidates(name, { search: ["a.example", ".", "b.example."], ndots })).toEqual(names);
});

test("resolver: reads its files again when they have changed, and looks at most once a second", async () => {
  await using dir = makeTempDir("resolv");
  const [conf, hosts] = [join(dir.path, "resolv.conf"), join(dir.path, "hosts")];
  let nowMs = 0;
  const resolver = new SystemResolver({ nowMs: () => nowMs, wallMs: () => 0 }, conf, hosts);
  expect(resolver.conf().servers).toEqual([LOCAL]);
  expect(resolver.hosts("www.example.com")).toEqual([]);
  writeFileSync(conf, "nameserver 10.0.0.53\n");
  writeFileSync(hosts, "10.0.0.1 www.example.com\n");
  nowMs = 999;
  expect(resolver.conf().servers).toEqual([LOCAL]);
  nowMs = 1_000;
  expect(resolver.conf().servers).toEqual([{ ip: "10.0.0.53", port: 53 }]);
  expect(resolver.hosts("WWW.example.com.")).toEqual(["10.0.0.1"]);
  rmSync(hosts);
  nowMs = 2_000;
  expect(resolver.hosts("www.example.com")).toEqual([]);
});
