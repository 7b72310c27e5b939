/** Files that may have become anything. Run by `bun test`. */
import { expect, test } from "bun:test";
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readCaBundle } from "../../src/system/ca-bundle.ts";
import { readTextFile, readTextFileOrPipe } from "../../src/system/text-file.ts";
import { readTrust } from "../../src/telemetry/tls-files.ts";
import { makeTempDir } from "../harness/base/tempdir.ts";

const MAX_BYTES = 64 * 1_024 * 1_024;

test("text file: a file is read whole, also through a link", async () => {
  await using dir = makeTempDir("text");
  const [file, link] = [join(dir.path, "a"), join(dir.path, "b")];
  const text = "é\n".repeat(100_000);
  writeFileSync(file, text);
  symlinkSync(file, link);
  for (const read of [readTextFile, readTextFileOrPipe]) expect(read(link) === text).toBe(true);
  writeFileSync(file, "");
  for (const read of [readTextFile, readTextFileOrPipe]) expect(read(file)).toBe("");
});

test("text file: 64 MiB are read, one byte more is refused", async () => {
  await using dir = makeTempDir("text");
  const file = join(dir.path, "a");
  writeFileSync(file, "");
  truncateSync(file, MAX_BYTES);
  expect(readTextFile(file).length).toBe(MAX_BYTES);
  truncateSync(file, MAX_BYTES + 1);
  expect(() => readTextFile(file)).toThrow(`${file} is larger than 67108864 bytes, the maximum`);
});

test("text file: /dev/null is an empty one", () => {
  for (const read of [readTextFile, readTextFileOrPipe]) expect(read("/dev/null")).toBe("");
});

/** Paths that are no regular files, with the name of each kind. */
const KINDS: Readonly<Record<string, (path: string) => unknown>> = {
  "a directory": (path) => mkdirSync(path),
  "a pipe": (path) => Bun.spawnSync(["mkfifo", path]),
  "a device": (path) => symlinkSync("/dev/zero", path),
};

test.each(Object.entries(KINDS))(
  "text file: %s is refused at once, whatever it was to be",
  async (what, make) => {
    await using dir = makeTempDir("text");
    const path = join(dir.path, "a");
    make(path);
    const words = `${path} is ${what}, not a regular file`;
    expect(() => readTextFile(path)).toThrow(words);
    expect(() => readCaBundle(path)).toThrow(words);
    const exporter = { protocol: "grpc", url: new URL("https://x"), headers: {}, timeoutMs: 1 } as const;
    const other = { compress: false, caFile: undefined, certFile: undefined, userAgent: "" };
    expect(() => readTrust({ ...exporter, ...other, keyFile: path })).toThrow(words);
    const orPipe = what === "a pipe" ? `${path} is an empty pipe` : words;
    expect(() => readTextFileOrPipe(path)).toThrow(orPipe);
  },
);

test("text file: a command reads a pipe to its end, however slowly it is written", async () => {
  await using dir = makeTempDir("text");
  const path = join(dir.path, "a");
  Bun.spawnSync(["mkfifo", path]);
  // Both ends open, so that the shell need not wait for a reader; it closes them when it ends.
  const writer = Bun.spawn(["sh", "-c", `exec 3<>"$0"; printf a >&3; echo; sleep 0.3; printf b >&3`, path], {
    stdout: "pipe",
  });
  await writer.stdout.getReader().read();
  expect(readTextFileOrPipe(path)).toBe("ab");
});
