/** A UDP check as the API shows it. */
import { formatAddress } from "../../model/spec.ts";
import { payloadView } from "../payload-fields.ts";
import { socketView } from "../socket-fields.ts";
import type { UdpSpec } from "./spec.ts";

/** Shows the check without the bytes that it sends. */
export function udpView(spec: UdpSpec) {
  return {
    address: formatAddress(spec.address),
    ...payloadView(spec),
    expect: spec.expect,
    ...socketView(spec.socket),
  };
}
