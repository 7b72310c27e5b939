/** The two calls of a health checker to the Seesaw engine: fetch the set of healthchecks, report states. */
import type { Notification, State, Status } from "../model/status.ts";
import { gobInt, gobOpaque, gobSlice, gobString, gobStruct, gobUint } from "./gob-encoder.ts";
import type { GobValue } from "./gob-values.ts";
import type { RpcCall } from "./rpc-client.ts";
import { RpcError } from "./rpc-error.ts";

/** The engine serves callers of this authentication type alone. */
const AUTH_TRUSTED = 2;
const COMPONENT_HEALTHCHECK = 4;
const STATES: Readonly<Record<State, number>> = { unknown: 0, unhealthy: 1, healthy: 2 };

const PEER = gobStruct(67, { Component: gobInt, Identity: gobString });
/**
 * Go's Context has more fields. The engine reads none of them, and it rejects a field whose type has changed between its
 * versions: those that are not declared stay zero.
 */
const CONTEXT = gobStruct(66, { AuthType: gobInt, Peer: PEER });
const STATUS = gobStruct(71, {
  LastCheck: gobOpaque(72),
  Duration: gobInt,
  Failures: gobUint,
  Successes: gobUint,
  State: gobInt,
  Message: gobString,
});
const NOTIFICATION = gobStruct(70, { Id: gobUint, Status: STATUS });
const HEALTH_STATE = gobStruct(68, { Ctx: CONTEXT, Notifications: gobSlice(69, NOTIFICATION) });

const NS_PER_MS = 1e6;
const MS_PER_SECOND = 1_000;
/** Seconds from the year 1, from which Go counts, to 1970. */
const SECONDS_TO_1970 = 62_135_596_800n;
/** Length of Go's encoding of a time, in bytes. */
const TIME_BYTES = 15;
const TIME_VERSION = 1;
/** The offset of UTC; 0 stands for a local zone. */
const UTC = -1;

/** Creates the call that fetches the set. @param identity - shown in the engine's traces: `healthcheck [pid 4711]` */
export function fetchCall(identity: string) {
  return {
    method: "SeesawEngine.Healthchecks",
    type: CONTEXT,
    args: context(identity),
  } satisfies RpcCall<unknown>;
}

/**
 * Creates the call that reports states.
 *
 * @param identity - as in {@link fetchCall}
 * @param notifications - in order; the engine takes an `unknown` state as not healthy
 */
export function reportCall(identity: string, notifications: readonly Notification[]) {
  return {
    method: "SeesawEngine.HealthState",
    type: HEALTH_STATE,
    args: {
      Ctx: context(identity),
      Notifications: notifications.map(({ id, status }) => ({ Id: BigInt(id), Status: statusArgs(status) })),
    },
  } satisfies RpcCall<unknown>;
}

/** Validates the reply to {@link reportCall}: an integer, which means nothing. @throws RpcError */
export function checkReportReply(reply: GobValue): void {
  if (typeof reply !== "bigint") throw new RpcError("the reply to HealthState is not an integer");
}

function context(identity: string) {
  return { AuthType: AUTH_TRUSTED, Peer: { Component: COMPONENT_HEALTHCHECK, Identity: identity } };
}

function statusArgs({ state, lastCheckMs, durationMs, failures, successes, message }: Status) {
  return {
    LastCheck: lastCheckMs === undefined ? undefined : encodeTime(lastCheckMs),
    Duration: Math.max(0, Math.round(durationMs * NS_PER_MS)),
    Failures: failures,
    Successes: successes,
    State: STATES[state],
    Message: message,
  };
}

/** Encodes a time as Go's time.Time does, in UTC. @param unixMs - since 1970; its fraction is kept to the nanosecond */
export function encodeTime(unixMs: number): Uint8Array {
  const seconds = Math.floor(unixMs / MS_PER_SECOND);
  const nanoseconds = Math.round((unixMs - seconds * MS_PER_SECOND) * NS_PER_MS);
  const carried = Math.floor(nanoseconds / 1e9);
  const bytes = new Uint8Array(TIME_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, TIME_VERSION);
  view.setBigInt64(1, BigInt(seconds + carried) + SECONDS_TO_1970);
  view.setInt32(9, nanoseconds - carried * 1e9);
  view.setInt16(13, UTC);
  return bytes;
}
