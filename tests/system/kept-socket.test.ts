/** A socket that stays at its path: opened again when its file is gone, and never in the place of another process's file. */
import { expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, rmdirSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { KeptSocket } from "../../src/system/kept-socket.ts";
import { leaveStaleSocket } from "../harness/base/stale-socket.ts";
import { makeTempDir } from "../harness/base/tempdir.ts";

/** A kept socket that answers `ok`. */
function kept(path: string) {
  const socket = new KeptSocket<undefined>(path, 0o600, {
    data: (client) => void client.write("ok"),
  });
  return Object.assign(socket, { [Symbol.dispose]: () => socket.close(true) });
}

/** Connects. @returns a function that asks through the connection */
async function connect(path: string) {
  let answered = Promise.withResolvers<string>();
  const socket = await Bun.connect({
    unix: path,
    socket: { data: (_socket, bytes) => answered.resolve(bytes.toString()) },
  });
  return async () => {
    answered = Promise.withResolvers<string>();
    socket.write("?");
    return await answered.promise;
  };
}

test("kept socket: a lost file is placed again, and connections stay open", async () => {
  await using dir = makeTempDir("kept");
  const path = join(dir.path, "s");
  using socket = kept(path);
  expect([socket.isOpen, socket.isInPlace]).toEqual([false, false]);
  socket.open();
  const ask = await connect(path);
  expect(socket.keep()).toEqual({ outcome: "in place" });
  unlinkSync(path);
  expect([socket.isOpen, socket.isInPlace]).toEqual([true, false]);
  expect(socket.keep()).toEqual({ outcome: "opened" });
  expect([await ask(), await (await connect(path))()]).toEqual(["ok", "ok"]);
  socket.close(true);
  expect([socket.isOpen, existsSync(path)]).toEqual([false, false]);
});

test("kept socket: another file in its place is left alone, and the socket comes when it is gone", async () => {
  await using dir = makeTempDir("kept");
  const path = join(dir.path, "s");
  using socket = kept(path);
  socket.open();
  unlinkSync(path);
  writeFileSync(path, "another's");
  const error = `listen on ${path}: path exists and is not a socket`;
  expect(socket.keep()).toEqual({ outcome: "failed", error, isNew: true });
  expect(socket.keep()).toEqual({ outcome: "failed", error, isNew: false });
  unlinkSync(path);
  expect(socket.keep()).toEqual({ outcome: "opened" });
  unlinkSync(path);
  writeFileSync(path, "another's");
  expect(socket.keep()).toMatchObject({ outcome: "failed", isNew: true });
  socket.close(true);
  expect(readdirSync(dir.path)).toEqual(["s"]);
});

test("kept socket: another server's socket is left alone, a stale one is replaced", async () => {
  await using dir = makeTempDir("kept");
  const path = join(dir.path, "s");
  await leaveStaleSocket(path);
  using socket = kept(path);
  expect(socket.keep()).toEqual({ outcome: "opened" });
  using second = kept(path);
  expect(second.keep()).toMatchObject({ outcome: "failed", error: expect.stringMatching(/another server/) });
  expect(socket.isInPlace).toBe(true);
});

test("kept socket: what cannot be opened at first is opened later", async () => {
  await using dir = makeTempDir("kept");
  const path = join(dir.path, "s");
  mkdirSync(path);
  using socket = kept(path);
  expect(socket.keep()).toMatchObject({ outcome: "failed", isNew: true });
  rmdirSync(path);
  expect(socket.keep()).toEqual({ outcome: "opened" });
});
