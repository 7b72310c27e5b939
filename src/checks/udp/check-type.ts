/** The check type `udp`: a datagram, and what comes back. */
import { addressAttributes } from "../attributes.ts";
import { defineCheckType } from "../check-type.ts";
import { udpChecker } from "./checker.ts";
import { UDP_PROBE } from "./probe.ts";
import { normalizeUdp, UDP_FIELDS } from "./schema.ts";
import { formatUdpTarget, type UdpSpec } from "./spec.ts";
import { udpView } from "./view.ts";

/** The descriptor of `udp`. */
export const UDP = defineCheckType({
  name: "udp",
  // Google's UDP checker uses the same.
  defaultTimeoutMs: 5_000,
  fields: UDP_FIELDS,
  normalize: normalizeUdp,
  formatTarget: formatUdpTarget,
  view: udpView,
  attributes: ({ address, socket }: UdpSpec) => addressAttributes(address, socket),
  destination: ({ address, socket }: UdpSpec) => ({ ip: address.ip, port: address.port, socket }),
  holdsSecrets: ({ send }: UdpSpec) => send !== undefined,
  create: udpChecker,
  probe: UDP_PROBE,
});
