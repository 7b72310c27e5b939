/**
 * Checks that ask the system's resolver, beside glibc's own on the same files: a name is healthy when, and only when, `getent ahosts`
 * resolves it. Run by `bun test`; needs root, for a mount namespace and port 53.
 */
import { expect, setDefaultTimeout } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Manner, startZoneServer, type Zone } from "../harness/backends/zone-server.ts";
import { peerTest } from "../harness/base/peers.ts";
import { makeTempDir } from "../harness/base/tempdir.ts";
import { times } from "../harness/client/checks.ts";
import { daemonPath } from "../harness/daemon/executable.ts";
import { canUnshare, inMountNamespace } from "../harness/machines/namespace.ts";

setDefaultTimeout(60_000);

interface SpecialServer {
  readonly how: Manner;
  readonly zone: Zone;
}

/** One system: its files, its nameservers, and what becomes of a name. */
interface Case {
  readonly query?: string;
  readonly conf?: string;
  readonly hosts?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly servers?: readonly (Zone | "absent" | SpecialServer)[];
  readonly expect?: string;
  /** The sentence, `@1` for the first server. */
  readonly found: string;
  readonly timeout?: string;
}

const WWW = ["192.0.2.1"];
const V6 = ["2001:db8::1"];
const SEARCH = "search a.test b.test\n";
/** glibc waits for a silent server this long, twice otherwise. */
const SHORT = "options timeout:1 attempts:1\n";

const CASES: Readonly<Record<string, Case>> = {
  plain: {
    query: "www.a.test",
    servers: [{ "www.a.test": WWW }],
    found: "L7OK DNS A www.a.test @1: answered 192.0.2.1",
  },
  onlyV6: {
    query: "www.a.test",
    servers: [{ "www.a.test": V6 }],
    found: "L7OK DNS AAAA www.a.test @1: answered 2001:db8::1",
  },
  v6BesideFailure: {
    query: "www.a.test",
    servers: [{ "www.a.test": { A: "SERVFAIL", AAAA: V6 } }],
    found: "L7OK DNS AAAA www.a.test @1: answered 2001:db8::1",
  },
  v4BesideNothing: {
    query: "www.a.test",
    conf: SHORT,
    servers: [{ "www.a.test": { A: WWW, AAAA: "silent" } }],
    found: "L7OK DNS A www.a.test @1: answered 192.0.2.1",
  },
  v6BesideNxdomain: {
    query: "www.a.test",
    servers: [{ "www.a.test": { A: "NXDOMAIN", AAAA: V6 } }],
    found: "L7OK DNS AAAA www.a.test @1: answered 2001:db8::1",
  },
  noV6: {
    query: "www.a.test",
    conf: "options no-aaaa\n",
    servers: [{ "www.a.test": [] }],
    found: "L7STS DNS A www.a.test @1: answered without any A record",
  },
  servfailThenFound: {
    conf: SEARCH,
    servers: [{ "www.a.test": "SERVFAIL", "www.b.test": WWW }],
    found: "L7OK DNS A www.b.test @1: answered 192.0.2.1",
  },
  noDataThenFound: {
    conf: SEARCH,
    servers: [{ "www.a.test": [], "www.b.test": WWW }],
    found: "L7OK DNS A www.b.test @1: answered 192.0.2.1",
  },
  refusedEndsTheList: {
    conf: SEARCH,
    servers: [{ "www.a.test": "REFUSED", "www.b.test": WWW }],
    found: "L7STS DNS A/AAAA www @1: answered NXDOMAIN (also asked: www.a.test)",
  },
  refusedThenAsItIs: {
    conf: SEARCH,
    servers: [{ "www.a.test": "REFUSED", www: WWW }],
    found: "L7OK DNS A www @1: answered 192.0.2.1",
  },
  silentThenAsItIs: {
    conf: SEARCH + SHORT,
    servers: [{ "www.a.test": "silent", www: WWW }],
    found: "L7OK DNS A www @1: answered 192.0.2.1",
  },
  silentAsItIsThenSearched: {
    query: "www.x",
    conf: SEARCH + SHORT,
    servers: [{ "www.x": "silent", "www.x.a.test": WWW }],
    found: "L7OK DNS A www.x.a.test @1: answered 192.0.2.1",
  },
  servfailEverywhere: {
    conf: SEARCH,
    servers: [{ "www.a.test": "SERVFAIL", "www.b.test": "SERVFAIL", www: "SERVFAIL" }],
    found: "L7STS DNS A/AAAA www.a.test @1: answered SERVFAIL (also asked: www.b.test, www)",
  },
  noDataIsReported: {
    conf: SEARCH,
    servers: [{ "www.b.test": [] }],
    found:
      "L7STS DNS A/AAAA www.b.test @1: answered without any A or AAAA record (also asked: www.a.test, www)",
  },
  secondServer: {
    query: "www.a.test",
    servers: [{ "www.a.test": "SERVFAIL" }, { "www.a.test": WWW }],
    found: "L7OK DNS A www.a.test @2: answered 192.0.2.1",
  },
  lameServer: {
    query: "www.a.test",
    servers: [{ "www.a.test": "lame" }, { "www.a.test": WWW }],
    found: "L7OK DNS A www.a.test @2: answered 192.0.2.1",
  },
  deadServer: {
    conf: SEARCH + SHORT,
    servers: [{ "www.a.test": "silent", "www.b.test": "silent", www: "silent" }, { "www.b.test": WWW }],
    found: "L7OK DNS A www.b.test @2: answered 192.0.2.1",
  },
  closedServer: {
    query: "www.a.test",
    servers: ["absent", { "www.a.test": WWW }],
    found: "L7OK DNS A www.a.test @2: answered 192.0.2.1",
  },
  closedServers: {
    conf: SEARCH,
    servers: ["absent", "absent"],
    found: "L4CON DNS A/AAAA www.a.test @1, @2: connection refused (ICMP port unreachable)",
  },
  notImplementedV6: {
    query: "www.a.test",
    servers: [{ "www.a.test": { A: WWW, AAAA: "NOTIMP" } }],
    found: "L7OK DNS A www.a.test @1: answered 192.0.2.1",
  },
  overTcpOnly: {
    query: "www.a.test",
    conf: "options use-vc\n",
    servers: [{ how: "tcp", zone: { "www.a.test": WWW } }],
    found: "L7OK DNS A www.a.test @1 over TCP: answered 192.0.2.1",
  },
  slowServer: {
    query: "www.a.test",
    conf: SEARCH,
    servers: [{ how: "slow", zone: { "www.a.test": WWW } }, "absent"],
    found: "L7OK DNS A www.a.test @1: answered 192.0.2.1",
  },
  slowThenSearched: {
    query: "www",
    conf: SEARCH,
    servers: [{ how: "slow", zone: { "www.b.test": WWW } }],
    timeout: "5s",
    found: "L7OK DNS A www.b.test @1: answered 192.0.2.1",
  },
  manyDots: {
    query: "www.x",
    conf: `${SEARCH}options ndots:2\n`,
    servers: [{ "www.x.b.test": WWW }],
    found: "L7OK DNS A www.x.b.test @1: answered 192.0.2.1",
  },
  noTopLevel: {
    conf: `${SEARCH}options no-tld-query\n`,
    servers: [{ www: WWW }],
    found: "L7STS DNS A/AAAA www.b.test @1: answered NXDOMAIN (also asked: www.a.test)",
  },
  environment: {
    query: "www.x",
    conf: SEARCH,
    env: { LOCALDOMAIN: "c.test", RES_OPTIONS: "ndots:3" },
    servers: [{ "www.x.c.test": WWW }],
    found: "L7OK DNS A www.x.c.test @1: answered 192.0.2.1",
  },
  indentedSearch: {
    conf: ` ${SEARCH}search c.test\n`,
    servers: [{ "www.a.test": WWW }],
    found: "L7STS DNS A/AAAA www @1: answered NXDOMAIN (also asked: www.c.test)",
  },
  hosts: {
    query: "static.test",
    hosts: "2001:db8::7 static.test # 192.0.2.8 no.test\n",
    found: "L7OK DNS A/AAAA static.test in /etc/hosts: 2001:db8::7",
  },
  commentInHosts: {
    query: "no.test",
    hosts: "2001:db8::7 static.test # 192.0.2.8 no.test\n",
    found: "L7STS DNS A/AAAA no.test @1: answered NXDOMAIN",
  },
  manyHosts: {
    query: "n9999.test",
    hosts: times(10_000, (index) => `10.0.${index >> 8}.${index & 255} n${index}.test\n`).join(""),
    found: "L7OK DNS A/AAAA n9999.test in /etc/hosts: 10.0.39.15",
  },
  firstNameDecides: {
    conf: SEARCH,
    servers: [{ "www.a.test": WWW, "www.b.test": ["192.0.2.2"] }],
    expect: "192.0.2.2",
    found: "L7STS DNS A www.a.test @1: answered 192.0.2.1, expected 192.0.2.2",
  },
};

/** No zone of these tests has a name `how`. */
function isSpecial(server: Zone | SpecialServer): server is SpecialServer {
  return "how" in server;
}

if (canUnshare()) {
  let host = 1;
  for (const [name, row] of Object.entries(CASES)) {
    const third = host++;
    peerTest(`daemon: dns: as glibc's resolver has it: ${name}`, ["bash"], async () => {
      const { query = "www", conf = "", hosts = "", env = {}, servers = [{}] } = row;
      await using stack = new AsyncDisposableStack();
      const dir = stack.use(makeTempDir("resolv"));
      const addresses = servers.map((_, index) => `127.53.${third}.${index + 1}`);
      for (const [index, server] of servers.entries()) {
        const address = addresses[index] ?? "";
        if (server === "absent") continue;
        const { zone, how } = isSpecial(server) ? server : { zone: server, how: "udp" as const };
        stack.use(await startZoneServer(address, zone, how));
      }
      writeFileSync(
        join(dir.path, "resolv.conf"),
        addresses.map((ip) => `nameserver ${ip}\n`).join("") + conf,
      );
      writeFileSync(join(dir.path, "hosts"), hosts);
      const mounts = ["resolv.conf", "hosts"].map((file) => `mount --bind ${dir.path}/${file} /etc/${file}`);
      const run = async (command: readonly string[]) => {
        const child = Bun.spawn([...inMountNamespace(mounts.join(" && ")), ...command], {
          env: { ...process.env, ...env },
          stdout: "pipe",
          stderr: "pipe",
        });
        return { out: await new Response(child.stdout).text(), status: await child.exited };
      };
      const expected = row.expect === undefined ? [] : ["--expect", row.expect];
      const [probe, glibc] = [
        await run([
          daemonPath(),
          "probe",
          "dns",
          query,
          "--json",
          "--timeout",
          row.timeout ?? "3s",
          ...expected,
        ]),
        await run(["getent", "ahosts", query]),
      ];
      // The cast names what the command documents.
      const { code, message } = JSON.parse(probe.out) as { code: string; message: string };
      const words = addresses.reduce(
        (text, ip, index) => text.replaceAll(`@${ip}:53`, `@${index + 1}`),
        message,
      );
      expect(`${code} ${words}`).toBe(row.found);
      const resolved = glibc.status === 0 && (row.expect === undefined || glibc.out.includes(row.expect));
      expect([code === "L7OK", glibc.out]).toEqual([resolved, glibc.out]);
    });
  }
}
