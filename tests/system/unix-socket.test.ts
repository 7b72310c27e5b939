/** The path of a socket before it is listened on. */
import { expect, test } from "bun:test";
import { existsSync, lstatSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AlreadyRunningError, clearSocketPath, naming } from "../../src/system/unix-socket.ts";
import { makeTempDir } from "../harness/base/tempdir.ts";
import { until } from "../harness/base/wait.ts";

/** Leaves a socket behind that nobody listens on, as a killed process does. */
async function leaveStale(path: string): Promise<void> {
  const script = `Bun.listen({ unix: ${JSON.stringify(path)}, socket: { data() {} } }); process.kill(process.pid, "SIGKILL");`;
  await Bun.spawn([process.execPath, "-e", script]).exited;
}

test("unix socket: a free path is left alone, missing directories are made", async () => {
  await using dir = makeTempDir("sock");
  const path = join(dir.path, "a/b/proxy.sock");
  clearSocketPath(path);
  expect([existsSync(join(dir.path, "a/b")), existsSync(path)]).toEqual([true, false]);
});

test("unix socket: a dead one is removed", async () => {
  await using dir = makeTempDir("sock");
  const path = join(dir.path, "proxy.sock");
  await leaveStale(path);
  expect(lstatSync(path).isSocket()).toBe(true);
  clearSocketPath(path);
  expect(existsSync(path)).toBe(false);
});

test("unix socket: a live one is left alone, and its server sees no client", async () => {
  await using dir = makeTempDir("sock");
  const path = join(dir.path, "proxy.sock");
  let clients = 0;
  const listener = Bun.listen({ unix: path, socket: { data() {}, open: () => void clients++ } });
  expect(() => clearSocketPath(path)).toThrow(new AlreadyRunningError(path));
  const probe = await Bun.connect({ unix: path, socket: { data() {} } });
  // Whoever had come before would have been accepted before.
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
    expect(() => clearSocketPath(path)).toThrow(`listen on ${path}: path exists and is not a socket`);
  }
  expect(existsSync(file)).toBe(true);
});

test("unix socket: says why a directory cannot be made", async () => {
  await using dir = makeTempDir("sock");
  writeFileSync(join(dir.path, "file"), "");
  const clear = () => clearSocketPath(join(dir.path, "file/directory/proxy.sock"));
  expect(clear).toThrow(`make the directory ${dir.path}/file/directory: not a directory`);
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
