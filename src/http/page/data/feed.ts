/**
 * The live feed of the server. A browser's EventSource connects again by itself when a connection breaks, but gives up for good
 * when it is refused (503: too many viewers) and does not notice one that has died silently (a laptop that slept, a proxy). Both
 * are seen to here.
 */
import type { ChangesEvent, TotalsEvent } from "../../api.ts";
import { Cell } from "./signal.ts";

/** `down` from the moment the connection breaks until events come again. */
export type FeedState = "connecting" | "live" | "down";

/** As much of an EventSource as is needed; tests have their own. */
export interface Stream {
  /** 2: it has given up. */
  readonly readyState: number;
  addEventListener(type: string, listener: (event: { readonly data?: unknown }) => void): void;
  close(): void;
}

/** Who hears of events. */
export interface FeedListener {
  totals(event: TotalsEvent): void;
  changes(event: ChangesEvent): void;
}

const GIVEN_UP = 2;
/** The server says something every second. */
const SILENCE_MS = 6_000;
const RETRY_MS = 3_000;

/** The live feed of the server. It reconnects after every failure, and detects a connection that has died silently. */
export class Feed {
  readonly state = new Cell<FeedState>("connecting");
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
    stream.addEventListener("totals", ({ data }) => this.#heard(stream, data, this.#listener.totals));
    stream.addEventListener("changes", ({ data }) => this.#heard(stream, data, this.#listener.changes));
    stream.addEventListener("error", () => this.#broken(stream));
    this.#startIn(SILENCE_MS);
  }

  /** Disconnects for good. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#stream?.close();
    this.#stream = undefined;
  }

  #heard<Event>(stream: Stream, data: unknown, tell: (event: Event) => void): void {
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
    tell(event);
  }

  #broken(stream: Stream): void {
    if (stream !== this.#stream) return;
    this.state.set("down");
    this.#startIn(stream.readyState === GIVEN_UP ? RETRY_MS : SILENCE_MS);
  }

  /** Connects anew after a while, unless something is heard before. */
  #startIn(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.state.set("down");
      this.start();
    }, ms);
  }
}
