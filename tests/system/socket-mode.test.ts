/** The mode of a socket: exact from its first moment, and never that of something else. */
import { expect, test } from "bun:test";
import { lstatSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setSocketMode, withSocketMode } from "../../src/system/socket-mode.ts";
import { makeTempDir } from "../harness/base/tempdir.ts";

const modeOf = (path: string) => lstatSync(path).mode & 0o7777;
const listen = (path: string) => Bun.listen({ unix: path, socket: { data() {} } });

test.each([0o600, 0o660, 0o666, 0o777, 0o000])("socket mode: %o from the first moment", async (mode) => {
  await using dir = makeTempDir("mode");
  const path = join(dir.path, "proxy.sock");
  const umask = process.umask();
  let first: number | undefined;
  const listener = withSocketMode(path, mode, () => {
    const made = listen(path);
    first = modeOf(path);
    return made;
  });
  expect([first, modeOf(path), process.umask()]).toEqual([mode, mode, umask]);
  listener.stop(true);
});

test("socket mode: when listening fails the umask is what it was", () => {
  const umask = process.umask();
  const fails = () => {
    throw new Error("no room");
  };
  expect(() => withSocketMode("/nowhere/proxy.sock", 0o600, fails)).toThrow("no room");
  expect(process.umask()).toBe(umask);
});

test("socket mode: another mode is put right, as in a directory with a default ACL", async () => {
  await using dir = makeTempDir("mode");
  const path = join(dir.path, "proxy.sock");
  const listener = listen(path);
  setSocketMode(path, 0o640);
  expect(modeOf(path)).toBe(0o640);
  listener.stop(true);
});

test("socket mode: a link or a file that has taken the socket's place is not touched", async () => {
  await using dir = makeTempDir("mode");
  const file = join(dir.path, "file");
  writeFileSync(file, "precious", { mode: 0o600 });
  const link = join(dir.path, "link");
  symlinkSync(file, link);
  for (const path of [file, link]) {
    expect(() => setSocketMode(path, 0o666)).toThrow(
      `listen on ${path}: the socket was replaced by another file`,
    );
  }
  expect(statSync(file).mode & 0o777).toBe(0o600);
});
