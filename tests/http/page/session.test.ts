/** The live feed of the status page and what it sets in motion. Run by `bun test`. */
import { expect, test } from "bun:test";
import type { Stream } from "../../../src/http/page/data/feed.ts";
import {
  type Freshness,
  type RefreshReason,
  Session,
  type Shown,
} from "../../../src/http/page/data/session.ts";
import { Signal } from "../../../src/http/page/data/signal.ts";
import { VirtualTime } from "../../harness/fakes/fakes.ts";

const TOTALS = { healthchecks: 3, healthy: 2, unhealthy: 1, unknown: 0, version: "0.1.0" };
const CHANGE = {
  id: "1",
  type: "tcp",
  target: "tcp://10.0.0.1:80",
  from: "healthy",
  to: "unhealthy",
  at: "2026-11-22T18:49:38Z",
  reason: "L4CON refused",
};

/** An EventSource of the test's own. */
class FakeStream implements Stream {
  readyState = 0;
  closed = false;
  readonly #listeners = new Map<string, (event: { readonly data?: unknown }) => void>();

  addEventListener(type: string, listener: (event: { readonly data?: unknown }) => void): void {
    this.#listeners.set(type, listener);
  }

  close(): void {
    this.closed = true;
  }

  send(type: string, data: unknown): void {
    this.#listeners.get(type)?.({ data: JSON.stringify(data) });
  }

  /** @param givenUp - the browser does not reconnect */
  break(givenUp: boolean): void {
    this.readyState = givenUp ? 2 : 0;
    this.#listeners.get("error")?.({});
  }
}

class FakeView implements Shown {
  readonly view = new Signal<Freshness>({ atMs: undefined, error: undefined });
  readonly refreshed: RefreshReason[] = [];

  refresh(why: RefreshReason): void {
    this.refreshed.push(why);
  }
}

/** A session with a view on the screen that has been asked for. */
function started() {
  const streams: FakeStream[] = [];
  const surroundings = {
    visible: true,
    openFeed: () => {
      const stream = new FakeStream();
      streams.push(stream);
      return stream;
    },
    isVisible: () => surroundings.visible,
  };
  const session = new Session(surroundings);
  const view = new FakeView();
  session.show(view);
  session.start();
  const stream = () => {
    const last = streams.at(-1);
    if (last === undefined) throw new Error("nothing was opened");
    return last;
  };
  return { session, view, streams, stream, surroundings };
}

test("page session: a tick with changes is one reason to ask, and asks once", () => {
  using time = new VirtualTime();
  const { session, view, stream } = started();
  stream().send("totals", TOTALS);
  time.advance(100);
  view.refreshed.length = 0;
  stream().send("totals", TOTALS);
  stream().send("changes", { changes: [CHANGE], more: 0 });
  time.advance(100);
  expect(view.refreshed).toEqual(["changes"]);
  expect(session.totals.value).toEqual({ healthchecks: 3, healthy: 2, unhealthy: 1, unknown: 0 });
  expect(session.version.value).toBe("0.1.0");
  session.stop();
});

test("page session: a hidden page requests nothing but keeps its totals, and is refreshed when it becomes visible", () => {
  using time = new VirtualTime();
  const { session, view, stream, surroundings } = started();
  stream().send("totals", TOTALS);
  time.advance(100);
  view.refreshed.length = 0;
  surroundings.visible = false;
  stream().send("totals", { ...TOTALS, unhealthy: 2 });
  time.advance(1_000);
  expect(view.refreshed).toEqual([]);
  expect(session.totals.value?.unhealthy).toBe(2);
  surroundings.visible = true;
  session.wake();
  time.advance(100);
  expect(view.refreshed).toEqual(["connection"]);
  session.stop();
});

test("page session: announcements are put together, so that they can be listened to", () => {
  using time = new VirtualTime();
  const { session, stream } = started();
  stream().send("changes", { changes: [CHANGE], more: 0 });
  expect(session.announcement.value).toBe("tcp://10.0.0.1:80 is unhealthy: L4CON refused");
  for (const id of ["2", "3"]) stream().send("changes", { changes: [{ ...CHANGE, id }], more: 0 });
  expect(session.announcement.value).toContain("10.0.0.1");
  time.advance(4_000);
  expect(session.announcement.value).toBe("2 became unhealthy");
  session.stop();
});

test("page session: a feed that breaks is down until its next event; meanwhile the view is polled", () => {
  using time = new VirtualTime();
  const { session, view, stream, streams } = started();
  stream().send("totals", TOTALS);
  expect(session.feed.state.value).toBe("live");
  stream().break(false);
  expect(session.feed.state.value).toBe("down");
  expect(session.downSinceMs.value).toBe(Date.now());
  time.advance(100);
  view.refreshed.length = 0;
  time.advance(3_000);
  expect(view.refreshed.length).toBeGreaterThan(0);
  // The browser has reconnected without the page.
  stream().send("totals", TOTALS);
  expect([session.feed.state.value, session.downSinceMs.value, streams.length]).toEqual([
    "live",
    undefined,
    1,
  ]);
  session.stop();
});

test("page session: the first event after a loss refreshes the view", () => {
  using time = new VirtualTime();
  const { session, view, stream } = started();
  stream().send("totals", TOTALS);
  stream().break(false);
  time.advance(100);
  view.refreshed.length = 0;
  stream().send("totals", TOTALS);
  time.advance(100);
  expect(view.refreshed).toEqual(["connection"]);
  session.stop();
});

test("page session: a feed that is refused is tried again, which browsers do not do", () => {
  using time = new VirtualTime();
  const { session, stream, streams } = started();
  stream().break(true);
  expect(streams).toHaveLength(1);
  time.advance(3_000);
  expect(streams).toHaveLength(2);
  expect(streams[0]?.closed).toBe(true);
  stream().send("totals", TOTALS);
  expect(session.feed.state.value).toBe("live");
  session.stop();
});

test("page session: a silent feed counts as broken, and its late events are ignored", () => {
  using time = new VirtualTime();
  const { session, streams, stream } = started();
  stream().send("totals", TOTALS);
  time.advance(5_000);
  stream().send("totals", TOTALS);
  time.advance(5_000);
  expect(session.feed.state.value).toBe("live");
  time.advance(1_000);
  expect(session.feed.state.value).toBe("down");
  expect(streams).toHaveLength(2);
  streams[0]?.send("totals", { ...TOTALS, unhealthy: 9 });
  expect(session.totals.value?.unhealthy).toBe(1);
  session.stop();
});

test("page session: nonsense from the feed changes nothing", () => {
  using time = new VirtualTime();
  const { session, stream } = started();
  stream().send("totals", undefined);
  time.advance(100);
  expect(session.totals.value).toBeUndefined();
  session.stop();
});

test("page session: a view that was taken off the screen is not asked for", () => {
  using time = new VirtualTime();
  const { session, view, stream } = started();
  const takeOff = session.show(view);
  takeOff();
  view.refreshed.length = 0;
  stream().send("totals", TOTALS);
  time.advance(100);
  expect(view.refreshed).toEqual([]);
  session.stop();
});
