/** DNS checks against BIND and Unbound: records of each type, response codes, aliases, EDNS, classes. Run by `bun test`. */

import { expect } from "bun:test";
import { BIND_VERSION, BIND_ZONE_NAME, startBind } from "../harness/backends/bind.ts";
import { verdicts } from "../harness/backends/check-table.ts";
import { DEFAULT_ZONE_NAME, startKnot } from "../harness/backends/knot.ts";
import { startUnbound } from "../harness/backends/unbound.ts";
import { peerTest } from "../harness/base/peers.ts";
import { dnsCheck } from "../harness/client/checks.ts";

/** Makes a check of a name at a server. */
function asking(port: number) {
  return (query: string, fields: object = {}) =>
    (id: number) =>
      dnsCheck(id, query, { ip: "127.0.0.1", port, interval: "60s", timeout: "10s", ...fields });
}

peerTest("daemon: dns against BIND: a record of each type is compared", ["named"], async () => {
  await using bind = await startBind();
  const ask = asking(bind.port);
  const record = (query_type: string, expected: unknown, name = "elsewhere.test") =>
    ask(name, { query_type, expect: expected });
  const found = await verdicts({
    a: record("A", "192.0.2.40", "www.elsewhere.test"),
    aaaa: record("AAAA", ["2001:db8::1", "2001:DB8:0::40"], "www.elsewhere.test"),
    caa: record("CAA", '0 ISSUE "ca.test; account=1"'),
    cname: record("CNAME", "B.elsewhere.test.", "a.elsewhere.test"),
    mx: record("MX", ["5 mail.elsewhere.test", "10 MAIL.elsewhere.test."]),
    nullMx: record("MX", "0 .", "nomail.elsewhere.test"),
    ns: record("NS", "ns.elsewhere.test"),
    ptr: record("PTR", "www.elsewhere.test", "1.2.0.192.in-addr.elsewhere.test"),
    soa: record("SOA", 2_024_010_101),
    srv: record("SRV", "0 5 5060 sip.elsewhere.test.", "_sip._tcp.elsewhere.test"),
    txt: record("TXT", 'v=spf1 -all "quoted"', "text.elsewhere.test"),
    longTxt: record("TXT", "k".repeat(200) + "e".repeat(200), "long.elsewhere.test"),
    otherMx: record("MX", "20 mail.elsewhere.test"),
    otherSerial: record("SOA", "2024010102"),
    otherText: record("TXT", "v=spf1", "text.elsewhere.test"),
    otherLongTxt: record("TXT", "k".repeat(200) + "e".repeat(199), "long.elsewhere.test"),
  });
  const wrong = ["otherMx", "otherSerial", "otherText", "otherLongTxt"];
  for (const [name, verdict] of Object.entries(found))
    expect([name, verdict]).toEqual([name, expect.stringMatching(wrong.includes(name) ? /L7STS/ : /L7OK/)]);
  const at = `@127.0.0.1:${bind.port}`;
  expect(found.otherMx).toBe(
    `unhealthy L7STS DNS MX elsewhere.test ${at}: answered 10 Mail.elsewhere.test, 20 mail.other.test, expected 20 mail.elsewhere.test`,
  );
  expect(found.otherSerial).toEndWith(
    "answered ns.elsewhere.test host\\.master.elsewhere.test 2024010101, expected serial 2024010102",
  );
  expect(found.otherText).toEndWith('answered "v=spf1 -all \\"quoted\\"", expected "v=spf1"');
});

peerTest("daemon: dns against BIND: response codes, aliases, EDNS, classes", ["named"], async () => {
  await using bind = await startBind();
  const ask = asking(bind.port);
  const version = { query_class: "ch", query_type: "TXT" };
  const found = await verdicts({
    gone: ask("gone.elsewhere.test", { expected_rcode: "NXDOMAIN" }),
    here: ask("www.elsewhere.test", { expected_rcode: ["NXDOMAIN", "refused"] }),
    foreign: ask("www.example.test", { expected_rcode: ["NXDOMAIN", "refused"] }),
    noData: ask("text.elsewhere.test", { expected_rcode: "NXDOMAIN" }),
    aliases: ask("a.elsewhere.test", { expected_ips: ["192.0.2.40"] }),
    loop: ask("loop1.elsewhere.test"),
    version: ask("version.bind", { ...version, expect: BIND_VERSION }),
    otherVersion: ask("version.bind", { ...version, expect: "9" }),
    withoutEdns: ask("medium.elsewhere.test"),
    edns: ask("medium.elsewhere.test", { edns_size: 1_232 }),
    smallEdns: ask("medium.elsewhere.test", { edns_size: 512 }),
    withoutRecursion: ask("www.elsewhere.test", { recursion_desired: false }),
  });
  const at = `@127.0.0.1:${bind.port}`;
  expect(found.gone).toBe(`healthy L7OK DNS A gone.elsewhere.test ${at}: answered NXDOMAIN`);
  expect(found.here).toBe(
    `unhealthy L7STS DNS A www.elsewhere.test ${at}: answered 192.0.2.40, expected NXDOMAIN or REFUSED`,
  );
  expect(found.foreign).toBe(`healthy L7OK DNS A www.example.test ${at}: answered REFUSED`);
  expect(found.noData).toEndWith("answered without any A record, expected NXDOMAIN");
  expect(found.aliases).toBe(`healthy L7OK DNS A a.elsewhere.test ${at}: answered 192.0.2.40`);
  expect(found.loop).toStartWith("unhealthy L7STS");
  expect(found.version).toBe(`healthy L7OK DNS CH TXT version.bind ${at}: answered "${BIND_VERSION}"`);
  expect(found.otherVersion).toEndWith(`answered "${BIND_VERSION}", expected "9"`);
  expect(found.withoutEdns).toMatch(/^healthy L7OK DNS A .* over TCP: answered .* and 36 more$/);
  expect(found.edns).toMatch(/^healthy L7OK DNS A medium\.elsewhere\.test @[^ ]*: answered .* and 36 more$/);
  expect(found.smallEdns).toMatch(/ over TCP: answered .* and 36 more$/);
  expect(found.withoutRecursion).toStartWith("healthy L7OK");
});

peerTest(
  "daemon: dns against Unbound: aliases to other zones, recursion, its own records",
  ["unbound", "named", "knotd"],
  async () => {
    await using knot = await startKnot();
    await using bind = await startBind();
    await using unbound = await startUnbound({ [DEFAULT_ZONE_NAME]: knot.port, [BIND_ZONE_NAME]: bind.port });
    const ask = asking(unbound.port);
    const found = await verdicts({
      elsewhere: ask("outside.example.test", { expected_ips: ["192.0.2.40"] }),
      notFollowed: asking(knot.port)("outside.example.test"),
      withoutRecursion: ask("one.example.test", { recursion_desired: false }),
      gone: ask("gone.example.test", { expected_rcode: ["NXDOMAIN"] }),
      dangling: ask("dangling.example.test", { expected_rcode: "NXDOMAIN" }),
      identity: ask("version.server", { query_class: "CH", expect: "tested" }),
      large: ask("big.example.test", { edns_size: 4_096, expected_ips: ["203.0.113.120"] }),
      // Another name: Unbound joins equal questions that come at the same time, whatever their sizes.
      truncated: ask("bigtxt.example.test", {
        query_type: "TXT",
        edns_size: 1_232,
        expect: `19 ${"x".repeat(200)}`,
      }),
      mx: ask("elsewhere.test", { query_type: "MX", expect: "20 mail.other.test" }),
    });
    const at = `@127.0.0.1:${unbound.port}`;
    expect(found.elsewhere).toBe(`healthy L7OK DNS A outside.example.test ${at}: answered 192.0.2.40`);
    expect(found.notFollowed).toBe(
      `unhealthy L7STS DNS A outside.example.test @127.0.0.1:${knot.port}: answered without any A record, only an alias of www.elsewhere.test`,
    );
    expect(found.withoutRecursion).toEndWith("answered REFUSED");
    expect(found.gone).toEndWith("answered NXDOMAIN");
    expect(found.gone).toStartWith("healthy L7OK");
    expect(found.dangling).toStartWith("healthy L7OK");
    expect(found.identity).toBe(`healthy L7OK DNS CH TXT version.server ${at}: answered "tested"`);
    expect(found.large).toMatch(/^healthy L7OK DNS A big\.example\.test @[^ ]*: answered .* and 116 more$/);
    expect(found.truncated).toMatch(/^healthy L7OK .* over TCP: answered .* and 16 more$/);
    expect(found.mx).toStartWith("healthy L7OK");
  },
);
