/** Log lines on their way to a descriptor. */
import { expect, test } from "bun:test";
import { closeSync, constants, openSync, readFileSync, readSync } from "node:fs";
import { join } from "node:path";
import { LogSink } from "../../src/logging/sink.ts";
import { makeTempDir } from "../harness/base/tempdir.ts";

const lossLine = (lines: number) => `${lines} lost\n`;

/** A sink into a file, and what is in it. */
function fixture(directory: string) {
  const path = join(directory, "log");
  const fd = openSync(path, "w");
  const content = () => readFileSync(path, "utf8");
  return { sink: new LogSink(fd, lossLine), content, [Symbol.dispose]: () => closeSync(fd) };
}

/** Flushes without a deadline. */
const NEVER = new AbortController().signal;

test("sink: lines come in order and whole, those after a flush too", async () => {
  await using dir = makeTempDir("sink");
  using file = fixture(dir.path);
  const lines = Array.from({ length: 1_000 }, (_, index) => `line ${index} ü\n`);
  for (const line of lines) file.sink.write(line);
  await file.sink.flush(NEVER);
  expect(file.content()).toBe(lines.join(""));
  file.sink.write("more\n");
  await file.sink.flush(NEVER);
  expect(file.content()).toBe(`${lines.join("")}more\n`);
});

test("sink: lines that come while others are written follow them", async () => {
  await using dir = makeTempDir("sink");
  using file = fixture(dir.path);
  let expected = "";
  for (let round = 0; round < 20; round++) {
    for (const part of ["a", "b"]) {
      file.sink.write(`${round}${part}\n`);
      expected += `${round}${part}\n`;
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  await file.sink.flush(NEVER);
  expect(file.content()).toBe(expected);
});

test("sink: writing does not block, nothing is in the file before the next turn", async () => {
  await using dir = makeTempDir("sink");
  using file = fixture(dir.path);
  file.sink.write("a\n");
  expect(file.content()).toBe("");
  await file.sink.flush(NEVER);
});

test("sink: lines beyond its bound are lost, counted and reported", async () => {
  await using dir = makeTempDir("sink");
  using file = fixture(dir.path);
  const big = `${"x".repeat(1_024 * 1_024 - 1)}\n`;
  for (let count = 0; count < 7; count++) file.sink.write(big);
  await file.sink.flush(NEVER);
  expect(file.content()).toBe(`${big.repeat(4)}3 lost\n`);
});

test("sink: lines that the descriptor does not accept are lost, counted and reported", async () => {
  const fd = openSync("/dev/full", "w");
  const lossCounts: number[] = [];
  const sink = new LogSink(fd, (lines) => {
    lossCounts.push(lines);
    return lossLine(lines);
  });
  sink.write("a\n");
  sink.write("b\n");
  await sink.flush(NEVER);
  expect(lossCounts).toEqual([]);
  sink.write("c\n");
  await sink.flush(NEVER);
  closeSync(fd);
  expect(lossCounts).toEqual([2]);
});

test("sink: flushSync writes what waits before it returns", async () => {
  await using dir = makeTempDir("sink");
  using file = fixture(dir.path);
  file.sink.write("last words\n");
  file.sink.flushSync();
  expect(file.content()).toBe("last words\n");
  await file.sink.flush(NEVER);
  expect(file.content()).toBe("last words\n");
});

test("sink: a flush of a descriptor that takes nothing ends with its signal", async () => {
  await using dir = makeTempDir("sink");
  const path = join(dir.path, "pipe");
  Bun.spawnSync(["mkfifo", path]);
  const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  const sink = new LogSink(fd, lossLine);
  // More than a pipe holds, and nothing reads it.
  sink.write(`${"x".repeat(200_000)}\n`);
  const abort = new AbortController();
  const flushed = sink.flush(abort.signal);
  let ended = false;
  void flushed.then(() => {
    ended = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  expect(ended).toBe(false);
  abort.abort();
  await flushed;
  // The rest is read before the descriptor is closed: its number may be another file's next.
  const written = sink.flush(NEVER).then(() => true);
  const buffer = new Uint8Array(65_536);
  while (!(await Promise.race([written, Bun.sleep(10).then(() => false)]))) {
    try {
      readSync(fd, buffer);
    } catch {
      // The pipe is empty for the moment.
    }
  }
  closeSync(fd);
});
