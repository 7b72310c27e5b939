/** How the page stands to the server, in words. Pure. */

import { formatClock } from "../logic/format.ts";
import type { FeedState } from "./feed.ts";
import type { Freshness } from "./session.ts";

/** `polling`: there are no live events, but questions are answered. `failing`: it is the other way round. */
export type ConnectionKind = "connecting" | "live" | "polling" | "failing" | "lost";

/** The state of the connection between page and server, as text for the operator. */
export interface Connection {
  readonly kind: ConnectionKind;
  /** One or two words, always shown. */
  readonly label: string;
  /** What the operator must know; undefined while all is well. */
  readonly notice: string | undefined;
}

/** Whether what is shown may not be so any more. */
export function isStale({ kind }: Connection): boolean {
  return kind === "lost" || kind === "failing";
}

/**
 * Judges.
 *
 * @param downSinceMs - when the feed broke
 * @param shown - of the view on the screen; undefined when there is none
 */
export function connectionOf(
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
