/**
 * A host whose only way to its backends is one uplink. The far end of the cable is a router with any number of backends behind it, of every
 * check type. Called by the tests of a host that is cut off from its network (losses.ts has every way to lose it) and by scripts/bench; needs
 * root, nft and openssl.
 */
import { join } from "node:path";
import { makeCa } from "../backends/certs.ts";
import { RADIUS_SECRET } from "../backends/radius-server.ts";
import { startChild } from "../base/child.ts";
import { peerPath } from "../base/peers.ts";
import { times } from "../client/checks.ts";
import { config } from "../client/client.ts";
import { type Link, startLink } from "./link.ts";
import { DATAGRAM_PORT, TLS_PORT, WEB_PORT } from "./uplink-ports.ts";

/** Addresses of one IP version. */
export interface Family {
  /** Words after `ip` for its routes and addresses. */
  readonly ip: string;
  /** Word of nft(8) for a match of its header. */
  readonly match: string;
  /** The host's own address, and that of the router. */
  readonly own: string;
  readonly router: string;
  /** The network of the backends. */
  readonly backends: string;
  /** Beginnings of their addresses: of those that {@link Uplink.kill} kills, and of the others. */
  readonly mortal: string;
  readonly immortal: string;
  /** The network of the mortal ones. */
  readonly mortalNetwork: string;
}

/** Every IP version. */
export const FAMILIES = {
  ipv4: {
    ip: "ip",
    match: "ip",
    own: "192.0.2.1/24",
    router: "192.0.2.2",
    backends: "10.77.0.0/16",
    mortal: "10.77.1.",
    immortal: "10.77.0.",
    mortalNetwork: "10.77.1.0/24",
  },
  ipv6: {
    ip: "ip -6",
    match: "ip6",
    own: "fd00:2::1/64",
    router: "fd00:2::2",
    backends: "fd77::/64",
    mortal: "fd77::1:",
    immortal: "fd77::",
    mortalNetwork: "fd77::1:0/112",
  },
} satisfies Readonly<Record<string, Family>>;

/** Options of an uplink. */
export interface UplinkOptions {
  readonly count: number;
  /** The share of the backends that {@link Uplink.kill} kills. */
  readonly mortal?: number;
  readonly family?: keyof typeof FAMILIES;
}

/** The host, its uplink and the backends; disposing ends them. */
export interface Uplink extends AsyncDisposable {
  readonly link: Link;
  readonly family: Family;
  /** Addresses of the backends, each with a web server at {@link WEB_PORT}. */
  readonly addresses: readonly string[];
  /** Runs words, as of a shell without quoting, on the host (`near`) or beyond its uplink. */
  near(words: string): void;
  far(words: string): void;
  /** CONFIGs of the backends, of every check type in turn, with ids from 1 on. */
  checks(fields?: Fields): string[];
  /** The mortal backends refuse connections and pings from now on. */
  kill(): void;
  revive(): void;
}

type Fields = Readonly<Record<string, unknown>>;

/** Fields of each check type; those of datagrams have a service of that name. */
const KINDS: readonly { readonly datagram?: string; readonly fields: Fields }[] = [
  { fields: { checker_type: "tcp", port: WEB_PORT } },
  { fields: { checker_type: "http", port: WEB_PORT, path: "/" } },
  { fields: { checker_type: "icmp" } },
  { datagram: "dns", fields: { checker_type: "dns", port: DATAGRAM_PORT, query: "x.test", query_type: "A" } },
  { datagram: "udp", fields: { checker_type: "udp", port: DATAGRAM_PORT, send: "ping" } },
  { fields: { checker_type: "http", port: TLS_PORT, path: "/", secure: true, tls_verify: false } },
  {
    datagram: "radius",
    fields: { checker_type: "radius", port: DATAGRAM_PORT, secret: RADIUS_SECRET, username: "alice" },
  },
];

/** Number of check types. */
export const KIND_COUNT = KINDS.length;

/** Starts it. @throws Error with the message of ip(8) */
export async function startUplink({
  count,
  mortal = 0,
  family: version = "ipv4",
}: UplinkOptions): Promise<Uplink> {
  await using stack = new AsyncDisposableStack();
  const family: Family = FAMILIES[version];
  const link = stack.use(await startLink());
  const on = (end: Link["near"]) => (words: string) => {
    const [program = "", ...args] = words.split(" ");
    end.run([program === "ip" ? program : peerPath(program === "nft" ? "nft" : "ip"), ...args]);
  };
  const near = on(link.near);
  const far = on(link.far);
  if (version === "ipv6") {
    // Its link-local address would come, by duplicate address detection, at a time that no test knows, and reach the router.
    near("ip link set cable addrgenmode none");
    near("ip -6 address flush dev cable scope link");
    near(`ip -6 address add ${family.own} dev cable nodad`);
    far(`ip -6 address add ${family.router}/64 dev cable nodad`);
    // In IPv4 a route of type local suffices.
    link.far.run(["sh", "-c", "echo 1 > /proc/sys/net/ipv6/ip_nonlocal_bind"]);
  }
  far(`${family.ip} route add local ${family.backends} dev lo`);
  near(`${family.ip} route add default via ${family.router}`);
  const addresses = times(
    count,
    (index) =>
      (index < count * mortal ? family.mortal : family.immortal) +
      (1 + (index % 250)).toString(version === "ipv6" ? 16 : 10),
  );
  await startBackends(stack, link, addresses);
  const owned = stack.move();
  return {
    link,
    family,
    addresses,
    near,
    far,
    checks: (fields = {}) =>
      addresses.map((ip, index) => config({ ...kindOf(index).fields, ip, ...fields, id: index + 1 })),
    kill: () => firewall(far, "input", `${family.match} daddr ${family.mortalNetwork} reject`),
    revive: () => unfirewall(far),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function kindOf(index: number): (typeof KINDS)[number] {
  return KINDS[index % KIND_COUNT] ?? { fields: {} };
}

async function startBackends(
  stack: AsyncDisposableStack,
  { far }: Link,
  addresses: readonly string[],
): Promise<void> {
  const ca = stack.use(await makeCa());
  const { certFile, keyFile } = ca.issue({ name: "backend.test", sans: ["DNS:backend.test"] });
  const datagrams = addresses.flatMap((address, index) => {
    const { datagram } = kindOf(index);
    return datagram === undefined ? [] : [`${datagram}=${address}`];
  });
  const script = join(import.meta.dir, "uplink-process.ts");
  const command = [...far.prefix, process.execPath, script, certFile, keyFile, ...datagrams];
  stack.use(await startChild(command, "the backends"));
}

/** Adds a firewall, in one step. */
export function firewall(run: Uplink["near"], hook: "input" | "output", ...rules: string[]): void {
  const added = rules.map((rule) => ` ; add rule inet cut gate ${rule}`).join("");
  run(`nft add table inet cut ; add chain inet cut gate { type filter hook ${hook} priority 0 ; }${added}`);
}

/** Removes it. */
export function unfirewall(run: Uplink["near"]): void {
  run("nft delete table inet cut");
}
