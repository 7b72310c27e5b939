/** The state file on the disk: it is replaced in one step, and nothing else is harmed by it. */
import { expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { type OwnedFile, openOwned, replaceOwned, StateFileError } from "../../src/persistence/owned-file.ts";
import { LOCK_EX, LOCK_NB, libc } from "../../src/system/libc.ts";
import { makeTempDir } from "../harness/base/tempdir.ts";

const TEXT = "healthcheck-server state 1 …";
const write = async (handle: FileHandle) => void (await handle.write(TEXT));

/** Replaces the state file, and closes the new one. */
async function replace(path: string): Promise<OwnedFile> {
  const file = await replaceOwned(path, write);
  await file.handle.close();
  return file;
}

test("owned file: a new one is the user's alone and locked, and the next server can open it when it is closed", async () => {
  await using dir = makeTempDir("owned");
  const path = join(dir.path, "states");
  expect(await openOwned(path)).toBeUndefined();
  const file = await replaceOwned(path, write);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  await expect(openOwned(path)).rejects.toThrow(`another server uses ${path}`);
  await file.handle.close();
  const next = await openOwned(path);
  expect(next?.identity).toBe(file.identity);
  await next?.handle.close();
  expect(readdirSync(dir.path)).toEqual(["states"]);
});

test.each<[string, (draft: string, other: string) => unknown]>([
  ["a killed server", (draft) => writeFileSync(draft, "healthcheck-server")],
  ["a pipe", (draft) => execFileSync("mkfifo", [draft])],
  ["a symbolic link", (draft, other) => symlinkSync(other, draft)],
])("owned file: a draft of %s is in the way of nothing", async (_name, make) => {
  await using dir = makeTempDir("owned");
  const [path, other] = [join(dir.path, "states"), join(dir.path, "other")];
  writeFileSync(other, "important");
  make(`${path}.new`, other);
  await replace(path);
  expect(readFileSync(path, "utf8")).toBe(TEXT);
  expect([existsSync(`${path}.new`), readFileSync(other, "utf8")]).toEqual([false, "important"]);
});

test("owned file: the draft of a server that runs is left to it", async () => {
  await using dir = makeTempDir("owned");
  const path = join(dir.path, "states");
  await using other = await open(`${path}.new`, "w");
  expect(libc.flock(other.fd, LOCK_EX | LOCK_NB)).toBe(0);
  const { ino } = lstatSync(`${path}.new`);
  await expect(replaceOwned(path, write)).rejects.toThrow(StateFileError);
  expect([lstatSync(`${path}.new`).ino, existsSync(path)]).toEqual([ino, false]);
});

test("owned file: a write that fails leaves the file of before, and no draft", async () => {
  await using dir = makeTempDir("owned");
  const path = join(dir.path, "states");
  await replace(path);
  const failing = async (handle: FileHandle) => {
    await handle.write("half");
    throw new Error("no space left on device");
  };
  await expect(replaceOwned(path, failing)).rejects.toThrow("no space left on device");
  expect([readdirSync(dir.path), readFileSync(path, "utf8")]).toEqual([["states"], TEXT]);
});

test("owned file: a directory in the place of the draft is an error, and stays", async () => {
  await using dir = makeTempDir("owned");
  const path = join(dir.path, "states");
  mkdirSync(`${path}.new`);
  await expect(replaceOwned(path, write)).rejects.toThrow();
  expect(lstatSync(`${path}.new`).isDirectory()).toBe(true);
});
