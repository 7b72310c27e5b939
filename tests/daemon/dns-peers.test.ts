/** DNS checks against Knot DNS: records, expectations, truncation, and the system's own resolver. Run by `bun test`. */

import { expect } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { verdicts } from "../harness/backends/check-table.ts";
import { startKnot } from "../harness/backends/knot.ts";
import { peerTest } from "../harness/base/peers.ts";
import { freePort } from "../harness/base/ports.ts";
import { makeTempDir } from "../harness/base/tempdir.ts";
import { dnsCheck } from "../harness/client/checks.ts";
import { canUnshare, inMountNamespace } from "../harness/machines/namespace.ts";

peerTest(
  "daemon: dns against Knot: records, expected addresses, NXDOMAIN, truncation",
  ["knotd"],
  async () => {
    await using knot = await startKnot();
    const ask =
      (query: string, fields: object = {}) =>
      (id: number) =>
        dnsCheck(id, query, { ip: "127.0.0.1", port: knot.port, interval: "60s", ...fields });
    const closed = freePort();
    const found = await verdicts({
      a: ask("one.example.test"),
      aaaa: ask("v6only.example.test", { query_type: "AAAA", expected_ips: ["2001:db8:0:0::10"] }),
      aaaaByAddress: ask("www.example.test", { expected_ips: ["2001:db8::2"] }),
      cname: ask("alias.example.test", { expected_ips: ["192.0.2.3"] }),
      match: ask("www.example.test.", { expected_ips: ["", "198.51.100.9", "192.0.2.2"] }),
      mismatch: ask("one.example.test", { expected_ips: ["192.0.2.99"] }),
      nxdomain: ask("nowhere.example.test"),
      noRecord: ask("empty.example.test"),
      dangling: ask("dangling.example.test"),
      truncated: ask("big.example.test", { expected_ips: ["203.0.113.120"] }),
      truncatedMismatch: ask("big.example.test", { expected_ips: ["203.0.113.121"] }),
      refused: ask("www.elsewhere.test"),
      closedPort: ask("one.example.test", { port: closed }),
      mx: ask("example.test", { query_type: "MX" }),
      bothFamilies: ask("www.example.test", { expected_ips: ["192.0.2.99", "2001:db8::2"] }),
      neitherFamily: ask("www.example.test", { expected_ips: ["192.0.2.99", "2001:db8::99"] }),
      noV6Expected: ask("one.example.test", { expected_ips: ["192.0.2.99", "2001:db8::99"] }),
    });
    const at = (type: string, name: string) => `DNS ${type} ${name} @127.0.0.1:${knot.port}`;
    expect(found.a).toBe(`healthy L7OK ${at("A", "one.example.test")}: answered 192.0.2.10`);
    expect(found.aaaa).toBe(`healthy L7OK ${at("AAAA", "v6only.example.test")}: answered 2001:db8::10`);
    expect(found.aaaaByAddress).toStartWith(
      `healthy L7OK ${at("AAAA", "www.example.test")}: answered 2001:db8::`,
    );
    expect(found.cname).toStartWith("healthy L7OK");
    expect(found.match).toStartWith("healthy L7OK");
    expect(found.mismatch).toBe(
      `unhealthy L7STS ${at("A", "one.example.test")}: answered 192.0.2.10, expected 192.0.2.99`,
    );
    expect(found.nxdomain).toBe(`unhealthy L7STS ${at("A", "nowhere.example.test")}: answered NXDOMAIN`);
    expect(found.noRecord).toEndWith("answered without any A record");
    expect(found.dangling).toStartWith("unhealthy L7STS");
    expect(found.truncated).toMatch(/^healthy L7OK .*: answered .* and 116 more$/);
    expect(found.truncatedMismatch).toMatch(/^unhealthy L7STS .*expected 203\.0\.113\.121$/);
    expect(found.refused).toEndWith("answered REFUSED");
    expect(found.closedPort).toBe(
      `unhealthy L4CON DNS A one.example.test @127.0.0.1:${closed}: connection refused (ICMP port unreachable)`,
    );
    expect(found.mx).toMatch(
      /^healthy L7OK DNS MX .*: answered 10 mail\.example\.test, 20 mail2\.example\.test$/,
    );
    expect(found.bothFamilies).toStartWith(
      `healthy L7OK ${at("AAAA", "www.example.test")}: answered 2001:db8::`,
    );
    expect(found.neitherFamily).toMatch(
      /^unhealthy L7STS DNS A www.* expected 192\.0\.2\.99 or 2001:db8::99; DNS AAAA www.* expected /,
    );
    expect(found.noV6Expected).toMatch(
      /^unhealthy L7STS DNS A one.* expected .*; DNS AAAA one.*: answered without any AAAA record$/,
    );
  },
);

const RESOLVER = { hostname: "127.53.0.1", port: 53 };

if (canUnshare()) {
  peerTest("daemon: dns without ip asks the system's resolver", ["knotd"], async () => {
    await using dir = makeTempDir("resolv");
    writeFileSync(join(dir.path, "resolv.conf"), `search example.test\nnameserver ${RESOLVER.hostname}\n`);
    writeFileSync(
      join(dir.path, "hosts"),
      "127.0.0.1 localhost\n192.0.2.77 static.example.test\n2001:db8::77 v6.static.test\n",
    );
    await using knot = await startKnot(undefined, undefined, RESOLVER);
    const found = await verdicts(
      {
        full: (id) => dnsCheck(id, "one.example.test", { expected_ips: ["192.0.2.10"] }),
        searched: (id) => dnsCheck(id, "one", { expected_ips: ["192.0.2.10"] }),
        hosts: (id) => dnsCheck(id, "static.example.test", { expected_ips: ["192.0.2.77"] }),
        v6only: (id) => dnsCheck(id, "v6only.example.test"),
        either: (id) => dnsCheck(id, "www.example.test", { expected_ips: ["192.0.2.99", "2001:db8::2"] }),
        hostsV6: (id) => dnsCheck(id, "v6.static.test"),
        missing: (id) => dnsCheck(id, "nowhere.example.test"),
      },
      {
        prefix: inMountNamespace(
          ["resolv.conf", "hosts"]
            .map((name) => `mount --bind ${dir.path}/${name} /etc/${name}`)
            .join(" && "),
        ),
      },
    );
    const at = `@${RESOLVER.hostname}:${knot.port}`;
    expect(found.full).toBe(`healthy L7OK DNS A one.example.test ${at}: answered 192.0.2.10`);
    expect(found.searched).toBe(`healthy L7OK DNS A one.example.test ${at}: answered 192.0.2.10`);
    expect(found.hosts).toBe("healthy L7OK DNS A static.example.test in /etc/hosts: 192.0.2.77");
    expect(found.missing).toBe(
      `unhealthy L7STS DNS A/AAAA nowhere.example.test ${at}: answered NXDOMAIN (also asked: nowhere.example.test.example.test)`,
    );
    expect(found.v6only).toBe(`healthy L7OK DNS AAAA v6only.example.test ${at}: answered 2001:db8::10`);
    expect(found.either).toMatch(/^healthy L7OK DNS AAAA www\.example\.test /);
    expect(found.hostsV6).toBe("healthy L7OK DNS A/AAAA v6.static.test in /etc/hosts: 2001:db8::77");
  });
} else {
  peerTest("daemon: dns without ip asks the system's resolver (needs root; localhost only)", [], async () => {
    const found = await verdicts({ localhost: (id) => dnsCheck(id, "localhost") });
    expect(found.localhost).toStartWith("healthy L7OK DNS A localhost in /etc/hosts: 127.0.0.1");
  });
}
