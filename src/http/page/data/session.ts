/**
 * State that lives as long as the page: the live feed, and the refreshes that it causes. Each event refreshes the view
 * on the screen, at most once a second; without events it is refreshed every few seconds. Does not depend on a browser,
 * so that tests can drive it.
 */

import type { ChangesEvent, NetworkFault, StateChange, Totals, TotalsEvent } from "../../api.ts";
import { summarizeChanges } from "../logic/announce.ts";
import { Feed, type Stream } from "./feed.ts";
import { Signal } from "./signal.ts";

/** Reason for a refresh. */
export type RefreshReason = "tick" | "changes" | "connection";

/** Freshness of a view. */
export interface Freshness {
  /** Time of the last response. */
  readonly atMs: number | undefined;
  readonly error: string | undefined;
}

/** A view that can be on the screen. */
export interface Shown {
  readonly view: Signal<Freshness>;
  refresh(why: RefreshReason): void;
}

/** Functions of the browser that the session uses. */
export interface SessionEnvironment {
  openFeed(): Stream;
  isVisible(): boolean;
}

/** The two events of a tick come right after one another, and are one reason to ask. */
const SETTLE_MS = 20;
const POLL_MS = 3_000;
/** Interval of announcements: a screen reader needs time to read each. */
const ANNOUNCEMENT_INTERVAL_MS = 4_000;

/** State that lives as long as the page: the live feed, and the refresh of the visible view at most once a second. */
export class Session {
  readonly feed: Feed;
  readonly totals = new Signal<Totals | undefined>(undefined);
  /** Time of the last event of the feed, by this computer's clock; 0 before the first. */
  lastEventAtMs = 0;
  /** Fault of the server's network; undefined while it works. */
  readonly network = new Signal<NetworkFault | undefined>(undefined);
  /** The server's; empty before it is known. */
  readonly version = new Signal("");
  /** Text that a screen reader announces. */
  readonly announcement = new Signal("");
  /** Time since which the feed is down; undefined while it works. */
  readonly downSinceMs = new Signal<number | undefined>(undefined);
  readonly #environment: SessionEnvironment;
  #shown: Shown | undefined;
  #why: RefreshReason = "tick";
  #asking: ReturnType<typeof setTimeout> | undefined;
  #breathing: ReturnType<typeof setTimeout> | undefined;
  #polling: ReturnType<typeof setInterval> | undefined;
  #changes: StateChange[] = [];
  #more = 0;

  constructor(surroundings: SessionEnvironment) {
    this.#environment = surroundings;
    this.feed = new Feed(surroundings.openFeed, {
      totals: (event) => this.#ticked(event),
      changes: (event) => this.#changed(event),
    });
    this.feed.state.watch(() => this.#switched());
  }

  /** Connects. */
  start(): void {
    this.feed.start();
    this.#polling = setInterval(() => {
      if (this.feed.state.value !== "live") this.#refreshSoon("tick");
    }, POLL_MS);
  }

  /** Disconnects for good. */
  stop(): void {
    this.feed.stop();
    clearInterval(this.#polling);
    clearTimeout(this.#asking);
    clearTimeout(this.#breathing);
  }

  /** Puts a view on the screen, and keeps it fresh. @returns takes it off */
  show(shown: Shown): () => void {
    this.#shown = shown;
    return () => {
      if (this.#shown === shown) this.#shown = undefined;
    };
  }

  /** The page can be seen again. */
  wake(): void {
    this.#refreshSoon("connection");
  }

  #ticked({ version, network, ...totals }: TotalsEvent): void {
    const isBack = this.downSinceMs.value !== undefined;
    this.downSinceMs.set(undefined);
    this.lastEventAtMs = Date.now();
    this.totals.set(totals);
    this.version.set(version);
    this.network.set(network);
    this.#refreshSoon(isBack ? "connection" : "tick");
  }

  #changed({ changes, more }: ChangesEvent): void {
    this.#changes.push(...changes);
    this.#more += more;
    this.#refreshSoon("changes");
    if (this.#breathing === undefined) this.#announce();
  }

  #switched(): void {
    if (this.feed.state.value !== "down") return;
    this.downSinceMs.set(Date.now());
    this.#refreshSoon("connection");
  }

  #refreshSoon(why: RefreshReason): void {
    if (why !== "tick") this.#why = why;
    this.#asking ??= setTimeout(() => {
      const { isVisible } = this.#environment;
      this.#asking = undefined;
      const reason = this.#why;
      this.#why = "tick";
      if (isVisible()) this.#shown?.refresh(reason);
    }, SETTLE_MS);
  }

  #announce(): void {
    this.#breathing = undefined;
    if (this.#changes.length === 0) return;
    this.announcement.set(summarizeChanges(this.#changes, this.#more));
    this.#changes = [];
    this.#more = 0;
    this.#breathing = setTimeout(() => this.#announce(), ANNOUNCEMENT_INTERVAL_MS);
  }
}
