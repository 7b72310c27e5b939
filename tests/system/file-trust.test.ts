/** Files that root may obey. */
import { expect, test } from "bun:test";
import { chmodSync, chownSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { distrust, findDistrust, type Ownership } from "../../src/system/file-trust.ts";
import { rootTest } from "../harness/base/peers.ts";
import { makeTempDir } from "../harness/base/tempdir.ts";

const FILE: Ownership = { uid: 0, gid: 0, mode: 0o644, kind: "file" };

test.each<[string, Partial<Ownership>, string | undefined]>([
  ["of root, 0644", {}, undefined],
  ["of root and another group that may read", { gid: 7, mode: 0o640 }, undefined],
  ["that root's own group may write", { mode: 0o664 }, undefined],
  ["of another user", { uid: 7 }, "/f is owned by user 7; run chown root /f"],
  ["that another group may write", { gid: 7, mode: 0o660 }, "/f is writable by group 7; run chmod go-w /f"],
  ["writable by every user", { mode: 0o646 }, "/f is writable by every user; run chmod go-w /f"],
  ["a directory as /tmp", { kind: "directory", mode: 0o1777 }, undefined],
  [
    "a directory writable by every user",
    { kind: "directory", mode: 0o777 },
    "/f is writable by every user; run chmod go-w /f",
  ],
  ["a link of root", { kind: "link", mode: 0o777 }, undefined],
  ["a link of another user", { kind: "link", uid: 7 }, "/f is owned by user 7; run chown root /f"],
])("distrust: %s", (_name, changes, reason) => {
  expect(distrust("/f", { ...FILE, ...changes })).toBe(reason);
});

rootTest("findDistrust: the file, its directories and links all count", [], async () => {
  await using dir = makeTempDir("trust");
  const at = (...names: string[]) => join(dir.path, ...names);
  mkdirSync(at("safe"));
  mkdirSync(at("foreign"));
  for (const folder of ["safe", "foreign"]) writeFileSync(at(folder, "c.yaml"), "");
  chownSync(at("foreign"), 65_534, 65_534);
  symlinkSync("../safe/c.yaml", at("foreign", "link.yaml"));
  symlinkSync("../foreign", at("safe", "away"));
  symlinkSync("loop.yaml", at("loop.yaml"));
  expect(findDistrust(at("safe", "c.yaml"))).toBeUndefined();
  expect(findDistrust(at("safe", "none.yaml"))).toBeUndefined();
  expect(findDistrust(at("loop.yaml"))).toBeUndefined();
  expect(findDistrust("/dev/null")).toBeUndefined();
  for (const path of [at("foreign", "c.yaml"), at("foreign", "link.yaml"), at("safe", "away", "c.yaml")])
    expect(findDistrust(path)).toBe(
      `${at("foreign")} is owned by user 65534; run chown root ${at("foreign")}`,
    );
  chmodSync(at("safe", "c.yaml"), 0o666);
  expect(findDistrust(at("safe", "c.yaml"))).toEndWith(`every user; run chmod go-w ${at("safe", "c.yaml")}`);
});
