/** Delivery in virtual time, to a client that reads or does not. */
import { expect, test } from "bun:test";
import type { Notification } from "../../src/model/status.ts";
import { type BatchSettings, Notifier } from "../../src/notifier/notifier.ts";
import { id, notification, VirtualTime } from "../harness/fakes/fakes.ts";

const SETTINGS: BatchSettings = { delayMs: 100, maxSize: 5, notifyIntervalMs: 15_000, channelSize: 10 };

/** Drains without a deadline. */
const NEVER = new AbortController().signal;

class Fixture implements Disposable {
  readonly time = new VirtualTime();
  /** Ids of each batch that the client received. */
  readonly batches: string[] = [];
  readonly sent: string[] = [];
  readonly congested: number[] = [];
  readonly faults: unknown[] = [];
  known: Notification[] = [];
  /** Room in the client, in notifications; and how many one message holds. */
  room = Number.POSITIVE_INFINITY;
  lineHolds = Number.POSITIVE_INFINITY;
  readonly notifier: Notifier;

  constructor(settings: Partial<BatchSettings> = {}) {
    const delivery = { deliver: (batch: readonly Notification[]) => this.#deliver(batch) };
    const observer = {
      sent: (
        trigger: string,
        _waitedMs: number,
        _latenciesMs: unknown,
        { length }: { readonly length: number },
      ) => this.sent.push(`${length} ${trigger}`),
      congested: (waiting: number) => this.congested.push(waiting),
      fault: (error: unknown) => this.faults.push(error),
    };
    const all = { ...SETTINGS, ...settings };
    this.notifier = new Notifier(this.time, delivery, () => this.known, all, observer);
  }

  notify(...numbers: number[]): void {
    for (const number of numbers) this.notifier.notify(notification(number));
  }

  [Symbol.dispose](): void {
    this.notifier.disconnected();
    this.time[Symbol.dispose]();
  }

  #deliver(batch: readonly Notification[]): number {
    const taken = batch.slice(0, Math.min(this.room, this.lineHolds));
    this.room -= taken.length;
    if (taken.length > 0) this.batches.push(taken.map((one) => `${one.id}${one.status.state[0]}`).join(" "));
    return taken.length;
  }
}

test("notifier: sends nothing before a client has asked for everything", () => {
  using fixture = new Fixture();
  fixture.notify(1, 2, 3, 4, 5, 6);
  void fixture.notifier.drain(NEVER);
  fixture.time.advance(60_000);
  expect(fixture.batches).toEqual([]);
  expect(fixture.notifier.waiting).toBe(0);
});

test("notifier: a resync sends every known state, and no more", () => {
  using fixture = new Fixture();
  fixture.known = [notification(1), notification(2, "unhealthy")];
  fixture.notifier.resync();
  fixture.time.advance(100);
  expect(fixture.batches).toEqual(["1h 2u"]);
});

test("notifier: a batch goes out the delay after its first entry", () => {
  using fixture = new Fixture();
  fixture.notifier.resync();
  fixture.notify(1);
  fixture.time.advance(60);
  fixture.notify(2);
  fixture.time.advance(39);
  expect(fixture.batches).toEqual([]);
  fixture.time.advance(2);
  expect(fixture.batches).toEqual(["1h 2h"]);
  expect(fixture.sent).toEqual(["2 time_delay"]);
});

test("notifier: a full batch is sent immediately, the rest after its delay", () => {
  using fixture = new Fixture();
  fixture.notifier.resync();
  fixture.notify(1, 2, 3, 4, 5, 6);
  expect(fixture.batches).toEqual(["1h 2h 3h 4h 5h"]);
  expect(fixture.sent).toEqual(["5 size_limit"]);
  fixture.time.advance(101);
  expect(fixture.batches).toEqual(["1h 2h 3h 4h 5h", "6h"]);
});

test("notifier: of one id only the newest state is sent", () => {
  using fixture = new Fixture();
  fixture.notifier.resync();
  fixture.notify(1);
  fixture.notifier.notify(notification(1, "unhealthy"));
  fixture.time.advance(200);
  expect(fixture.batches).toEqual(["1u"]);
});

test("notifier: many are sent in several batches, in order", () => {
  using fixture = new Fixture();
  fixture.known = Array.from({ length: 12 }, (_, index) => notification(index));
  fixture.notifier.resync();
  fixture.time.advance(100);
  expect(fixture.batches).toEqual(["0h 1h 2h 3h 4h", "5h 6h 7h 8h 9h", "10h 11h"]);
});

test("notifier: what did not fit into a line goes into the next", () => {
  using fixture = new Fixture();
  fixture.lineHolds = 2;
  fixture.notifier.resync();
  fixture.notify(1, 2, 3, 4, 5);
  fixture.time.advance(101);
  expect(fixture.batches).toEqual(["1h 2h", "3h 4h", "5h"]);
});

test("notifier: when the client does not read the newest states wait, and go out when it does", () => {
  using fixture = new Fixture();
  fixture.notifier.resync();
  fixture.room = 0;
  fixture.notify(1, 2);
  fixture.time.advance(1_000);
  fixture.notifier.notify(notification(1, "unhealthy"));
  fixture.time.advance(10_000);
  expect(fixture.batches).toEqual([]);
  expect(fixture.notifier.waiting).toBe(2);
  fixture.room = 100;
  fixture.notifier.writable();
  fixture.time.advance(100);
  expect(fixture.batches).toEqual(["1u 2h"]);
});

test("notifier: a client that takes a part gets the rest when it can", () => {
  using fixture = new Fixture();
  fixture.notifier.resync();
  fixture.room = 3;
  fixture.notify(1, 2, 3, 4, 5);
  expect(fixture.batches).toEqual(["1h 2h 3h"]);
  fixture.room = 100;
  fixture.notifier.writable();
  fixture.time.advance(100);
  expect(fixture.batches).toEqual(["1h 2h 3h", "4h 5h"]);
});

test("notifier: more pending than the channel holds is logged once until it has emptied", () => {
  using fixture = new Fixture({ channelSize: 10 });
  fixture.notifier.resync();
  fixture.room = 0;
  for (let number = 0; number < 30; number++) fixture.notify(number);
  expect(fixture.congested).toEqual([11]);
  fixture.room = 100;
  fixture.notifier.writable();
  fixture.time.advance(200);
  expect(fixture.notifier.waiting).toBe(0);
  fixture.room = 0;
  for (let number = 0; number < 30; number++) fixture.notify(number);
  expect(fixture.congested).toEqual([11, 11]);
});

test("notifier: every known state is sent again at the interval", () => {
  using fixture = new Fixture();
  fixture.notifier.resync();
  fixture.known = [notification(7)];
  fixture.time.advance(14_900);
  expect(fixture.batches).toEqual([]);
  fixture.time.advance(300);
  expect(fixture.batches).toEqual(["7h"]);
  fixture.time.advance(15_000);
  expect(fixture.batches).toEqual(["7h", "7h"]);
});

test("notifier: with its client gone it sends nothing, and forgets what waited", () => {
  using fixture = new Fixture();
  fixture.notifier.resync();
  fixture.known = [notification(7)];
  fixture.notify(1);
  fixture.notifier.disconnected();
  fixture.notify(2);
  fixture.time.advance(60_000);
  expect(fixture.batches).toEqual([]);
  expect(fixture.notifier.waiting).toBe(0);
});

test("notifier: a new client receives everything, though the old one did not read", () => {
  using fixture = new Fixture();
  fixture.notifier.resync();
  fixture.room = 0;
  fixture.notify(1);
  fixture.time.advance(500);
  fixture.notifier.disconnected();
  fixture.room = 100;
  fixture.known = [notification(1), notification(2)];
  fixture.notifier.resync();
  fixture.time.advance(100);
  expect(fixture.batches).toEqual(["1h 2h"]);
});

test("notifier: a removed healthcheck is not reported", () => {
  using fixture = new Fixture();
  fixture.notifier.resync();
  fixture.notify(1, 2);
  fixture.notifier.forget(id(1));
  fixture.time.advance(100);
  expect(fixture.batches).toEqual(["2h"]);
});

test("notifier: a drain sends pending notifications immediately and settles", async () => {
  using fixture = new Fixture();
  fixture.notifier.resync();
  fixture.notify(1, 2);
  await fixture.notifier.drain(NEVER);
  expect(fixture.batches).toEqual(["1h 2h"]);
  fixture.time.advance(1_000);
  expect(fixture.batches.length).toBe(1);
});

test("notifier: a drain waits for a client that does not read, and settles once it has", async () => {
  using fixture = new Fixture();
  fixture.notifier.resync();
  fixture.room = 0;
  fixture.notify(1, 2);
  const drained = fixture.notifier.drain(NEVER);
  fixture.time.advance(1_000);
  expect(fixture.batches).toEqual([]);
  fixture.room = Number.POSITIVE_INFINITY;
  fixture.notifier.writable();
  await drained;
  expect(fixture.batches).toEqual(["1h 2h"]);
});

test.each(["abort", "disconnect"])("notifier: a drain ends on %s", async (end) => {
  using fixture = new Fixture();
  fixture.notifier.resync();
  fixture.room = 0;
  fixture.notify(1);
  const abort = new AbortController();
  const drained = fixture.notifier.drain(abort.signal);
  if (end === "abort") abort.abort();
  else fixture.notifier.disconnected();
  await drained;
  expect(fixture.notifier.waiting).toBe(end === "abort" ? 1 : 0);
});

test("notifier: new settings hold from the next batch on", () => {
  using fixture = new Fixture();
  fixture.notifier.resync();
  fixture.notifier.reconfigure({ ...SETTINGS, delayMs: 10, maxSize: 2, notifyIntervalMs: 1_000 });
  fixture.notify(1);
  fixture.time.advance(11);
  fixture.notify(2, 3);
  expect(fixture.batches).toEqual(["1h", "2h 3h"]);
  fixture.known = [notification(7)];
  fixture.time.advance(1_020);
  expect(fixture.batches.at(-1)).toBe("7h");
});

test("notifier: an operator's command is sent without waiting for more, with what is pending", () => {
  using fixture = new Fixture();
  fixture.notifier.resync();
  fixture.notify(1);
  fixture.time.advance(10);
  fixture.notify(2, 3);
  fixture.notifier.expedite();
  expect(fixture.batches).toEqual(["1h 2h 3h"]);
  // The next change waits for its batch again.
  fixture.notify(4);
  fixture.time.advance(99);
  expect(fixture.batches).toHaveLength(1);
  fixture.time.advance(1);
  expect(fixture.batches).toEqual(["1h 2h 3h", "4h"]);
});

test("notifier: without anything pending, or without a client, a command has no effect on later changes", () => {
  using fixture = new Fixture();
  fixture.notify(1);
  fixture.notifier.expedite();
  fixture.notifier.resync();
  fixture.notifier.expedite();
  fixture.notify(2);
  fixture.time.advance(99);
  expect(fixture.batches).toEqual([]);
});

test("notifier: a client that does not read receives an operator's command as soon as it reads", () => {
  using fixture = new Fixture();
  fixture.notifier.resync();
  fixture.room = 1;
  fixture.notify(1, 2);
  fixture.notifier.expedite();
  fixture.room = 10;
  expect(fixture.batches).toEqual(["1h"]);
  fixture.notifier.writable();
  expect(fixture.batches).toEqual(["1h", "2h"]);
});
