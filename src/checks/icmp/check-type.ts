/** The check type `icmp`: an echo request, of which the answer is proof that the host is up. */
import { defineCheckType } from "../check-type.ts";
import { icmpChecker } from "./checker.ts";
import { ICMP_PROBE } from "./probe.ts";
import { ICMP_FIELDS, normalizeIcmp } from "./schema.ts";
import { formatIcmpTarget, type IcmpSpec } from "./spec.ts";
import { icmpView } from "./view.ts";

/** The descriptor of `icmp`. */
export const ICMP = defineCheckType({
  name: "icmp",
  defaultTimeoutMs: 5_000,
  fields: ICMP_FIELDS,
  normalize: normalizeIcmp,
  formatTarget: formatIcmpTarget,
  view: icmpView,
  attributes: ({ ip }: IcmpSpec) => ({ "server.address": ip }),
  destination: ({ ip, socket }: IcmpSpec) => ({ ip, port: undefined, socket }),
  holdsSecrets: () => false,
  create: icmpChecker,
  probe: ICMP_PROBE,
});
