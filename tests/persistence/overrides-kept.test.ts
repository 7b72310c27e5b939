/** A command of an operator is answered when the overrides are in the state file, or with the reason why they are not. */
import { expect, test } from "bun:test";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { OverrideRecord } from "../../src/persistence/format.ts";
import { readState } from "../../src/persistence/format.ts";
import { StateFile } from "../../src/persistence/state-file.ts";
import { currentMoment } from "../../src/system/boot-clock.ts";
import { systemClock as clock } from "../../src/system/clock.ts";
import { makeTempDir } from "../harness/base/tempdir.ts";
import { FakeLogger, id } from "../harness/fakes/fakes.ts";

const NEVER = new AbortController().signal;

function record(number: number): OverrideRecord {
  const from = currentMoment(Date.now());
  const by = { uid: 0, user: "root", pid: 7 };
  const override = {
    action: "unhealthy",
    reason: "x",
    by,
    sinceMs: from.wallMs,
    from,
    durationMs: 60_000,
  } as const;
  return { id: id(number), key: "0".repeat(32), override };
}

/** A state file with overrides that the test changes. */
async function startFile(path: string, records: OverrideRecord[]) {
  const file = new StateFile({ path, maxAgeMs: 60_000 }, clock, new Map(), new FakeLogger(), () => records);
  await file.start();
  return { file, [Symbol.asyncDispose]: () => file.close(NEVER) };
}

async function idsIn(path: string): Promise<string[]> {
  const contents = await readState(readFileSync(path));
  if (typeof contents === "string") throw new Error(contents);
  return contents.overrides.map((one) => String(one.id));
}

test("state file: overrides are in it when the wait for them ends, each time", async () => {
  await using dir = makeTempDir("kept");
  const path = join(dir.path, "states");
  const records: OverrideRecord[] = [];
  await using started = await startFile(path, records);
  for (let number = 1; number <= 20; number++) {
    records.push(record(number));
    started.file.overridesChanged();
    // Another change, while the first one is being written.
    if (number % 2 === 0) await Promise.resolve();
    expect(await started.file.overridesKept(NEVER)).toBeUndefined();
    expect(await idsIn(path)).toHaveLength(number);
  }
  records.length = 0;
  started.file.overridesChanged();
  expect(await started.file.overridesKept(NEVER)).toBeUndefined();
  expect(await idsIn(path)).toEqual([]);
});

test("state file: commands at the same time wait for the same write", async () => {
  await using dir = makeTempDir("kept");
  const path = join(dir.path, "states");
  const records: OverrideRecord[] = [];
  await using started = await startFile(path, records);
  const kept = [1, 2, 3].map(async (number) => {
    records.push(record(number));
    started.file.overridesChanged();
    return await started.file.overridesKept(NEVER);
  });
  expect(await Promise.all(kept)).toEqual([undefined, undefined, undefined]);
  expect(await idsIn(path)).toEqual(["1", "2", "3"]);
});

test("state file: one that cannot be written is a reason at once, and a wait can be aborted", async () => {
  await using dir = makeTempDir("kept");
  const path = join(dir.path, "states");
  mkdirSync(path);
  await using started = await startFile(path, [record(1)]);
  started.file.overridesChanged();
  expect(await started.file.overridesKept(NEVER)).toBe(`${path}: ${path} is not a regular file`);
  expect(await started.file.overridesKept(AbortSignal.abort())).toMatch(/is not a regular file/);
});
