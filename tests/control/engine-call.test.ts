/** Calls to engines that misbehave, over real sockets: each ends in one error, within its deadline. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { join } from "node:path";
import { callEngine, EngineUnreachable } from "../../src/control/engine-call.ts";
import { fetchCall } from "../../src/rpc/engine-calls.ts";
import { entriesOf } from "../../src/rpc/engine-set.ts";
import { GobError } from "../../src/rpc/gob-error.ts";
import { RpcError } from "../../src/rpc/rpc-error.ts";
import { makeTempDir, type TempDir } from "../harness/base/tempdir.ts";
import { gobVector } from "../harness/engine/gob-vectors.ts";

let dir: TempDir;
beforeEach(() => {
  dir = makeTempDir("engine-call");
});
afterEach(() => dir[Symbol.asyncDispose]());

/** The wait of a call that must end by other means. */
const LONG_MS = 60_000;

/** Calls an engine that does this with each connection. @returns the outcome */
async function callOf(
  serve: (socket: Bun.Socket) => void,
  {
    timeoutMs = LONG_MS,
    signal = new AbortController().signal,
    drain = () => {},
  }: {
    readonly timeoutMs?: number;
    readonly signal?: AbortSignal;
    readonly drain?: (socket: Bun.Socket) => void;
  } = {},
) {
  const path = join(dir.path, "engine.sock");
  const listener = Bun.listen({ unix: path, socket: { data: (socket) => serve(socket), drain } });
  try {
    return await callEngine(path, fetchCall("me"), timeoutMs, signal);
  } catch (error) {
    return error;
  } finally {
    listener.stop(true);
  }
}

const { response } = gobVector("capture-00");

test("engine call: the reply in one piece, and byte by byte", async () => {
  const whole = await callOf((socket) => void socket.write(response));
  const slow = await callOf(async (socket) => {
    for (const byte of response) {
      socket.write(new Uint8Array([byte]));
      await new Promise((resolve) => setImmediate(resolve));
    }
  });
  expect(slow).toEqual(whole);
  // An error has no entries.
  expect(entriesOf(whole as Parameters<typeof entriesOf>[0]).length).toBe(8);
});

test("engine call: a reply whose last bytes come with the end of the connection", async () => {
  expect(await callOf((socket) => void socket.end(response))).toEqual(
    await callOf((socket) => void socket.write(response)),
  );
});

test("engine call: no socket, and a socket that nothing serves", async () => {
  const call = (name: string) =>
    callEngine(join(dir.path, name), fetchCall("me"), LONG_MS, new AbortController().signal);
  await expect(call("missing.sock")).rejects.toThrow("no such file or directory");
  const path = join(dir.path, "stale.sock");
  const child = Bun.spawnSync([
    "python3",
    "-c",
    `import socket; socket.socket(socket.AF_UNIX).bind(${JSON.stringify(path)})`,
  ]);
  expect(child.exitCode).toBe(0);
  await expect(call("stale.sock")).rejects.toThrow("connection refused");
});

test("engine call: an engine that accepts and never replies, and one that stops halfway", async () => {
  expect(await callOf(() => {}, { timeoutMs: 50 })).toEqual(new EngineUnreachable("no reply within 50ms"));
  expect(await callOf((socket) => void socket.write(response.subarray(0, 700)), { timeoutMs: 50 })).toEqual(
    new EngineUnreachable("no reply within 50ms"),
  );
});

test("engine call: canceled before and while it waits", async () => {
  const canceled = AbortSignal.abort(new EngineUnreachable("stopped"));
  expect(await callOf(() => {}, { signal: canceled })).toEqual(new EngineUnreachable("stopped"));
  const controller = new AbortController();
  expect(await callOf(() => controller.abort(), { signal: controller.signal })).toEqual(
    new EngineUnreachable("canceled"),
  );
});

test("engine call: an engine that closes without a reply, and halfway", async () => {
  const none = await callOf((socket) => void socket.end());
  expect(none).toBeInstanceOf(GobError);
  expect(String(none)).toContain("the stream ends before a complete value");
  const half = await callOf((socket) => void socket.end(response.subarray(0, 700)));
  expect(half).toBeInstanceOf(GobError);
  expect(String(half)).toMatch(/Checks.*: the stream ends after \d+ of \d+ bytes of message \d+/);
});

test("engine call: an error of the engine, a reply to another call, bytes that are not gob", async () => {
  const error = await callOf((socket) => void socket.write(gobVector("error-access").response));
  expect(error).toEqual(new RpcError("the engine replied: insufficient access"));
  const other = await callOf((socket) => void socket.write(gobVector("capture-01").response));
  expect(other).toEqual(
    new RpcError("the reply is to SeesawEngine.HealthState, not to SeesawEngine.Healthchecks"),
  );
  const nonsense = await callOf((socket) => void socket.write("HTTP/1.1 400 Bad Request\r\n\r\n".repeat(20)));
  expect(nonsense).toBeInstanceOf(GobError);
});

test("engine call: a reply without an end is refused at its bound", async () => {
  const block = new Uint8Array(1_024 * 1_024);
  let written = 0;
  const pour = (socket: Bun.Socket) => {
    for (let bytes = block.length; bytes === block.length; written += bytes)
      bytes = Math.max(0, socket.write(block));
  };
  const outcome = await callOf(
    (socket) => {
      // A message of 64 MiB is announced, and more than that follows.
      socket.write(new Uint8Array([0xfc, 4, 0, 0, 0]));
      pour(socket);
    },
    { drain: pour },
  );
  expect(outcome).toBeInstanceOf(GobError);
  expect(written).toBeGreaterThan(64 * block.length);
  expect(written).toBeLessThan(80 * block.length);
});
