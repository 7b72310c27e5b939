/** Latency of state changes to the client, in virtual time. */
import { expect, test } from "bun:test";
import type { Notification, State } from "../../src/model/status.ts";
import { Notifier } from "../../src/notifier/notifier.ts";
import { Pending } from "../../src/notifier/pending.ts";
import { id, notification, VirtualTime } from "../harness/fakes/fakes.ts";

const SETTINGS = { delayMs: 100, maxSize: 5, notifyIntervalMs: 15_000, channelSize: 10 };

class Fixture implements Disposable {
  readonly time = new VirtualTime();
  /** Statistics of each batch: number of notifications, wait of the first, and each latency; milliseconds. */
  readonly sent: {
    readonly size: number;
    readonly waitedMs: number;
    readonly latenciesMs: readonly number[];
  }[] = [];
  known: Notification[] = [];
  /** Room in the client, in notifications. */
  room = Number.POSITIVE_INFINITY;
  readonly notifier = new Notifier(
    this.time,
    { deliver: (batch) => this.#deliver(batch) },
    () => this.known,
    SETTINGS,
    {
      sent: (_trigger, waitedMs, latenciesMs, { length: size }) =>
        void this.sent.push({
          size,
          waitedMs: Math.round(waitedMs),
          latenciesMs: latenciesMs.map(Math.round),
        }),
      congested: () => {},
      fault: () => {},
    },
  );

  constructor() {
    this.notifier.resync();
  }

  change(number: number, state: State = "healthy"): void {
    this.notifier.notify(notification(number, state));
  }

  [Symbol.dispose](): void {
    this.notifier.disconnected();
    this.time[Symbol.dispose]();
  }

  #deliver(batch: readonly Notification[]): number {
    const taken = Math.min(this.room, batch.length);
    this.room -= taken;
    return taken;
  }
}

test("latency: each state change has its own, from its result on", () => {
  using fixture = new Fixture();
  fixture.change(1);
  fixture.time.advance(30);
  fixture.change(2);
  fixture.time.advance(70);
  expect(fixture.sent).toEqual([{ size: 2, waitedMs: 100, latenciesMs: [100, 70] }]);
});

test("latency: a repeated state has none", () => {
  using fixture = new Fixture();
  fixture.known = [notification(1), notification(2)];
  fixture.time.advance(15_100);
  expect(fixture.sent).toEqual([{ size: 2, waitedMs: 100, latenciesMs: [] }]);
});

test("latency: among repeated states only the changes have one", () => {
  using fixture = new Fixture();
  fixture.known = [notification(1), notification(2)];
  fixture.time.advance(14_950);
  fixture.change(2, "unhealthy");
  fixture.time.advance(150);
  expect(fixture.sent).toEqual([{ size: 2, waitedMs: 100, latenciesMs: [100] }]);
});

test("latency: it runs from the oldest change that the client does not know of", () => {
  using fixture = new Fixture();
  fixture.room = 0;
  fixture.change(1, "unhealthy");
  fixture.time.advance(1_000);
  fixture.change(1, "healthy");
  fixture.time.advance(500);
  fixture.room = 10;
  fixture.notifier.writable();
  fixture.time.advance(1);
  expect(fixture.sent).toEqual([{ size: 1, waitedMs: 1_500, latenciesMs: [1_500] }]);
});

test("latency: a resync does not make a pending change younger", () => {
  using fixture = new Fixture();
  fixture.room = 0;
  fixture.change(1);
  fixture.known = [notification(1)];
  fixture.time.advance(15_500);
  fixture.room = 10;
  fixture.notifier.writable();
  fixture.time.advance(1);
  expect(fixture.sent.map(({ latenciesMs }) => latenciesMs)).toEqual([[15_500]]);
});

test("latency: a part that the client did not take has it once it is taken", () => {
  using fixture = new Fixture();
  fixture.room = 1;
  fixture.change(1);
  fixture.change(2);
  fixture.time.advance(100);
  fixture.time.advance(400);
  fixture.room = 10;
  fixture.notifier.writable();
  fixture.time.advance(1);
  expect(fixture.sent.map(({ latenciesMs }) => latenciesMs)).toEqual([[100], [500]]);
});

test("latency: a change without a client has none, and neither has one of a removed healthcheck", () => {
  using fixture = new Fixture();
  fixture.notifier.disconnected();
  fixture.change(1);
  fixture.time.advance(1_000);
  fixture.known = [notification(1)];
  fixture.notifier.resync();
  fixture.change(2);
  fixture.notifier.forget(id(2));
  fixture.time.advance(200);
  expect(fixture.sent).toEqual([{ size: 1, waitedMs: 100, latenciesMs: [] }]);
});

test("pending: settling returns the age of each change, and nothing about the rest", () => {
  const pending = new Pending();
  const [again, changed, both] = [notification(1), notification(2), notification(3, "unhealthy")];
  pending.put(again, 10, "again");
  pending.put(changed, 20, "changed");
  pending.put(notification(3), 30, "changed");
  pending.put(both, 40, "again");
  expect(pending.settle(pending.first(10))).toEqual([20, 30]);
  expect(pending.size).toBe(0);
});

test("pending: a change of a pending repetition waits since the change, at its old position", () => {
  const pending = new Pending();
  pending.put(notification(1), 10, "again");
  pending.put(notification(1, "unhealthy"), 50, "changed");
  expect(pending.sinceMs).toBe(10);
  expect(pending.settle(pending.first(1))).toEqual([50]);
});
