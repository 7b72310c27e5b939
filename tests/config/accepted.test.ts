/** Files that the original server accepts, and files that operators write: the executable takes each, and says what it does not use as it stands. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { runCommand } from "../harness/base/command.ts";

setDefaultTimeout(30_000);

/** A file's first line says how many warnings it has; none when it says nothing. */
function warningsOf(file: string): number {
  return Number(/^# ([0-9]+) warnings?$/m.exec(readFileSync(file, "utf8"))?.[1] ?? 0);
}

for (const [dir, kind] of [
  ["original", "configuration file"],
  ["checks", "checks file"],
] as const) {
  const base = join(import.meta.dir, dir);
  test.each(readdirSync(base))(`accepted: ${dir}/%s`, async (name) => {
    const file = join(base, name);
    const { status, out, err } = await runCommand(["check-config", "--strict-config", file]);
    expect([status, err]).toEqual([0, ""]);
    const lines = out.trimEnd().split("\n");
    expect(lines.at(-1)).toStartWith(`${file}: valid ${kind}`);
    const warnings = lines.slice(0, -1);
    expect(warnings.length).toBe(warningsOf(file));
    for (const warning of warnings)
      expect(warning).toMatch(/^Configuration warning: \S+:\d+:\d+: [\w.[\]]+: ./);
  });
}

test("accepted: probe sends the bytes that it is given", async () => {
  const got = Promise.withResolvers<string>();
  using server = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      data(socket, bytes) {
        got.resolve(bytes.toString("hex"));
        socket.write(Uint8Array.of(6, 0x80));
      },
    },
  });
  const talk = ["--send", "\\x00\\xff", "--receive", "\\x06\\x80"];
  const { status } = await runCommand(["probe", "tcp", `127.0.0.1:${server.port}`, ...talk]);
  expect([status, await got.promise]).toEqual([0, "00ff"]);
});
