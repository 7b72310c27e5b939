/** Files at the path of a Unix socket: nothing, a stale socket, a live one, another file. */
import { expect, test } from "bun:test";
import { existsSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AlreadyRunningError, naming, socketIdentity, staleSocketAt } from "../../src/system/unix-socket.ts";
import { leaveStaleSocket } from "../harness/base/stale-socket.ts";
import { makeTempDir } from "../harness/base/tempdir.ts";
import { until } from "../harness/base/wait.ts";

test("unix socket: nothing at the path is nothing to replace", async () => {
  await using dir = makeTempDir("sock");
  expect(staleSocketAt(join(dir.path, "proxy.sock"))).toBeUndefined();
});

test("unix socket: a stale one is named and left where it is", async () => {
  await using dir = makeTempDir("sock");
  const path = join(dir.path, "proxy.sock");
  await leaveStaleSocket(path);
  const stale = staleSocketAt(path);
  expect(stale).toBeDefined();
  expect(socketIdentity(path)).toBe(stale);
});

test("unix socket: a live one is left alone, and its server sees no client", async () => {
  await using dir = makeTempDir("sock");
  const path = join(dir.path, "proxy.sock");
  let clients = 0;
  const listener = Bun.listen({ unix: path, socket: { data() {}, open: () => void clients++ } });
  expect(() => staleSocketAt(path)).toThrow(new AlreadyRunningError(path));
  const probe = await Bun.connect({ unix: path, socket: { data() {} } });
  // An earlier client would have been accepted earlier.
  await until(() => clients > 0, 2_000, "a true client");
  probe.terminate();
  listener.stop(true);
  expect(clients).toBe(1);
});

test("unix socket: what is no socket is left alone", async () => {
  await using dir = makeTempDir("sock");
  const file = join(dir.path, "file");
  writeFileSync(file, "precious");
  const link = join(dir.path, "link");
  symlinkSync(file, link);
  for (const path of [file, link]) {
    expect(() => staleSocketAt(path)).toThrow(`listen on ${path}: path exists and is not a socket`);
  }
  expect(existsSync(file)).toBe(true);
});

test("unix socket: an error names the step and the system's reason, which the runtime's message leaves out", async () => {
  await using dir = makeTempDir("sock");
  const path = join(dir.path, "missing", "proxy.sock");
  const listen = () => Bun.listen({ unix: path, socket: { data() {} } });
  expect(listen).not.toThrow("no such file");
  expect(() => naming(`listen on ${path}`, listen)).toThrow(`listen on ${path}: no such file or directory`);
  expect(() =>
    naming("step", () => {
      throw new Error("another reason");
    }),
  ).toThrow("step: another reason");
  expect(naming("step", () => 1)).toBe(1);
});
