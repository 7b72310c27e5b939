/** The names that the build takes from the runtime. */
import { expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { seal } from "../../scripts/tools/build/seal.ts";
import { makeTempDir } from "../harness/base/tempdir.ts";

const RUNTIME = "\0BUN_X\0BUN_X_Y\0\0";

test("seal: the name that stands alone in the runtime is emptied, and all else stays", async () => {
  await using dir = makeTempDir("seal");
  const file = join(dir.path, "executable");
  writeFileSync(file, `${RUNTIME}program\0BUN_X\0`);
  seal(file, RUNTIME.length, ["BUN_X"]);
  expect(readFileSync(file, "latin1")).toBe("\0\0UN_X\0BUN_X_Y\0\0program\0BUN_X\0");
});

test.each([
  ["a name that the runtime does not hold", "\0BUN_Z\0", "BUN_X exactly once"],
  ["a name that it holds twice", "\0BUN_X\0BUN_X\0", "BUN_X exactly once"],
])("seal: %s fails the build", async (_name, runtime, message) => {
  await using dir = makeTempDir("seal");
  const file = join(dir.path, "executable");
  writeFileSync(file, runtime);
  expect(() => seal(file, runtime.length, ["BUN_X"])).toThrow(message);
  expect(readFileSync(file, "latin1")).toBe(runtime);
});
