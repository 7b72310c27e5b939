/**
 * States that a client has received, and requests for more. Called by the tests of the daemon.
 */

import { until } from "../base/wait.ts";
import type { Client } from "./client.ts";
import type { Status, StatusEntry } from "./messages.ts";

const ANSWER_MS = 10_000;

/** One notification and when it arrived. */
export interface Arrival extends StatusEntry {
  /** Milliseconds since the epoch. */
  readonly wallMs: number;
}

let barriers = 0;

/** Every notification so far, oldest first. */
export function notifications(client: Client): Arrival[] {
  const offsetMs = Date.now() - performance.now();
  return client.lines
    .filter(({ type }) => type === "notification_batch")
    .flatMap(({ statuses, receivedAtMs }) =>
      statuses.map((entry) => ({ ...entry, wallMs: receivedAtMs + offsetMs })),
    );
}

/** Waits for the first notification from the `after`th on, counted over all, that the predicate takes. */
export function nextNotification(
  client: Client,
  after: number,
  predicate: (arrival: Arrival) => boolean,
  timeoutMs = ANSWER_MS,
): Promise<Arrival> {
  const look = () => notifications(client).slice(after).find(predicate);
  return until(
    look,
    timeoutMs,
    () => `a notification; the last is ${client.lines.at(-1)?.raw.slice(0, 300)}`,
  );
}

/** Waits until the client has received a state of the id. */
export function stateOf(client: Client, id: string | number, state: string, timeoutMs = ANSWER_MS) {
  const key = String(id);
  const look = () => {
    const status = client.latest.get(key);
    return status?.state === state ? status : undefined;
  };
  const what = () => `${key} to be ${state}; it is ${JSON.stringify(client.latest.get(key))}`;
  return until(look, timeoutMs, what);
}

/** Waits until the client has received a state of every id. @returns those states */
export function firstStates(client: Client, ids: readonly number[], timeoutMs: number): Promise<string[]> {
  const look = () => {
    const states = ids.map((id) => client.latest.get(String(id))?.state ?? "unknown");
    return states.includes("unknown") ? undefined : states;
  };
  return until(look, timeoutMs, () => `a state of each of ${ids}`);
}

/**
 * Waits until the server has handled everything sent before.
 * How: lines are handled in order, and one of an unknown type is answered with an `error` that repeats it.
 */
export async function handled(client: Client): Promise<void> {
  const mark = `barrier-${barriers++}`;
  client.send({ type: mark });
  await client.waitFor(({ type, message }) => type === "error" && (message ?? "").includes(mark), ANSWER_MS);
}

/** Asks for every status, over as many lines as the answer takes. */
export async function requestStatus(client: Client): Promise<ReadonlyMap<string, Status>> {
  const before = client.lines.length;
  client.send({ type: "request_status" });
  await handled(client);
  const lines = client.lines.slice(before).filter(({ type }) => type === "status_response");
  return new Map(lines.flatMap(({ statuses }) => statuses.map(({ id, status }) => [id, status] as const)));
}

/** Returns the end of the check of a status: its start plus its duration; milliseconds since the epoch. */
export function resultWallMs({ last_check, duration }: Status): number {
  if (last_check === undefined) throw new Error("a status without last_check");
  return Date.parse(last_check) + duration / 1e6;
}
