/**
 * A host whose only way to its backends is one uplink, and every way to lose it. The far end of the cable is a router with any number of backends
 * behind it. Called by the tests of a host that is cut off from its network; needs root and nft.
 */
import { join } from "node:path";
import { peerPath } from "../base/peers.ts";
import { readLines, stopProcess } from "../base/process.ts";
import { until } from "../base/wait.ts";
import { icmpCheck, times } from "../client/checks.ts";
import { type ConfigFields, config } from "../client/client.ts";
import { type Link, startLink } from "./link.ts";

const BACKENDS = "10.77.0.0/16";
const PORT = 8_080;
/** The first of the backends that {@link Uplink.kill} kills; the others have 10.77.0. in front. */
const MORTAL = "10.77.1.";

/** Loses the network, and brings it back. */
export interface Loss {
  /** A name for a test. */
  readonly name: string;
  lose(uplink: Uplink): void;
  restore(uplink: Uplink): void;
}

/** The host, its uplink and the backends; disposing ends them. */
export interface Uplink extends AsyncDisposable {
  readonly link: Link;
  /** Runs words, as of a shell without quoting, on the host (`near`) or beyond its uplink. */
  near(words: string): void;
  far(words: string): void;
  /** CONFIGs of backends, tcp, http and icmp in turn, with ids from 1 on. @param mortal - the share that {@link kill} kills */
  checks(count: number, mortal: number, fields?: Readonly<Record<string, unknown>>): string[];
  /** The mortal backends refuse connections and pings from now on. */
  kill(): void;
  revive(): void;
}

/** Starts it. @throws Error with the message of ip(8) */
export async function startUplink(): Promise<Uplink> {
  await using stack = new AsyncDisposableStack();
  const link = stack.use(await startLink());
  const on = (end: Link["near"]) => (words: string) => {
    const [program = "", ...args] = words.split(" ");
    end.run([program === "ip" ? program : peerPath(program === "nft" ? "nft" : "ip"), ...args]);
  };
  const near = on(link.near);
  const far = on(link.far);
  far(`ip route add local ${BACKENDS} dev lo`);
  near(`ip route add default via ${link.far.address}`);
  const script = join(import.meta.dir, "uplink-process.ts");
  const child = Bun.spawn([...link.far.prefix, process.execPath, script], { stdin: "pipe", stdout: "pipe" });
  stack.defer(() => stopProcess(child));
  const lines: string[] = [];
  void readLines(child.stdout, (line) => lines.push(line));
  await until(() => lines[0], 10_000, "the backends");
  const owned = stack.move();
  return {
    link,
    near,
    far,
    checks: (count, mortal, fields = {}) =>
      times(count, (index) => checkOf(index, index < count * mortal, fields)),
    kill() {
      firewall(far, "input", `ip daddr ${MORTAL}0/24 reject`);
    },
    revive: () => far("nft delete table ip cut"),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function checkOf(index: number, isMortal: boolean, fields: Readonly<Record<string, unknown>>): string {
  const ip = `${isMortal ? MORTAL : "10.77.0."}${1 + (index % 250)}`;
  const id = index + 1;
  if (index % 3 === 2) return icmpCheck(id, ip, fields);
  const type: Omit<ConfigFields, "id"> =
    index % 3 === 0 ? { checker_type: "tcp" } : { checker_type: "http", path: "/" };
  return config({ ...type, ip, port: PORT, ...fields, id });
}

/** Adds a firewall, in one step. */
function firewall(run: (words: string) => void, hook: "input" | "output", ...rules: string[]): void {
  const added = rules.map((rule) => ` ; add rule ip cut gate ${rule}`).join("");
  run(`nft add table ip cut ; add chain ip cut gate { type filter hook ${hook} priority 0 ; }${added}`);
}

const unfirewall = "nft delete table ip cut";
const ADDRESS = "192.0.2.1/24";
const DEFAULT = "default via 192.0.2.2";

/** Losses that `connect` and `send` report themselves. */
export const LOCAL_LOSSES: readonly Loss[] = [
  {
    name: "own link down",
    lose: ({ near }) => near("ip link set cable down"),
    restore({ near }) {
      near("ip link set cable up");
      near(`ip route add ${DEFAULT}`);
    },
  },
  {
    name: "address removed",
    lose: ({ near }) => near(`ip address del ${ADDRESS} dev cable`),
    restore({ near }) {
      near(`ip address add ${ADDRESS} dev cable`);
      near(`ip route add ${DEFAULT}`);
    },
  },
  {
    name: "default route removed",
    lose: ({ near }) => near("ip route del default"),
    restore: ({ near }) => near(`ip route add ${DEFAULT}`),
  },
  ...(["prohibit", "blackhole", "unreachable"] as const).map((kind) => ({
    name: `${kind} route`,
    lose: ({ near }: Uplink) => near(`ip route add ${kind} ${BACKENDS}`),
    restore: ({ near }: Uplink) => near(`ip route del ${kind} ${BACKENDS}`),
  })),
];

/** Losses that look like dead backends, in part at least. */
export const SILENT_LOSSES: readonly Loss[] = [
  ...["drop", "reject", "reject with icmp type host-unreachable"].map((verdict) => ({
    name: `OUTPUT ${verdict}`,
    lose: ({ near }: Uplink) => firewall(near, "output", `ip daddr ${BACKENDS} ${verdict}`),
    restore: ({ near }: Uplink) => near(unfirewall),
  })),
  {
    name: "OUTPUT reject with tcp reset",
    lose: ({ near }) =>
      firewall(
        near,
        "output",
        `ip daddr ${BACKENDS} meta l4proto tcp reject with tcp reset`,
        `ip daddr ${BACKENDS} drop`,
      ),
    restore: ({ near }) => near(unfirewall),
  },
  {
    name: "the uplink's far side drops everything",
    lose: ({ far }) => firewall(far, "input", "drop"),
    restore: ({ far }) => far(unfirewall),
  },
  {
    name: "the uplink's far side rejects everything",
    lose: ({ far }) => firewall(far, "input", "reject with icmp type net-unreachable"),
    restore: ({ far }) => far(unfirewall),
  },
  {
    name: "carrier lost",
    lose: ({ far }) => far("ip link set cable down"),
    restore({ far }) {
      far("ip link set cable up");
    },
  },
];
