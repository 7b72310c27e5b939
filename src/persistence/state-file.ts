/**
 * Keeps the states of the healthchecks in a file, so that a restart goes unnoticed: the next process counts `fall` and `rise` from the
 * states of this one. Checks only note what has changed; one task at a time writes it, in the background.
 */
import type { Logger } from "../logging/logger.ts";
import { checkKey } from "../model/check-key.ts";
import type { HealthcheckId } from "../model/id.ts";
import type { HealthcheckSpec } from "../model/spec.ts";
import { Waiters } from "../model/waiters.ts";
import type { Monitor, MonitorObserver } from "../monitor/monitor.ts";
import type { EarlierState } from "../monitor/reported-status.ts";
import type { Settlement } from "../monitor/settlement.ts";
import { currentBootMs, currentMoment } from "../system/boot-clock.ts";
import type { Clock } from "../system/clock.ts";
import { Slice } from "../system/time-slicing.ts";
import { ageOf } from "./age.ts";
import { EarlierStates } from "./earlier-states.ts";
import {
  formatHeader,
  formatRecord,
  HEADER_BYTES,
  type OverrideRecord,
  readState,
  type StateContents,
  type StateRecord,
} from "./format.ts";
import {
  isInPlace,
  type OwnedFile,
  openOwned,
  readWhole,
  reasonOf,
  removeOwned,
  replaceOwned,
  writeAt,
} from "./owned-file.ts";
import { earlierStateOf, hasFlapped, type Now, recordOf } from "./state-record.ts";

/** Delay from a state change to its write, in which others join it. */
const WRITE_DELAY_MS = 50;
/** Interval at which the file says that this process is alive. */
const HEARTBEAT_MS = 1_000;
/** Interval at which the file is written again as a whole, with the newest counters. */
const REWRITE_MS = 30_000;
/** Delay until a file that cannot be used is tried again. */
const RETRY_MS = 5_000;
/** Time for reading the file at the start; a disk that hangs must not prevent it. */
const LOAD_TIMEOUT_MS = 2_000;

/** Settings of the state file. */
export interface StateFileSettings {
  readonly path: string;
  /** Time since the earlier process was last alive, after which its states no longer count. */
  readonly maxAgeMs: number;
}

/** Overrides of the earlier process, whatever their age. */
export interface EarlierOverrides {
  readonly records: readonly OverrideRecord[];
  /** True if their file lies in memory, so that no boot survives it. */
  readonly isVolatile: boolean;
}

/** No overrides. */
export const NO_EARLIER_OVERRIDES: EarlierOverrides = { records: [], isVolatile: false };

/** States of the running healthchecks, in a file and from an earlier process. */
export class StateFile implements MonitorObserver {
  readonly #settings: StateFileSettings;
  readonly #clock: Clock;
  readonly #monitors: ReadonlyMap<HealthcheckId, Monitor>;
  readonly #log: Logger;
  readonly #earlier: EarlierStates;
  readonly #overrides: () => Iterable<OverrideRecord>;
  /** Healthchecks whose newest state is not in the file yet. */
  readonly #changed = new Set<HealthcheckId>();
  #file: OwnedFile | undefined;
  /** Number of complete bytes in the file. */
  #length = 0;
  #rewriteAtMs = 0;
  /** Number of changes of the overrides, and of those that are in the file. */
  #overrideChanges = 0;
  #keptChanges = 0;
  readonly #keptWaiters = new Waiters();
  #retryAtMs = 0;
  #problem: string | undefined;
  #task: Promise<void> | undefined;
  #isClosing = false;
  #timer: ReturnType<typeof setInterval> | undefined;
  #writeTimer: ReturnType<typeof setTimeout> | undefined;

  /** @param monitors - the running ones @param overrides - returns those in effect */
  constructor(
    settings: StateFileSettings,
    clock: Clock,
    monitors: ReadonlyMap<HealthcheckId, Monitor>,
    log: Logger,
    overrides: () => Iterable<OverrideRecord> = () => [],
  ) {
    this.#settings = settings;
    this.#clock = clock;
    this.#monitors = monitors;
    this.#log = log;
    this.#overrides = overrides;
    this.#earlier = new EarlierStates(settings.maxAgeMs);
  }

  /**
   * Reads the states of the earlier process, and starts to write. A file that cannot be used is logged, and nothing is restored.
   *
   * @returns the overrides in the file
   */
  async start(): Promise<EarlierOverrides> {
    const late = AbortSignal.timeout(LOAD_TIMEOUT_MS);
    const loading = this.#load(late);
    // Nothing is written before it is over.
    this.#task = loading.then(() => {
      this.#task = undefined;
    });
    const overrides = await Promise.race([loading, aborted(late)]);
    if (overrides === undefined) this.#coldStart(`not read within ${LOAD_TIMEOUT_MS} ms`);
    this.#timer = setInterval(() => this.#run(), HEARTBEAT_MS);
    this.#run();
    return overrides ?? NO_EARLIER_OVERRIDES;
  }

  /** Takes the state that an equal check had in the earlier process; undefined if none counts. */
  take({ id, check }: HealthcheckSpec): EarlierState | undefined {
    if (this.#earlier.size === 0) return undefined;
    const now = this.#now();
    const record = this.#earlier.take(id, checkKey(check), now.bootMs);
    return record && earlierStateOf(record, now);
  }

  settled(monitor: Monitor, { transition, confirmed, damping }: Settlement): void {
    const isOther = transition !== undefined || confirmed === true || damping !== undefined;
    if (isOther || hasFlapped(monitor)) this.#note(monitor.spec.id);
  }

  skipped(): void {}

  released({ spec }: Monitor): void {
    this.#note(spec.id);
  }

  #note(id: HealthcheckId): void {
    this.#changed.add(id);
    this.#writeTimer ??= setTimeout(() => this.#run(), WRITE_DELAY_MS);
  }

  /** Writes the overrides, which have changed, without waiting for more: an operator waits for them. */
  overridesChanged(): void {
    this.#rewriteAtMs = 0;
    this.#overrideChanges++;
    this.#run();
  }

  /**
   * Waits until the overrides are in the file, where the end of this process does not harm them.
   *
   * @param signal - aborts the wait
   * @returns the reason why they are not; undefined if they are
   */
  async overridesKept(signal: AbortSignal): Promise<string | undefined> {
    const { path } = this.#settings;
    const change = this.#overrideChanges;
    while (this.#keptChanges < change) {
      if (this.#problem !== undefined) return `${path}: ${this.#problem}`;
      if (signal.aborted) return `${path}: not written in time`;
      await this.#keptWaiters.wait(signal);
    }
    return undefined;
  }

  /** Writes the file a last time, with the newest counters. @param signal - aborts the wait for it */
  async close(signal: AbortSignal): Promise<void> {
    clearInterval(this.#timer);
    clearTimeout(this.#writeTimer);
    this.#isClosing = true;
    this.#rewriteAtMs = 0;
    if (!signal.aborted) await Promise.race([this.#finish(), aborted(signal)]);
  }

  async #finish(): Promise<void> {
    await this.#task;
    if (this.#problem !== undefined) return;
    await this.#attempt(() => this.#rewrite());
    await this.#file?.handle.close();
  }

  /** @param late - aborts when the start no longer waits for the states @returns the overrides; undefined when it is late */
  async #load(late: AbortSignal): Promise<EarlierOverrides | undefined> {
    const { path } = this.#settings;
    try {
      this.#file = await openOwned(path);
      if (this.#file === undefined) return NO_EARLIER_OVERRIDES;
      const { isVolatile } = this.#file;
      const contents = await readState(await readWhole(path, this.#file.handle));
      if (late.aborted) return undefined;
      const isValid = typeof contents !== "string";
      const reason = isValid ? this.#restore(contents, this.#file) : contents;
      if (reason !== undefined) this.#coldStart(reason);
      return isValid ? { records: contents.overrides, isVolatile } : NO_EARLIER_OVERRIDES;
    } catch (error) {
      this.#problem = reasonOf(error);
      this.#retryAtMs = this.#clock.nowMs() + RETRY_MS;
      if (late.aborted) return undefined;
      this.#coldStart(this.#problem);
      return NO_EARLIER_OVERRIDES;
    }
  }

  /** Takes the states in, and logs their number. @returns the reason if they do not count */
  #restore({ alive, records }: StateContents, { mtimeMs, isVolatile }: OwnedFile) {
    const now = currentMoment(this.#clock.wallMs());
    const { maxAgeMs, path } = this.#settings;
    const age = ageOf({ alive, mtimeMs, isVolatile }, now);
    if (age === undefined) return "its time is in the future: it was changed, or the clock was set back";
    if (age > maxAgeMs)
      return `its states are ${Math.round(age / 1_000)} s old, older than server.state_max_age`;
    const states = this.#earlier.add(records, alive.bootMs, age, now.bootMs);
    const fields = { states, age_ms: Math.round(age), file: path };
    this.#log.info("States restored from before the restart", fields);
    return undefined;
  }

  #coldStart(reason: string): void {
    const fields = { file: this.#settings.path, error: reason };
    this.#log.warn("State file not usable, every healthcheck starts as unknown", fields);
  }

  /** Starts the task that writes, unless it runs already. */
  #run(): void {
    clearTimeout(this.#writeTimer);
    this.#writeTimer = undefined;
    if (this.#isClosing) return;
    this.#task ??= this.#attempt(() => this.#write()).finally(() => {
      this.#task = undefined;
      if (
        (this.#changed.size > 0 || this.#rewriteAtMs === 0) &&
        this.#problem === undefined &&
        !this.#isClosing
      )
        this.#writeTimer ??= setTimeout(() => this.#run(), this.#overrideDelayMs);
      this.#keptWaiters.release();
    });
  }

  /** Delay of the next write. */
  get #overrideDelayMs(): number {
    return this.#keptChanges < this.#overrideChanges ? 0 : WRITE_DELAY_MS;
  }

  /** Runs one task. After an error the file is removed, since its states would be old when they are read, and tried again later. */
  async #attempt(task: () => Promise<void>): Promise<void> {
    const nowMs = this.#clock.nowMs();
    if (nowMs < this.#retryAtMs) return;
    try {
      await task();
      if (this.#problem !== undefined)
        this.#log.info("State file is written again", { file: this.#settings.path });
      this.#problem = undefined;
    } catch (error) {
      const isFirst = this.#problem === undefined;
      this.#problem = reasonOf(error);
      this.#retryAtMs = nowMs + RETRY_MS;
      const fields = { file: this.#settings.path, error: this.#problem };
      if (isFirst)
        this.#log.warn(
          "Cannot write the state file, after a restart every healthcheck starts as unknown",
          fields,
        );
      await this.#abandon();
    }
  }

  async #write(): Promise<void> {
    const { path } = this.#settings;
    if (this.#file === undefined) {
      this.#file = await openOwned(path);
      this.#rewriteAtMs = 0;
    } else if (!(await isInPlace(path, this.#file.identity))) {
      // Removed or replaced: the file that is open now may be another server's.
      await this.#file.handle.close();
      this.#file = undefined;
      return await this.#write();
    }
    if (this.#file === undefined || this.#clock.nowMs() >= this.#rewriteAtMs) return await this.#rewrite();
    await this.#append(this.#file);
  }

  /** Writes the whole file again: every state that counts, and the newest counters. */
  async #rewrite(): Promise<void> {
    const before = this.#file;
    this.#changed.clear();
    // Before the records are read: an override that comes meanwhile asks for another rewrite.
    this.#rewriteAtMs = this.#clock.nowMs() + REWRITE_MS;
    const changes = this.#overrideChanges;
    this.#file = await replaceOwned(this.#settings.path, async (handle) => {
      const chunks: Uint8Array[] = [];
      await this.#encode(this.#allRecords(), chunks);
      const records = Buffer.concat(chunks);
      this.#length = HEADER_BYTES + records.length;
      await writeAt(handle, records, HEADER_BYTES);
      await writeAt(handle, this.#header(), 0);
    });
    this.#keptChanges = changes;
    await before?.handle.close();
  }

  /** Appends the changed states, and renews the header. */
  async #append({ handle }: OwnedFile): Promise<void> {
    const ids = [...this.#changed];
    this.#changed.clear();
    const chunks: Uint8Array[] = [];
    await this.#encode(this.#records(ids), chunks);
    const records = Buffer.concat(chunks);
    if (records.length > 0) await writeAt(handle, records, this.#length);
    this.#length += records.length;
    await writeAt(handle, this.#header(), 0);
  }

  #now(): Now {
    return { ms: this.#clock.nowMs(), bootMs: currentBootMs() };
  }

  #header(): Uint8Array {
    return Buffer.from(formatHeader(this.#length, currentMoment(this.#clock.wallMs())), "latin1");
  }

  /** Encodes records, in time slices. */
  async #encode(records: Iterable<StateRecord | OverrideRecord>, chunks: Uint8Array[]): Promise<void> {
    const slice = new Slice();
    let text = "";
    for (const record of records) {
      text += formatRecord(record);
      if (!slice.over) continue;
      chunks.push(Buffer.from(text));
      text = "";
      await slice.next();
    }
    chunks.push(Buffer.from(text));
  }

  *#allRecords(): Iterable<StateRecord | OverrideRecord> {
    yield* this.#overrides();
    yield* this.#earlier.rest(currentBootMs());
    yield* this.#records([...this.#monitors.keys()]);
  }

  *#records(ids: Iterable<HealthcheckId>): Iterable<StateRecord> {
    // Both clocks run alike, so one reading serves every record.
    const now = this.#now();
    for (const id of ids) {
      const monitor = this.#monitors.get(id);
      const record = monitor && recordOf(monitor, now);
      if (record !== undefined) yield record;
    }
  }

  async #abandon(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    if (file === undefined) return;
    try {
      if (await isInPlace(this.#settings.path, file.identity)) await removeOwned(this.#settings.path);
    } catch {
      // It stays as it is, and is soon too old.
    }
    await file.handle.close().catch(() => {});
  }
}

async function aborted(signal: AbortSignal): Promise<undefined> {
  if (signal.aborted) return undefined;
  await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  return undefined;
}
