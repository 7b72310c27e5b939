/** The check type `tcp`: a connection, with optional TLS and an optional exchange of bytes. */

import { addressAttributes } from "../attributes.ts";
import { defineCheckType } from "../check-type.ts";
import { tcpChecker } from "./checker.ts";
import { TCP_PROBE } from "./probe.ts";
import { normalizeTcp, TCP_FIELDS } from "./schema.ts";
import { formatTcpTarget, type TcpSpec } from "./spec.ts";
import { tcpView } from "./view.ts";

/** The descriptor of `tcp`. */
export const TCP = defineCheckType({
  name: "tcp",
  // Google's TCP checker uses the same.
  defaultTimeoutMs: 10_000,
  fields: TCP_FIELDS,
  normalize: normalizeTcp,
  formatTarget: formatTcpTarget,
  view: tcpView,
  attributes: ({ address, socket }: TcpSpec) => addressAttributes(address, socket),
  destination: ({ address, socket }: TcpSpec) => ({ ip: address.ip, port: address.port, socket }),
  holdsSecrets: ({ send }: TcpSpec) => send !== undefined,
  create: tcpChecker,
  probe: TCP_PROBE,
});
