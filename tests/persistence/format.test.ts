/** The state file's format: what is whole is read, and any damage is found. */
import { expect, test } from "bun:test";
import { parseId } from "../../src/model/id.ts";
import {
  formatHeader,
  formatRecord,
  HEADER_BYTES,
  isStateFile,
  readState,
  type StateRecord,
  shiftRecord,
} from "../../src/persistence/format.ts";
import type { Moment } from "../../src/system/boot-clock.ts";

const ALIVE: Moment = { wallMs: 1_700_000_000_000, bootMs: 5_000, bootId: "0123456789abcdef".repeat(2) };

function record(number: number, changes: Partial<StateRecord> = {}): StateRecord {
  const id = parseId(String(number));
  if (id === undefined) throw new Error("no id");
  const counters = { sinceMs: 1_600_000_000_000, successes: 7, failures: 3 };
  return { id, key: "ab".repeat(16), state: "healthy", ...counters, ...changes };
}

function file(records: readonly StateRecord[], rest = ""): Buffer {
  const text = records.map(formatRecord).join("");
  return Buffer.from(`${formatHeader(HEADER_BYTES + Buffer.byteLength(text), ALIVE)}${text}${rest}`);
}

test("state file: what was written is read, and of several records of an id the last one", async () => {
  const records = [
    record(1),
    record(2, { state: "unhealthy", aliveBootMs: 12 }),
    record(1, { successes: 8 }),
  ];
  expect(await readState(file(records))).toEqual({
    alive: ALIVE,
    records: [record(1, { successes: 8 }), record(2, { state: "unhealthy", aliveBootMs: 12 })],
    overrides: [],
  });
  expect(await readState(file([]))).toEqual({ alive: ALIVE, records: [], overrides: [] });
});

const DAMPING = { measured: "healthy", penalty: 2_345.5, atBootMs: -7, isDamped: true } as const;

test("state file: the damping of a record is read with it", async () => {
  const damped = record(1, { state: "unhealthy", damping: DAMPING });
  expect(await readState(file([damped]))).toMatchObject({ records: [damped] });
  expect(shiftRecord(damped, 10)).toEqual({ ...damped, damping: { ...DAMPING, atBootMs: 3 } });
});

test("state file: cut off at any byte, it is damaged", async () => {
  const whole = file([record(1), record(2), record(3)]);
  for (let length = 0; length < whole.length; length++) {
    const cut = whole.subarray(0, length);
    expect(isStateFile(cut)).toBe(true);
    expect(await readState(cut)).toBeString();
  }
});

test("state file: any byte changed, it is damaged or another program's", async () => {
  const whole = file([record(1), record(2)]);
  for (let at = 0; at < whole.length; at++) {
    const changed = Buffer.from(whole);
    changed[at] = (changed[at] ?? 0) ^ 0x01;
    expect(isStateFile(changed) ? await readState(changed) : "another program's").toBeString();
  }
});

test("state file: a write that was interrupted leaves the complete records, and those of its own that are whole", async () => {
  const added = formatRecord(record(3));
  for (let length = 0; length < added.length; length++) {
    expect(await readState(file([record(1), record(2)], added.slice(0, length)))).toEqual({
      alive: ALIVE,
      records: [record(1), record(2)],
      overrides: [],
    });
  }
  const contents = await readState(file([record(1)], `${added}${added.slice(0, 20)}`));
  expect(contents).toEqual({ alive: ALIVE, records: [record(1), record(3)], overrides: [] });
});

test.each([
  ["another version", `healthcheck-server state 2 ${"x".repeat(200)}\n`, "version 2 is not supported"],
  ["zeros", "\0".repeat(500), "header is damaged"],
  ["an empty file", "", "header is cut off"],
])("state file: %s has a reason", async (_name, text, reason) => {
  expect(isStateFile(Buffer.from(text))).toBe(true);
  expect(await readState(Buffer.from(text))).toBe(reason);
});

test.each(["127.0.0.1 localhost\n", "server:\n  state_file: /x\n", "\x7fELF"])(
  "state file: a file of another program is known by its first bytes: %j",
  (text) => expect(isStateFile(Buffer.from(text))).toBe(false),
);

test.each([
  ["an id", { id: "01" }],
  ["a state", { state: "unknown" }],
  ["a time", { sinceMs: 1e17 }],
  ["a counter", { failures: -1 }],
  ["a key", { key: 5 }],
  ["a damping", { damping: true }],
  ["a measured state", { damping: { ...DAMPING, measured: "unknown" } }],
  ["a penalty", { damping: { ...DAMPING, penalty: -1 } }],
  ["a time of the penalty", { damping: { ...DAMPING, atBootMs: "0" } }],
])("state file: a record with a wrong %s is damage, whatever its checksum says", async (_name, wrong) => {
  const text = JSON.stringify({ ...record(1), ...wrong });
  const line = `${Bun.hash.crc32(text).toString(16).padStart(8, "0")} ${text}\n`;
  const bytes = Buffer.from(`${formatHeader(HEADER_BYTES + line.length, ALIVE)}${line}`);
  expect(await readState(bytes)).toBe(`record at byte ${HEADER_BYTES} is damaged`);
});
