/** The CONFIG fields of an ICMP check, and how they become its spec. */
import { optional, required } from "../../schema/field.ts";
import type { FieldValues } from "../../schema/object.ts";
import { choice, integer, ip } from "../../schema/values.ts";
import { MAX_ECHO_PAYLOAD, MIN_ECHO_PAYLOAD } from "../../system/echo-message.ts";
import { SOCKET_FIELDS, socketOptions } from "../socket-fields.ts";
import type { IcmpSpec } from "./spec.ts";

/** As ping(8) sends it. */
const DEFAULT_PAYLOAD = 56;
/** One lost packet is not a failure. */
const DEFAULT_COUNT = 2;
const MAX_COUNT = 10;
const MAX_TTL = 255;

/** The fields of `checker_type: icmp`. */
export const ICMP_FIELDS = {
  ip: required(ip, "Address of the target. Names are not accepted."),
  size: optional(
    integer(MIN_ECHO_PAYLOAD, MAX_ECHO_PAYLOAD),
    DEFAULT_PAYLOAD,
    String(DEFAULT_PAYLOAD),
    "Bytes of payload in an echo request; the answer must repeat all of them. Larger packets than the MTU are fragmented.",
  ),
  ttl: optional(
    integer(0, MAX_TTL),
    0,
    "net.ipv4.ip_default_ttl, in IPv6 the hop limit of the route",
    "TTL of the echo requests, the hop limit in IPv6. 0 counts as absent.",
  ),
  count: optional(
    integer(1, MAX_COUNT),
    DEFAULT_COUNT,
    String(DEFAULT_COUNT),
    "Echo requests of one check at most, the next one when an equal share of the timeout, at most 1s, has passed without an answer. One answer is enough.",
  ),
  mode: optional(
    choice(["plain"]),
    "",
    "plain",
    "ICMP checks go to ip directly: the load balancer of this host (IPVS) would answer an echo request to a VIP itself.",
  ),
  ...SOCKET_FIELDS,
};

/** Reads valid fields. @throws FieldError for a source address of another family */
export function normalizeIcmp(fields: FieldValues<typeof ICMP_FIELDS>): IcmpSpec {
  return {
    type: "icmp",
    ip: fields.ip,
    socket: socketOptions(fields, fields.ip),
    payloadBytes: fields.size,
    ttl: fields.ttl || undefined,
    count: fields.count,
  };
}
