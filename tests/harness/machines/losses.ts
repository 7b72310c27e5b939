/** Every way in which a host loses its uplink, with the way back. Called by the tests of a host that is cut off from its network, and by scripts/bench. */
import { firewall, type Uplink, unfirewall } from "./uplink.ts";

/** Loses the network, and brings it back. */
export interface Loss {
  /** A name for a test. */
  readonly name: string;
  lose(uplink: Uplink): void;
  restore(uplink: Uplink): void;
}

function addDefault({ near, family }: Uplink): void {
  near(`${family.ip} route replace default via ${family.router}`);
}

function addAddress({ near, family }: Uplink): void {
  near(`${family.ip} address add ${family.own} dev cable${family.ip === "ip" ? "" : " nodad"}`);
}

/** The default route removed. */
export const ROUTE_REMOVED: Loss = {
  name: "default route removed",
  lose: ({ near, family }) => near(`${family.ip} route del default`),
  restore: addDefault,
};

/** Losses that `connect` and `send` report themselves. */
export const LOCAL_LOSSES: readonly Loss[] = [
  {
    name: "own link down",
    lose: ({ near }) => near("ip link set cable down"),
    restore(uplink) {
      uplink.near("ip link set cable up");
      // IPv6 loses its addresses with the link.
      if (uplink.family.ip !== "ip") addAddress(uplink);
      addDefault(uplink);
    },
  },
  {
    name: "address removed",
    lose: ({ near, family }) => near(`${family.ip} address del ${family.own} dev cable`),
    restore(uplink) {
      addAddress(uplink);
      addDefault(uplink);
    },
  },
  ROUTE_REMOVED,
  ...(["prohibit", "blackhole", "unreachable"] as const).map((kind) => ({
    name: `${kind} route`,
    lose: ({ near, family }: Uplink) => near(`${family.ip} route add ${kind} ${family.backends}`),
    restore: ({ near, family }: Uplink) => near(`${family.ip} route del ${kind} ${family.backends}`),
  })),
];

function output(verdict: string): Loss {
  return {
    name: `OUTPUT ${verdict}`,
    lose: ({ near, family }) =>
      firewall(near, "output", `${family.match} daddr ${family.backends} ${verdict}`),
    restore: ({ near }) => unfirewall(near),
  };
}

/** A firewall of this host drops every packet. */
export const OUTPUT_DROP = output("drop");

/** The router drops every packet to the backends. */
export const FAR_SIDE_DROPS: Loss = {
  name: "the uplink's far side drops everything",
  lose: ({ far, family }) => firewall(far, "input", `${family.match} daddr ${family.backends} drop`),
  restore: ({ far }) => unfirewall(far),
};

/** The cable is unplugged at the other end. */
export const CARRIER_LOST: Loss = {
  name: "carrier lost",
  lose: ({ far }) => far("ip link set cable down"),
  restore(uplink) {
    uplink.far("ip link set cable up");
    if (uplink.family.ip !== "ip") uplink.far(`ip -6 address add ${uplink.family.router}/64 dev cable nodad`);
  },
};

/** In IPv6, the only address left is that of the link: packets leave with it, and no router forwards them (RFC 4291, 2.5.6). */
export const LINK_LOCAL_LEFT: Loss = {
  name: "only a link-local address left",
  lose({ near, far, family }) {
    firewall(far, "input", `${family.match} saddr fe80::/10 ${family.match} daddr ${family.backends} drop`);
    near("ip -6 address add fe80::1/64 dev cable nodad");
    near(`ip -6 address del ${family.own} dev cable`);
  },
  restore(uplink) {
    addAddress(uplink);
    addDefault(uplink);
    uplink.near("ip -6 address del fe80::1/64 dev cable");
    unfirewall(uplink.far);
  },
};

/** Losses that look like dead backends, in part at least. */
export const SILENT_LOSSES: readonly Loss[] = [
  OUTPUT_DROP,
  output("reject"),
  output("reject with icmpx type host-unreachable"),
  {
    name: "OUTPUT reject with tcp reset",
    lose: ({ near, family }) =>
      firewall(
        near,
        "output",
        `${family.match} daddr ${family.backends} meta l4proto tcp reject with tcp reset`,
        `${family.match} daddr ${family.backends} drop`,
      ),
    restore: ({ near }) => unfirewall(near),
  },
  FAR_SIDE_DROPS,
  {
    name: "the uplink's far side rejects everything",
    lose: ({ far }) => firewall(far, "input", "reject with icmpx type no-route"),
    restore: ({ far }) => unfirewall(far),
  },
  CARRIER_LOST,
];
