/** Connection of the page to the server, described for display. Pure. */

import { formatClock } from "../logic/format.ts";
import type { FeedState } from "./feed.ts";
import type { Freshness } from "./session.ts";

/** `polling`: there are no live events, but requests succeed. `failing`: the other way round. */
export type ConnectionKind = "connecting" | "live" | "polling" | "failing" | "lost";

/** The state of the connection between page and server, as text for the operator. */
export interface Connection {
  readonly kind: ConnectionKind;
  /** Label of one or two words, always shown. */
  readonly label: string;
  /** Notice for the operator; undefined while all is well. */
  readonly notice: string | undefined;
}

/** Returns true when the shown data may be outdated. */
export function isStale({ kind }: Connection): boolean {
  return kind === "lost" || kind === "failing";
}

/**
 * Derives the state of the connection.
 *
 * @param downSinceMs - time since which the feed is down
 * @param shown - the view on the screen; undefined before the first
 */
export function connectionStatus(
  feed: FeedState,
  downSinceMs: number | undefined,
  shown: Freshness | undefined,
): Connection {
  const { atMs, error } = shown ?? {};
  if (feed !== "down") {
    if (error !== undefined)
      return { kind: "failing", label: "Error", notice: `Not up to date: ${error}.${asOf(atMs)}` };
    return feed === "live"
      ? { kind: "live", label: "Live", notice: undefined }
      : { kind: "connecting", label: "Connecting", notice: undefined };
  }
  const isAnswered = error === undefined && atMs !== undefined && atMs > (downSinceMs ?? 0);
  return isAnswered
    ? {
        kind: "polling",
        label: "Polling",
        notice: "No live updates, retrying. The page refreshes every few seconds instead.",
      }
    : {
        kind: "lost",
        label: "Reconnecting",
        notice: `Connection lost, retrying.${because(error)}${asOf(atMs)}`,
      };
}

function because(error: string | undefined): string {
  return error === undefined ? "" : ` Last attempt: ${error}.`;
}

function asOf(atMs: number | undefined): string {
  return atMs === undefined ? "" : ` Showing data from ${formatClock(atMs)}.`;
}
