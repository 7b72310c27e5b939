/**
 * The real clock behind the wheels: one timer for the whole process. On each tick it asks the dialer what has become of the
 * connections, ends the checks whose time is up, and starts those that are due. Starts lie on real time, time-outs on
 * running time (see running-time.ts).
 *
 * When more is due than fits into a tick, the rest waits its turn, first due first: all get late evenly.
 */
import type { Clock } from "../system/clock.ts";
import type { Dialer } from "../system/dialer.ts";
import { RunningTime } from "./running-time.ts";
import { Wheel, WheelEntry } from "./wheel.ts";

/** Something with a due time of its own: a monitor's next start. */
export interface Startable {
  /**
   * @param dueMs - when it was to start
   * @param nowMs - when it starts
   */
  begin(dueMs: number, nowMs: number): void;
}

/** What the scheduler asks and tells. */
export interface SchedulerEvents {
  /** The event loop stood still for so long. */
  stalled(stallMs: number): void;
  /** A tick came so long after its time. */
  ticked(lateMs: number): void;
  /** A callback threw; the others go on. */
  fault(error: unknown): void;
  /** Whether there are means for another check; while there are not, what is due waits, first due first. */
  mayStart(): boolean;
}

/** A start, kept by its owner and scheduled again and again. */
export type StartEntry = WheelEntry<Startable>;
/** A callback on running time. */
export type TimerEntry = WheelEntry<() => void>;

/**
 * Ticks are at least this far apart, so that neighbours share one: waking up costs more than a check. With much to do
 * a tick has company enough, and they come closer together.
 */
const TICK_MS = 8;
const BUSY_TICK_MS = 4;
/** So many starts in one tick are much. */
const BUSY_STARTS = 24;
/** While a check is under way a tick comes at least this often, so that no stall stays unseen. */
const WATCH_MS = 20;
/** With nothing to do the scheduler sleeps for so long at most. */
const SLEEP_MS = 1_000;
/** So long after its time a tick is not late: it is not coming. */
export const SCHEDULER_DEAD_MS = 5_000;
/** A tick starts checks for so long before it lets the event loop go on. */
const START_BUDGET_MS = 5;
/** The budget is looked at after so many starts. */
const STARTS_PER_LOOK = 16;

/** See the head of the file. */
export class Scheduler {
  readonly #clock: Clock;
  readonly #dialer: Dialer;
  readonly #events: SchedulerEvents;
  readonly #starts: Wheel<Startable>;
  readonly #timers = new Wheel<() => void>(0);
  readonly #runningTime: RunningTime;
  /** Due, in the order of their due times, and not begun yet. */
  readonly #ready: StartEntry[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #wakeAtMs = Number.POSITIVE_INFINITY;
  #lastTickMs: number;
  #tickMs = TICK_MS;
  #ticking = false;
  #stopped = false;

  constructor(clock: Clock, dialer: Dialer, events: SchedulerEvents) {
    this.#clock = clock;
    this.#dialer = dialer;
    this.#events = events;
    const nowMs = clock.nowMs();
    this.#starts = new Wheel(nowMs);
    this.#runningTime = new RunningTime(nowMs);
    this.#lastTickMs = nowMs;
  }

  /** How long the event loop has stalled, ever, a stall that goes on included; milliseconds. */
  get stalledMs(): number {
    return this.#runningTime.stalledMs(this.#clock.nowMs());
  }

  /** A clock for measuring others: it stands still while the event loop does; milliseconds. */
  get activeMs(): number {
    const nowMs = this.#clock.nowMs();
    return nowMs - this.#runningTime.stalledMs(nowMs);
  }

  /** Checks that are due and wait for their turn. */
  get backlog(): number {
    return this.#ready.length;
  }

  /** For how long the next tick has been due; 0 when all is well. */
  get overdueMs(): number {
    return Math.max(0, this.#clock.nowMs() - this.#wakeAtMs);
  }

  /** Makes an entry for {@link startAt}. */
  entry(startable: Startable): StartEntry {
    return new WheelEntry(startable);
  }

  /** Starts something at a real time; moves it when it is scheduled already. */
  startAt(entry: StartEntry, atMs: number): void {
    this.#starts.schedule(entry, atMs);
    this.#wakeBy(atMs);
  }

  /** Takes a start back. One that is due and waits for its turn still comes: its owner must know. */
  cancelStart(entry: StartEntry): void {
    this.#starts.cancel(entry);
  }

  /** Makes an entry for {@link callAfter}. */
  timer(callback: () => void): TimerEntry {
    return new WheelEntry(callback);
  }

  /** Calls back once so much running time has gone by; moves the timer when it is scheduled already. */
  callAfter(entry: TimerEntry, delayMs: number): void {
    const nowMs = this.#clock.nowMs();
    this.#timers.schedule(entry, this.#runningTime.at(nowMs) + delayMs);
    this.#wakeBy(nowMs + Math.min(delayMs, WATCH_MS));
  }

  /** Takes a timer back. */
  cancelTimer(entry: TimerEntry): void {
    this.#timers.cancel(entry);
  }

  /** {@link callAfter} for those who keep no entry. */
  after(delayMs: number, callback: () => void): () => void {
    const entry = this.timer(callback);
    this.callAfter(entry, delayMs);
    return () => this.cancelTimer(entry);
  }

  /** Ends it; nothing starts or fires any more. */
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
      // Answers first: what is known by now is not late.
      this.#dialer.poll();
      for (const entry of this.#timers.advance(this.#runningTime.nowMs)) this.#fire(entry.value);
      for (const entry of this.#starts.advance(nowMs)) this.#ready.push(entry);
      this.#beginReady(nowMs);
      // Near backends have answered already.
      this.#dialer.poll();
    } finally {
      // Whatever happens, there is a next tick.
      this.#ticking = false;
      this.#arm();
    }
  }

  #beginReady(tickMs: number): void {
    let taken = 0;
    let nowMs = tickMs;
    while (taken < this.#ready.length && nowMs - tickMs < START_BUDGET_MS && this.#events.mayStart()) {
      const entry = this.#ready[taken++];
      // Scheduled again while it waited: that start has taken its place.
      if (entry === undefined || entry.scheduled) continue;
      try {
        entry.value.begin(entry.atMs, nowMs);
      } catch (error) {
        this.#events.fault(error);
      }
      if (taken % STARTS_PER_LOOK === 0) nowMs = this.#clock.nowMs();
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

  /** Sets the timer for whatever comes next. */
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
