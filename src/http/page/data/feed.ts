/**
 * The live feed of the server. A browser's EventSource reconnects alone when a connection breaks, but stops for good
 * when it is rejected (503: too many viewers) and does not notice a connection that has died silently (a laptop that
 * slept, a proxy). This class handles both.
 */
import type { ChangesEvent, TotalsEvent } from "../../api.ts";
import { Signal } from "./signal.ts";

/** `down` from the moment the connection breaks until events come again. */
export type FeedState = "connecting" | "live" | "down";

/** As much of an EventSource as is needed; tests have their own. */
export interface Stream {
  /** 2: closed for good. */
  readonly readyState: number;
  addEventListener(type: string, listener: (event: { readonly data?: unknown }) => void): void;
  close(): void;
}

/** Receiver of events. */
export interface FeedListener {
  totals(event: TotalsEvent): void;
  changes(event: ChangesEvent): void;
}

const GIVEN_UP = 2;
/** Longest silence before a reconnect; the server sends an event every second. */
const SILENCE_MS = 6_000;
const RETRY_MS = 3_000;

/** The live feed of the server. It reconnects after every failure, and detects a connection that has died silently. */
export class Feed {
  readonly state = new Signal<FeedState>("connecting");
  readonly #open: () => Stream;
  readonly #listener: FeedListener;
  #stream: Stream | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param open - connects */
  constructor(open: () => Stream, listener: FeedListener) {
    this.#open = open;
    this.#listener = listener;
  }

  /** Connects, and stays connected. */
  start(): void {
    this.stop();
    const stream = this.#open();
    this.#stream = stream;
    stream.addEventListener("totals", ({ data }) => this.#receive(stream, data, this.#listener.totals));
    stream.addEventListener("changes", ({ data }) => this.#receive(stream, data, this.#listener.changes));
    stream.addEventListener("error", () => this.#broken(stream));
    this.#startIn(SILENCE_MS);
  }

  /** Disconnects for good. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#stream?.close();
    this.#stream = undefined;
  }

  #receive<Event>(stream: Stream, data: unknown, update: (event: Event) => void): void {
    if (stream !== this.#stream) return;
    this.#startIn(SILENCE_MS);
    let event: Event;
    try {
      // The cast trusts the server, which is compiled together with this page.
      event = JSON.parse(String(data)) as Event;
    } catch {
      return;
    }
    this.state.set("live");
    update(event);
  }

  #broken(stream: Stream): void {
    if (stream !== this.#stream) return;
    this.state.set("down");
    this.#startIn(stream.readyState === GIVEN_UP ? RETRY_MS : SILENCE_MS);
  }

  /** Reconnects after a delay, unless an event arrives before. */
  #startIn(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.state.set("down");
      this.start();
    }, ms);
  }
}
