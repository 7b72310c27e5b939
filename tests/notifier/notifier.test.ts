/** Delivery in virtual time, to a client that reads or does not. */
import { expect, test } from "bun:test";
import type { Notification } from "../../src/model/status.ts";
import { type BatchSettings, Notifier } from "../../src/notifier/notifier.ts";
import { id, notification, VirtualTime } from "../harness/fakes/fakes.ts";

const SETTINGS: BatchSettings = { delayMs: 100, maxSize: 5, notifyIntervalMs: 15_000, channelSize: 10 };

/** Drains without a deadline. */
const NEVER = new AbortController().signal;

class Bench implements Disposable {
  readonly time = new VirtualTime();
  /** What the client got: the ids of each batch. */
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
  using bench = new Bench();
  bench.notify(1, 2, 3, 4, 5, 6);
  void bench.notifier.drain(NEVER);
  bench.time.advance(60_000);
  expect(bench.batches).toEqual([]);
  expect(bench.notifier.waiting).toBe(0);
});

test("notifier: a resync tells everything known, and no more", () => {
  using bench = new Bench();
  bench.known = [notification(1), notification(2, "unhealthy")];
  bench.notifier.resync();
  bench.time.advance(100);
  expect(bench.batches).toEqual(["1h 2u"]);
});

test("notifier: a batch goes out the delay after its first entry", () => {
  using bench = new Bench();
  bench.notifier.resync();
  bench.notify(1);
  bench.time.advance(60);
  bench.notify(2);
  bench.time.advance(39);
  expect(bench.batches).toEqual([]);
  bench.time.advance(2);
  expect(bench.batches).toEqual(["1h 2h"]);
  expect(bench.sent).toEqual(["2 time_delay"]);
});

test("notifier: a full batch goes out at once, the rest after its delay", () => {
  using bench = new Bench();
  bench.notifier.resync();
  bench.notify(1, 2, 3, 4, 5, 6);
  expect(bench.batches).toEqual(["1h 2h 3h 4h 5h"]);
  expect(bench.sent).toEqual(["5 size_limit"]);
  bench.time.advance(101);
  expect(bench.batches).toEqual(["1h 2h 3h 4h 5h", "6h"]);
});

test("notifier: of one id only the newest state is told", () => {
  using bench = new Bench();
  bench.notifier.resync();
  bench.notify(1);
  bench.notifier.notify(notification(1, "unhealthy"));
  bench.time.advance(200);
  expect(bench.batches).toEqual(["1u"]);
});

test("notifier: many are told in several batches, in order", () => {
  using bench = new Bench();
  bench.known = Array.from({ length: 12 }, (_, index) => notification(index));
  bench.notifier.resync();
  bench.time.advance(100);
  expect(bench.batches).toEqual(["0h 1h 2h 3h 4h", "5h 6h 7h 8h 9h", "10h 11h"]);
});

test("notifier: what did not fit into a line goes into the next", () => {
  using bench = new Bench();
  bench.lineHolds = 2;
  bench.notifier.resync();
  bench.notify(1, 2, 3, 4, 5);
  bench.time.advance(101);
  expect(bench.batches).toEqual(["1h 2h", "3h 4h", "5h"]);
});

test("notifier: when the client does not read the newest states wait, and go out when it does", () => {
  using bench = new Bench();
  bench.notifier.resync();
  bench.room = 0;
  bench.notify(1, 2);
  bench.time.advance(1_000);
  bench.notifier.notify(notification(1, "unhealthy"));
  bench.time.advance(10_000);
  expect(bench.batches).toEqual([]);
  expect(bench.notifier.waiting).toBe(2);
  bench.room = 100;
  bench.notifier.writable();
  bench.time.advance(100);
  expect(bench.batches).toEqual(["1u 2h"]);
});

test("notifier: a client that takes a part gets the rest when it can", () => {
  using bench = new Bench();
  bench.notifier.resync();
  bench.room = 3;
  bench.notify(1, 2, 3, 4, 5);
  expect(bench.batches).toEqual(["1h 2h 3h"]);
  bench.room = 100;
  bench.notifier.writable();
  bench.time.advance(100);
  expect(bench.batches).toEqual(["1h 2h 3h", "4h 5h"]);
});

test("notifier: more waiting than the channel holds is told once until it has emptied", () => {
  using bench = new Bench({ channelSize: 10 });
  bench.notifier.resync();
  bench.room = 0;
  for (let number = 0; number < 30; number++) bench.notify(number);
  expect(bench.congested).toEqual([11]);
  bench.room = 100;
  bench.notifier.writable();
  bench.time.advance(200);
  expect(bench.notifier.waiting).toBe(0);
  bench.room = 0;
  for (let number = 0; number < 30; number++) bench.notify(number);
  expect(bench.congested).toEqual([11, 11]);
});

test("notifier: everything known is told again at the interval", () => {
  using bench = new Bench();
  bench.notifier.resync();
  bench.known = [notification(7)];
  bench.time.advance(14_900);
  expect(bench.batches).toEqual([]);
  bench.time.advance(300);
  expect(bench.batches).toEqual(["7h"]);
  bench.time.advance(15_000);
  expect(bench.batches).toEqual(["7h", "7h"]);
});

test("notifier: with its client gone it sends nothing, and forgets what waited", () => {
  using bench = new Bench();
  bench.notifier.resync();
  bench.known = [notification(7)];
  bench.notify(1);
  bench.notifier.disconnected();
  bench.notify(2);
  bench.time.advance(60_000);
  expect(bench.batches).toEqual([]);
  expect(bench.notifier.waiting).toBe(0);
});

test("notifier: a new client is told everything, though the old one did not read", () => {
  using bench = new Bench();
  bench.notifier.resync();
  bench.room = 0;
  bench.notify(1);
  bench.time.advance(500);
  bench.notifier.disconnected();
  bench.room = 100;
  bench.known = [notification(1), notification(2)];
  bench.notifier.resync();
  bench.time.advance(100);
  expect(bench.batches).toEqual(["1h 2h"]);
});

test("notifier: a healthcheck that is gone is not told of", () => {
  using bench = new Bench();
  bench.notifier.resync();
  bench.notify(1, 2);
  bench.notifier.forget(id(1));
  bench.time.advance(100);
  expect(bench.batches).toEqual(["2h"]);
});

test("notifier: a drain sends pending notifications immediately and settles", async () => {
  using bench = new Bench();
  bench.notifier.resync();
  bench.notify(1, 2);
  await bench.notifier.drain(NEVER);
  expect(bench.batches).toEqual(["1h 2h"]);
  bench.time.advance(1_000);
  expect(bench.batches.length).toBe(1);
});

test("notifier: a drain waits for a client that does not read, and settles once it has", async () => {
  using bench = new Bench();
  bench.notifier.resync();
  bench.room = 0;
  bench.notify(1, 2);
  const drained = bench.notifier.drain(NEVER);
  bench.time.advance(1_000);
  expect(bench.batches).toEqual([]);
  bench.room = Number.POSITIVE_INFINITY;
  bench.notifier.writable();
  await drained;
  expect(bench.batches).toEqual(["1h 2h"]);
});

test.each(["abort", "disconnect"])("notifier: a drain ends on %s", async (end) => {
  using bench = new Bench();
  bench.notifier.resync();
  bench.room = 0;
  bench.notify(1);
  const abort = new AbortController();
  const drained = bench.notifier.drain(abort.signal);
  if (end === "abort") abort.abort();
  else bench.notifier.disconnected();
  await drained;
  expect(bench.notifier.waiting).toBe(end === "abort" ? 1 : 0);
});

test("notifier: new settings hold from the next batch on", () => {
  using bench = new Bench();
  bench.notifier.resync();
  bench.notifier.reconfigure({ ...SETTINGS, delayMs: 10, maxSize: 2, notifyIntervalMs: 1_000 });
  bench.notify(1);
  bench.time.advance(11);
  bench.notify(2, 3);
  expect(bench.batches).toEqual(["1h", "2h 3h"]);
  bench.known = [notification(7)];
  bench.time.advance(1_020);
  expect(bench.batches.at(-1)).toBe("7h");
});
