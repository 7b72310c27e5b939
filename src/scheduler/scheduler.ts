/**
 * The real clock behind the timer wheels: one timer for the whole process. Each tick polls the dialer for the outcomes of
 * connections, ends the checks whose deadline has passed, and starts those that are due. Starts use real time, timeouts
 * running time (see running-time.ts).
 *
 * If more checks are due than fit into a tick, the rest is started in later ticks, first due first, so that all are equally late.
 */
import { Waiters } from "../model/waiters.ts";
import type { Clock } from "../system/clock.ts";
import type { Dialer } from "../system/dialer.ts";
import { RunningTime } from "./running-time.ts";
import { Wheel, WheelEntry } from "./wheel.ts";

/** A task with due times, such as a monitor. */
export interface Startable {
  /**
   * Starts the task.
   *
   * @param dueMs - its due time
   * @param nowMs - its actual start, not before `dueMs`
   */
  begin(dueMs: number, nowMs: number): void;
}

/** Receives the events of the scheduler, and decides whether checks may start. */
export interface SchedulerEvents {
  /** Receives that the event loop stalled. */
  stalled(stallMs: number): void;
  /** Receives a tick. @param lateMs - milliseconds after its planned time */
  ticked(lateMs: number): void;
  /** Receives an exception of a callback; the other callbacks run. */
  fault(error: unknown): void;
  /** Returns true if there are resources for another check; otherwise due checks wait, first due first. */
  mayStart(): boolean;
}

/** A start; its owner keeps the entry and schedules it repeatedly. */
export type StartEntry = WheelEntry<Startable>;
/** A callback that is scheduled on running time. */
export type TimerEntry = WheelEntry<() => void>;

/**
 * Minimum time between ticks, so that neighboring starts share one: waking up costs more than a check. With many starts
 * the ticks come closer together.
 */
const TICK_MS = 8;
const BUSY_TICK_MS = 4;
/** Number of starts in a tick from which {@link BUSY_TICK_MS} applies. */
const BUSY_STARTS = 24;
/** Maximum time between ticks while a check is under way, so that every stall is noticed. */
const WATCH_MS = 20;
/** Maximum time between ticks when no check is under way. */
const SLEEP_MS = 1_000;
/** Lateness of a tick from which the scheduler counts as dead. */
export const SCHEDULER_DEAD_MS = 5_000;
/** Time that a tick may spend on starting checks. */
const START_BUDGET_MS = 5;
/** Number of starts after which the clock is read to check the budget. */
const STARTS_PER_CLOCK_READ = 16;

/** Starts checks when they are due, and ends them at their deadlines, with one timer for the whole process. */
export class Scheduler {
  readonly #clock: Clock;
  readonly #dialer: Dialer;
  readonly #events: SchedulerEvents;
  readonly #starts: Wheel<Startable>;
  readonly #timers = new Wheel<() => void>(0);
  readonly #runningTime: RunningTime;
  /** Due and not started yet, in the order of their due times. */
  readonly #ready: StartEntry[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #wakeAtMs = Number.POSITIVE_INFINITY;
  #lastTickMs: number;
  #tickMs = TICK_MS;
  #ticking = false;
  #stopped = false;
  readonly #idleWaiters = new Waiters();

  constructor(clock: Clock, dialer: Dialer, events: SchedulerEvents) {
    this.#clock = clock;
    this.#dialer = dialer;
    this.#events = events;
    const nowMs = clock.nowMs();
    this.#starts = new Wheel(nowMs);
    this.#runningTime = new RunningTime(nowMs);
    this.#lastTickMs = nowMs;
  }

  /** Total time for which the event loop has stalled, the current stall included; milliseconds. */
  get stalledMs(): number {
    return this.#runningTime.stalledMs(this.#clock.nowMs());
  }

  /** A clock that stops while the event loop stalls, for measuring backends; milliseconds. */
  get activeMs(): number {
    const nowMs = this.#clock.nowMs();
    return nowMs - this.#runningTime.stalledMs(nowMs);
  }

  /** Number of checks that are due and not started. */
  get backlog(): number {
    return this.#ready.length;
  }

  /** Milliseconds for which the next tick has been due; 0 if it is not. */
  get overdueMs(): number {
    return Math.max(0, this.#clock.nowMs() - this.#wakeAtMs);
  }

  /** Makes an entry for {@link startAt}. */
  entry(startable: Startable): StartEntry {
    return new WheelEntry(startable);
  }

  /** Schedules a start at a real time, or moves it. */
  startAt(entry: StartEntry, atMs: number): void {
    this.#starts.schedule(entry, atMs);
    this.#wakeBy(atMs);
  }

  /** Cancels a start. One that is already due is still called: its owner must ignore it. */
  cancelStart(entry: StartEntry): void {
    this.#starts.cancel(entry);
  }

  /** Makes an entry for {@link callAfter}. */
  timer(callback: () => void): TimerEntry {
    return new WheelEntry(callback);
  }

  /** Schedules a callback after `delayMs` of running time, or moves it. */
  callAfter(entry: TimerEntry, delayMs: number): void {
    const nowMs = this.#clock.nowMs();
    this.#timers.schedule(entry, this.#runningTime.at(nowMs) + delayMs);
    this.#wakeBy(nowMs + Math.min(delayMs, WATCH_MS));
  }

  /** Cancels a timer. */
  cancelTimer(entry: TimerEntry): void {
    this.#timers.cancel(entry);
  }

  /** Calls back after `delayMs` of running time. @returns function that cancels it */
  after(delayMs: number, callback: () => void): () => void {
    const entry = this.timer(callback);
    this.callAfter(entry, delayMs);
    return () => this.cancelTimer(entry);
  }

  /** Settles when no connection is under way, at the end of a tick, or when the signal aborts. */
  async waitIdle(signal: AbortSignal): Promise<void> {
    if (this.#dialer.pending > 0) await this.#idleWaiters.wait(signal);
  }

  /** Stops ticking: nothing starts, and no timer fires. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #tick(): void {
    this.#ticking = true;
    const nowMs = this.#clock.nowMs();
    const stallMs = this.#runningTime.tick(nowMs);
    this.#lastTickMs = nowMs;
    try {
      this.#events.ticked(nowMs - this.#wakeAtMs);
      if (stallMs > 0) this.#events.stalled(stallMs);
      // Answers first: a result that is available now is not late.
      this.#dialer.poll();
      for (const entry of this.#timers.advance(this.#runningTime.nowMs)) this.#fire(entry.value);
      for (const entry of this.#starts.advance(nowMs)) this.#ready.push(entry);
      this.#beginReady(nowMs);
      // Nearby backends have answered already.
      this.#dialer.poll();
    } finally {
      // There is a next tick even after an exception.
      this.#ticking = false;
      this.#arm();
      if (this.#dialer.pending === 0) this.#idleWaiters.release();
    }
  }

  #beginReady(tickMs: number): void {
    let taken = 0;
    let nowMs = tickMs;
    while (taken < this.#ready.length && nowMs - tickMs < START_BUDGET_MS && this.#events.mayStart()) {
      const entry = this.#ready[taken++];
      // Scheduled again while it waited: the new start replaces this one.
      if (entry === undefined || entry.scheduled) continue;
      try {
        entry.value.begin(entry.atMs, nowMs);
      } catch (error) {
        this.#events.fault(error);
      }
      if (taken % STARTS_PER_CLOCK_READ === 0) nowMs = this.#clock.nowMs();
    }
    this.#ready.splice(0, taken);
    this.#tickMs = taken >= BUSY_STARTS ? BUSY_TICK_MS : TICK_MS;
  }

  #fire(callback: () => void): void {
    try {
      callback();
    } catch (error) {
      this.#events.fault(error);
    }
  }

  /** Sets the timer for the next tick. */
  #arm(): void {
    const lastMs = this.#lastTickMs;
    if (this.#ready.length > 0 || this.#dialer.pending > 0) {
      this.#setTimer(lastMs + this.#tickMs);
      return;
    }
    let inMs = Number.POSITIVE_INFINITY;
    if (this.#starts.size > 0) inMs = (this.#starts.nextMs(SLEEP_MS) ?? lastMs + SLEEP_MS) - lastMs;
    if (this.#timers.size > 0) {
      const timerMs = this.#timers.nextMs(WATCH_MS);
      inMs = Math.min(inMs, timerMs === undefined ? WATCH_MS : timerMs - this.#runningTime.nowMs);
    }
    this.#setTimer(lastMs + Math.max(inMs, this.#tickMs));
  }

  #wakeBy(atMs: number): void {
    if (this.#ticking || atMs >= this.#wakeAtMs) return;
    this.#setTimer(Math.max(atMs, this.#lastTickMs + this.#tickMs));
  }

  #setTimer(atMs: number): void {
    if (this.#stopped) return;
    clearTimeout(this.#timer);
    const nowMs = this.#clock.nowMs();
    this.#wakeAtMs = atMs;
    this.#runningTime.plan(nowMs, Math.max(nowMs, atMs));
    if (atMs === Number.POSITIVE_INFINITY) return;
    this.#timer = setTimeout(() => this.#tick(), Math.max(0, Math.ceil(atMs - nowMs)));
  }
}
