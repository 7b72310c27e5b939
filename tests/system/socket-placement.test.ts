/** Placement of a Unix socket at its path: it accepts connections before it is there, and displaces no file of another process. */
import { expect, test } from "bun:test";
import {
  existsSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { placeSocket, removeSocket, replaceStale } from "../../src/system/socket-placement.ts";
import { AlreadyRunningError, isServed, socketIdentity } from "../../src/system/unix-socket.ts";
import { leaveStaleSocket } from "../harness/base/stale-socket.ts";
import { makeTempDir } from "../harness/base/tempdir.ts";

const MODE = 0o640;
const listen = (unix: string) => Bun.listen({ unix, socket: { data() {} } });
const modeOf = (path: string) => lstatSync(path).mode & 0o7777;

/** Makes the longest path of a socket, 107 bytes, in a directory. @param nameBytes - length of its last part */
function longestPath(directory: string, nameBytes: number): string {
  const between = 107 - Buffer.byteLength(directory) - nameBytes - 2;
  const inner = join(directory, "d".repeat(between));
  mkdirSync(inner);
  const path = join(inner, nameBytes > 8 ? "é".repeat(4).padEnd(nameBytes - 4, "n") : "n".repeat(nameBytes));
  expect(Buffer.byteLength(path)).toBe(107);
  return path;
}

test("placement: the socket accepts and has its mode before it is at its path; nothing else is left in the directory", async () => {
  await using dir = makeTempDir("place");
  const path = join(dir.path, "a", "b", "proxy.sock");
  let during: readonly unknown[] = [];
  const { listener, identity } = placeSocket(path, MODE, (temporary) => {
    const made = listen(temporary);
    during = [existsSync(path), isServed(temporary), modeOf(temporary)];
    return made;
  });
  expect(during).toEqual([false, true, MODE]);
  expect([isServed(path), modeOf(path), socketIdentity(path)]).toEqual([true, MODE, identity]);
  expect(readdirSync(join(dir.path, "a", "b"))).toEqual(["proxy.sock"]);
  // The runtime removes the name that it bound, which is no longer there.
  listener.stop();
  expect(existsSync(path)).toBe(true);
});

test("placement: the temporary name contains the socket's name, so that ss finds it", async () => {
  await using dir = makeTempDir("place");
  let bound = "";
  const { listener } = placeSocket(join(dir.path, "proxy.sock"), MODE, (temporary) => {
    bound = temporary;
    return listen(temporary);
  });
  expect(bound).toMatch(/\/\.proxy\.sock\.[0-9a-f]{8}$/);
  listener.stop();
});

test.each([1, 8, 60, 80])(
  "placement: a path of 107 bytes is possible, with a name of %i",
  async (nameBytes) => {
    await using dir = makeTempDir("p");
    const path = longestPath(dir.path, nameBytes);
    const { listener } = placeSocket(path, MODE, listen);
    expect([isServed(path), modeOf(path)]).toEqual([true, MODE]);
    expect(readdirSync(join(path, "..")).length).toBe(1);
    listener.stop();
  },
);

test("placement: a stale socket is replaced in one step", async () => {
  await using dir = makeTempDir("place");
  const path = join(dir.path, "proxy.sock");
  await leaveStaleSocket(path);
  const { listener, identity } = placeSocket(path, MODE, (temporary) => {
    const made = listen(temporary);
    expect([existsSync(path), isServed(path)]).toEqual([true, false]);
    return made;
  });
  expect([isServed(path), socketIdentity(path), modeOf(path)]).toEqual([true, identity, MODE]);
  expect(readdirSync(dir.path)).toEqual(["proxy.sock"]);
  listener.stop();
});

test("placement: another server that listens meanwhile keeps the path, free or stale before", async () => {
  for (const wasStale of [false, true]) {
    await using dir = makeTempDir("place");
    const path = join(dir.path, "proxy.sock");
    if (wasStale) await leaveStaleSocket(path);
    let rival: ReturnType<typeof listen> | undefined;
    const place = () =>
      placeSocket(path, MODE, (temporary) => {
        if (wasStale) unlinkSync(path);
        rival = listen(path);
        return listen(temporary);
      });
    expect(place).toThrow(new AlreadyRunningError(path));
    expect([isServed(path), readdirSync(dir.path)]).toEqual([true, ["proxy.sock"]]);
    rival?.stop();
  }
});

test("placement: a file that appears at the path meanwhile is left alone", async () => {
  await using dir = makeTempDir("place");
  const path = join(dir.path, "proxy.sock");
  const place = () =>
    placeSocket(path, MODE, (temporary) => {
      writeFileSync(path, "precious");
      return listen(temporary);
    });
  expect(place).toThrow(`listen on ${path}: path exists and is not a socket`);
  expect(readdirSync(dir.path)).toEqual(["proxy.sock"]);
});

test("placement: a file that has replaced the stale socket between the check and the exchange is put back", async () => {
  await using dir = makeTempDir("place");
  const path = join(dir.path, "proxy.sock");
  const temporary = join(dir.path, "temporary");
  const rival = listen(path);
  const ours = listen(temporary);
  const before = [socketIdentity(path), socketIdentity(temporary)];
  expect(replaceStale(temporary, path, "of an earlier socket")).toBe(false);
  expect([socketIdentity(path), socketIdentity(temporary)]).toEqual(before);
  rival.stop();
  ours.stop();
});

test("placement: an error names the directory that cannot be made, or the socket that cannot be listened on", async () => {
  await using dir = makeTempDir("place");
  writeFileSync(join(dir.path, "file"), "");
  const within = join(dir.path, "file", "directory", "proxy.sock");
  expect(() => placeSocket(within, MODE, listen)).toThrow(
    `make the directory ${dir.path}/file/directory: not a directory`,
  );
  const path = join(dir.path, "proxy.sock");
  const fails = () => placeSocket(path, MODE, () => listen(join(dir.path, "missing", "proxy.sock")));
  expect(fails).toThrow(`listen on ${path}: no such file or directory`);
  expect(readdirSync(dir.path)).toEqual(["file"]);
});

test("placement: a socket that a killed start left is removed when it is a minute old, and no other file is", async () => {
  await using dir = makeTempDir("place");
  const path = join(dir.path, "proxy.sock");
  const old = new Date(Date.now() - 61_000);
  const stale = join(dir.path, "stale");
  await leaveStaleSocket(stale);
  const put = (name: string, isOld: boolean) => {
    const file = join(dir.path, name);
    renameSync(stale, file);
    if (isOld) lutimesSync(file, old, old);
  };
  put(".proxy.sock.0123abcd", true);
  await leaveStaleSocket(stale);
  put(".proxy.sock.0123abce", false);
  const others = [".other.sock.0123abcd", ".proxy.sock.other", "proxy.sock.0123abcd"];
  for (const name of others) {
    await leaveStaleSocket(stale);
    put(name, true);
  }
  writeFileSync(join(dir.path, ".proxy.sock.0123abcf"), "precious");
  lutimesSync(join(dir.path, ".proxy.sock.0123abcf"), old, old);
  const served = listen(join(dir.path, ".proxy.sock.0123abc0"));
  lutimesSync(join(dir.path, ".proxy.sock.0123abc0"), old, old);
  const { listener } = placeSocket(path, MODE, listen);
  expect(readdirSync(dir.path).sort()).toEqual(
    [".proxy.sock.0123abc0", ".proxy.sock.0123abce", ".proxy.sock.0123abcf", "proxy.sock", ...others].sort(),
  );
  served.stop();
  listener.stop();
});

test("placement: only the socket itself is removed from its path", async () => {
  await using dir = makeTempDir("place");
  const path = join(dir.path, "proxy.sock");
  const { listener, identity } = placeSocket(path, MODE, listen);
  const kept = join(dir.path, "kept");
  linkSync(path, kept);
  unlinkSync(path);
  removeSocket(path, identity);
  const rival = listen(path);
  removeSocket(path, identity);
  expect(existsSync(path)).toBe(true);
  renameSync(kept, path);
  removeSocket(path, identity);
  expect(existsSync(path)).toBe(false);
  rival.stop();
  listener.stop();
});
