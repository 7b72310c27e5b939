/**
 * What lives as long as the page: the live feed, and what it sets in motion. Every event has the view on the screen asked for anew,
 * once a second at most; without events it is asked for every few seconds. Knows no browser, so that tests can drive it.
 */

import type { ChangesEvent, StateChange, Totals, TotalsEvent } from "../../api.ts";
import { summarise } from "../logic/announce.ts";
import { Feed, type Stream } from "./feed.ts";
import { Cell } from "./signal.ts";

/** Why a view is to be asked for anew. */
export type Why = "tick" | "changes" | "connection";

/** How a view stands to the server. */
export interface Freshness {
  /** When the server was last heard. */
  readonly atMs: number | undefined;
  readonly error: string | undefined;
}

/** A view that can be on the screen. */
export interface Shown {
  readonly view: Cell<Freshness>;
  refresh(why: Why): void;
}

/** What the session needs of a browser. */
export interface Surroundings {
  openFeed(): Stream;
  isVisible(): boolean;
}

/** The two events of a tick come right after one another, and are one reason to ask. */
const SETTLE_MS = 20;
const POLL_MS = 3_000;
/** Between two announcements: nobody can listen to more. */
const BREATH_MS = 4_000;

/** State that lives as long as the page: the live feed, and the refresh of the visible view at most once a second. */
export class Session {
  readonly feed: Feed;
  readonly totals = new Cell<Totals | undefined>(undefined);
  /** When the feed last spoke, by this computer's clock; 0 before it has. */
  heardAtMs = 0;
  /** The server's; empty before it is known. */
  readonly version = new Cell("");
  /** What a screen reader is to say. */
  readonly announcement = new Cell("");
  /** When the feed broke; undefined while it is well. */
  readonly downSinceMs = new Cell<number | undefined>(undefined);
  readonly #surroundings: Surroundings;
  #shown: Shown | undefined;
  #why: Why = "tick";
  #asking: ReturnType<typeof setTimeout> | undefined;
  #breathing: ReturnType<typeof setTimeout> | undefined;
  #polling: ReturnType<typeof setInterval> | undefined;
  #changes: StateChange[] = [];
  #more = 0;

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
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

  #ticked({ version, ...totals }: TotalsEvent): void {
    const isBack = this.downSinceMs.value !== undefined;
    this.downSinceMs.set(undefined);
    this.heardAtMs = Date.now();
    this.totals.set(totals);
    this.version.set(version);
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

  #refreshSoon(why: Why): void {
    if (why !== "tick") this.#why = why;
    this.#asking ??= setTimeout(() => {
      const { isVisible } = this.#surroundings;
      this.#asking = undefined;
      const reason = this.#why;
      this.#why = "tick";
      if (isVisible()) this.#shown?.refresh(reason);
    }, SETTLE_MS);
  }

  #announce(): void {
    this.#breathing = undefined;
    if (this.#changes.length === 0) return;
    this.announcement.set(summarise(this.#changes, this.#more));
    this.#changes = [];
    this.#more = 0;
    this.#breathing = setTimeout(() => this.#announce(), BREATH_MS);
  }
}
