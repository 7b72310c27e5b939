/** docs/migration.md and the compiled executable: what it says stays does stay. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { SEESAW_FLAGS } from "../../src/cli/seesaw-flags.ts";
import { runCommand } from "../harness/base/command.ts";
import { blocks, pages, prose, ROOT, readText, tableRows } from "../harness/base/markdown.ts";
import { freePort } from "../harness/base/ports.ts";
import { makeTempDir } from "../harness/base/tempdir.ts";
import { startDaemon } from "../harness/daemon/daemon.ts";

setDefaultTimeout(30_000);

const TEXT = readText("docs/migration.md");

test("docs: the original's configuration is valid, without a warning", async () => {
  const [original = ""] = blocks(TEXT, "yaml original");
  expect(original).toContain("proxy_socket");
  await using dir = makeTempDir("original");
  const file = join(dir.path, "original.yaml");
  await Bun.write(file, original);
  const { status, out } = await runCommand(["check-config", "--strict-config", file]);
  expect([status, out]).toEqual([0, `${file}: valid configuration file\n`]);
});

test("docs: the spellings of durations that it names are valid", async () => {
  const [, samples = ""] = /^Units are the same: (.*?)\(\[/ms.exec(TEXT) ?? [];
  const durations = [...samples.matchAll(/`([^`]+)`/g)].map(([, duration = ""]) => duration);
  expect(durations.length).toBeGreaterThan(2);
  await using dir = makeTempDir("durations");
  const file = join(dir.path, "durations.yaml");
  for (const duration of durations) {
    await Bun.write(file, `advanced: { notify_interval: "1h", fetch_interval: "1m ${duration}" }\n`);
    const { status, out } = await runCommand(["check-config", "--strict-config", file]);
    expect([duration, status, out]).toEqual([duration, 0, `${file}: valid configuration file\n`]);
  }
});

/** All possible messages: the text of all sources. */
const SOURCES = readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts"))
  .map((file) => readFileSync(join(ROOT, "src", file), "utf8"))
  .join("\n");

test("docs: every message that is kept is in the sources", () => {
  const messages = tableRows(TEXT, ["message", "level"]).map(([cell = ""]) => cell.replaceAll("`", ""));
  expect(messages.length).toBeGreaterThan(8);
  // Up to what differs from line to line.
  const fixed = messages.map((message) => message.replace(/(?:FILE|…).*$/, ""));
  expect(fixed.filter((message) => !SOURCES.includes(message))).toEqual([]);
});

/** The beginnings of the parts of a message that are the same in each line, without the short ones, which mean nothing alone. */
function fixedBeginnings(message: string): string[] {
  const parts = message.split(/…|"?\b[A-Z]+\b"?|[():]/).map((part) => part.trim().split(" ").slice(0, 4));
  return parts.filter((words) => words.length >= 3).map((words) => words.join(" ").replace(/[,;]$/, ""));
}

test("docs: no page quotes a message in words that it no longer has", () => {
  const rows = tableRows(TEXT, ["0.1.0", "now"]);
  const old = rows.flatMap(([cell = "", now = ""]) =>
    [...cell.matchAll(/`([^`]+)`/g)]
      .flatMap(([, message = ""]) => fixedBeginnings(message))
      .filter((words) => !now.includes(words) && !SOURCES.includes(words)),
  );
  expect(old.length).toBeGreaterThan(40);
  const others = pages().filter((page) => !["docs/migration.md", "docs/CHANGELOG.md"].includes(page));
  const quoted = others.flatMap((page) =>
    [...prose(readText(page)).matchAll(/`((?:[^`\n]|\n(?!\n))+)`/g)].map(
      ([, span = ""]) => `${page}: ${span.replace(/\s+/g, " ")}`,
    ),
  );
  expect(quoted.filter((span) => old.some((words) => span.includes(words)))).toEqual([]);
});

test("docs: every flag of Google's health checker is in its table, and those without effect are marked", () => {
  const rows = tableRows(TEXT, ["flag", "effect"]);
  const found = rows.flatMap(([flags = "", effect = ""]) =>
    [...flags.matchAll(/`-(\w+)`/g)].map(([, name = ""]) => [name, effect.startsWith("none")] as const),
  );
  const flags = SEESAW_FLAGS.map((flag) => [flag.name, "withoutEffect" in flag] as const);
  expect(Object.fromEntries(found)).toEqual(Object.fromEntries(flags));
});

test("docs: every metric that is kept is served", async () => {
  const kept = [...(/^Kept: (.*?)\n\n/ms.exec(TEXT)?.[1] ?? "").matchAll(/`(healthcheck_\w+)`/g)];
  expect(kept.length).toBeGreaterThan(15);
  const port = freePort();
  await using _daemon = await startDaemon({
    config: `metrics: { enabled: true, listen_addr: "127.0.0.1:${port}" }\n`,
  });
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const served = new Set([...text.matchAll(/^# TYPE (\w+)/gm)].map(([, name]) => name));
  expect(kept.map(([, name]) => name).filter((name) => !served.has(name))).toEqual([]);
});
