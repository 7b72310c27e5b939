/** The check type `radius`: a login or a Status-Server, and the authentic answer to it. */
import { addressAttributes } from "../attributes.ts";
import { defineCheckType } from "../check-type.ts";
import { radiusChecker } from "./checker.ts";
import { RADIUS_PROBE } from "./probe.ts";
import { normalizeRadius, RADIUS_FIELDS } from "./schema.ts";
import { formatRadiusTarget, type RadiusSpec } from "./spec.ts";
import { radiusView } from "./view.ts";

/** The descriptor of `radius`. */
export const RADIUS = defineCheckType({
  name: "radius",
  // Google's RADIUS checker uses the same.
  defaultTimeoutMs: 3_000,
  fields: RADIUS_FIELDS,
  normalize: normalizeRadius,
  formatTarget: formatRadiusTarget,
  view: radiusView,
  attributes: ({ address, socket }: RadiusSpec) => addressAttributes(address, socket),
  destination: ({ address, socket }: RadiusSpec) => ({ ip: address.ip, port: address.port, socket }),
  holdsSecrets: () => true,
  create: radiusChecker,
  probe: RADIUS_PROBE,
});
