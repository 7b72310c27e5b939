/**
 * The format of the state file, pure. A header of fixed length, then a line for each record:
 *
 *   healthcheck-server state 1 LENGTH WALL BOOT BOOT_ID CRC\n
 *   CRC {"id":"1","key":"…","state":"healthy",…}\n
 *
 * LENGTH is the number of bytes that are complete. The header is written after the records, so a write that was interrupted leaves bytes
 * behind LENGTH, and a file that has fewer bytes was damaged. WALL, BOOT and BOOT_ID say when the writer was last alive. Of several records
 * of an id, the last one counts.
 */
import type { HealthcheckId } from "../model/id.ts";
import { parseId } from "../model/id.ts";
import type { Damping } from "../monitor/damping.ts";
import { OVERRIDE_ACTIONS, type Override } from "../monitor/override.ts";
import type { EarlierState } from "../monitor/reported-status.ts";
import type { Moment } from "../system/boot-clock.ts";
import { Slice } from "../system/time-slicing.ts";

/** First bytes of every version of the file; a file that begins otherwise belongs to another program. */
export const MAGIC = "healthcheck-server state ";
const VERSION = "1";
const CRC_DIGITS = 8;
const HEADER =
  /^healthcheck-server state ([^ \n]{1,20}) (\d{12}) (\d{15}) (\d{15}) ([0-9a-f]{32}) ([0-9a-f]{8})\n/;

/** Records have fewer bytes than this; one of more is damage. */
const MAX_LINE_BYTES = 8_192;

/** State of a healthcheck in the file. */
export interface StateRecord extends Omit<EarlierState, "aliveBootMs" | "damping"> {
  readonly id: HealthcheckId;
  /** Key of the check, see `checkKey`. */
  readonly key: string;
  /**
   * Set if the state was not measured by the writer, which restored it: when the process that measured it was last alive. On the clock of
   * the writer's boot, so it is negative for a process of the boot before.
   */
  readonly aliveBootMs?: number;
  /** Absent if the penalty was too small to matter. */
  readonly damping?: DampingRecord;
}

/** Damping of a healthcheck in the file. */
export interface DampingRecord extends Omit<Damping, "atMs"> {
  readonly measured: StateRecord["state"];
  /** Time at which the penalty was that high, on the clock of the writer's boot; negative for a time of the boot before. */
  readonly atBootMs: number;
}

/** An override in the file. */
export interface OverrideRecord {
  readonly id: HealthcheckId;
  readonly key: string;
  readonly override: Override;
}

/** Contents of a valid file. */
export interface StateContents {
  /** Last moment at which the writer was alive. */
  readonly alive: Moment;
  readonly records: readonly StateRecord[];
  readonly overrides: readonly OverrideRecord[];
}

/** Formats the header. @param length - number of complete bytes, the header included */
export function formatHeader(length: number, { wallMs, bootMs, bootId }: Moment): string {
  const digits = (value: number, count: number) =>
    String(Math.max(0, Math.floor(value))).padStart(count, "0");
  const text = `${MAGIC}${VERSION} ${digits(length, 12)} ${digits(wallMs, 15)} ${digits(bootMs, 15)} ${bootId}`;
  return `${text} ${crc(text)}\n`;
}

/** Moves the times of a record from the clock of one boot to that of another. */
export function shiftRecord(record: StateRecord, shiftMs: number): StateRecord {
  const { aliveBootMs, damping } = record;
  return {
    ...record,
    ...(aliveBootMs === undefined ? {} : { aliveBootMs: aliveBootMs + shiftMs }),
    ...(damping === undefined ? {} : { damping: { ...damping, atBootMs: damping.atBootMs + shiftMs } }),
  };
}

/** Length of every header. */
export const HEADER_BYTES = formatHeader(0, { wallMs: 0, bootMs: 0, bootId: "0".repeat(32) }).length;

/** Formats a record with its line end. */
export function formatRecord(record: StateRecord | OverrideRecord): string {
  const text = JSON.stringify(record);
  return `${crc(text)} ${text}\n`;
}

/** Reports whether a file belongs to this server, as far as its first bytes show; zeros are what a loss of power can leave. */
export function isStateFile(start: Uint8Array): boolean {
  const text = Buffer.from(start.subarray(0, MAGIC.length)).toString("latin1");
  return MAGIC.startsWith(text) || /^\0+$/.test(text);
}

/**
 * Reads a file, in time slices.
 *
 * @returns the contents, or the reason why they are not valid
 */
export async function readState(bytes: Buffer): Promise<StateContents | string> {
  const found = readHeader(bytes);
  if (typeof found === "string") return found;
  const { length, alive } = found;
  const records = new Map<HealthcheckId, StateRecord>();
  const overrides: OverrideRecord[] = [];
  const slice = new Slice();
  for (let from = HEADER_BYTES; from < bytes.length; ) {
    const end = bytes.indexOf(0x0a, from);
    const isComplete = end >= 0 && end - from <= MAX_LINE_BYTES;
    const record = isComplete ? parseRecord(bytes.toString("utf8", from, end)) : undefined;
    if (record === undefined) {
      // Behind the complete bytes lies a write that was interrupted, as a kill may do.
      if (from >= length) break;
      return `record at byte ${from} is damaged`;
    }
    if ("override" in record) overrides.push(record);
    else records.set(record.id, record);
    from = end + 1;
    if (slice.over) await slice.next();
  }
  return { alive, records: [...records.values()], overrides };
}

function readHeader(bytes: Buffer): { readonly length: number; readonly alive: Moment } | string {
  const text = bytes.toString("latin1", 0, HEADER_BYTES);
  const match = HEADER.exec(text);
  const version = new RegExp(`^${MAGIC}([^ \n]+) `).exec(text)?.[1];
  if (version !== undefined && version !== VERSION) return `version ${version} is not supported`;
  if (match === null) return bytes.length < HEADER_BYTES ? "header is cut off" : "header is damaged";
  const [, , length = "", wallMs = "", bootMs = "", bootId = "", sum = ""] = match;
  if (crc(text.slice(0, -CRC_DIGITS - 2)) !== sum) return "header is damaged";
  const missing = Number(length) - bytes.length;
  if (missing > 0) return `${missing} bytes are missing at its end`;
  return { length: Number(length), alive: { wallMs: Number(wallMs), bootMs: Number(bootMs), bootId } };
}

function parseRecord(line: string): StateRecord | OverrideRecord | undefined {
  const text = line.slice(CRC_DIGITS + 1);
  if (line[CRC_DIGITS] !== " " || line.slice(0, CRC_DIGITS) !== crc(text)) return undefined;
  try {
    return checkRecord(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** The checksum vouches for the writer's bytes, but not for the writer. */
function checkRecord(value: unknown): StateRecord | OverrideRecord | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const field = (name: string): unknown => Reflect.get(value, name);
  const [id, key, state, aliveBootMs] = [field("id"), field("key"), field("state"), field("aliveBootMs")];
  const [sinceMs, successes, failures] = [field("sinceMs"), field("successes"), field("failures")];
  const ownId = typeof id === "string" ? parseId(id) : undefined;
  if (ownId === undefined || typeof key !== "string") return undefined;
  const override = field("override");
  if (override !== undefined) return isOverride(override) ? { id: ownId, key, override } : undefined;
  if (!isKnownState(state)) return undefined;
  if (!isCount(sinceMs) || !isCount(successes) || !isCount(failures)) return undefined;
  if (aliveBootMs !== undefined && !isTime(aliveBootMs)) return undefined;
  const damping = field("damping");
  if (damping !== undefined && !isDamping(damping)) return undefined;
  return {
    ...{ id: ownId, key, state, sinceMs, successes, failures },
    ...(aliveBootMs === undefined ? {} : { aliveBootMs }),
    ...(damping === undefined ? {} : { damping }),
  };
}

function isKnownState(value: unknown): value is StateRecord["state"] {
  return value === "healthy" || value === "unhealthy";
}

function isDamping(value: unknown): value is DampingRecord {
  if (typeof value !== "object" || value === null) return false;
  const { measured, penalty, atBootMs, isDamped } = value as Partial<DampingRecord>; // Every field is checked below.
  return isKnownState(measured) && isCount(penalty) && isTime(atBootMs) && typeof isDamped === "boolean";
}

function isOverride(value: unknown): value is Override {
  if (typeof value !== "object" || value === null) return false;
  const { action, reason, by, sinceMs, from, durationMs } = value as Partial<Override>; // Every field is checked below.
  const isAction = OVERRIDE_ACTIONS.some((known) => known === action);
  const isMoment = isCount(from?.wallMs) && isCount(from.bootMs) && typeof from.bootId === "string";
  const isOperator = isCount(by?.uid) && isCount(by.pid) && typeof by.user === "string";
  return (
    isAction &&
    typeof reason === "string" &&
    isOperator &&
    isMoment &&
    isCount(sinceMs) &&
    isCount(durationMs)
  );
}

/** The highest time that a Date can hold; counts stay far below it. */
const MAX_COUNT = 8.64e15;

function isCount(value: unknown): value is number {
  return isTime(value) && value >= 0;
}

function isTime(value: unknown): value is number {
  return typeof value === "number" && Math.abs(value) <= MAX_COUNT;
}

function crc(text: string): string {
  return Bun.hash.crc32(text).toString(16).padStart(CRC_DIGITS, "0");
}
