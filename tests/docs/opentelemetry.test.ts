/** docs/opentelemetry.md and its examples against the sources: keys, variables, spans, attributes, log lines, bounds. */
import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { defaultResource } from "@opentelemetry/resources";
import * as conventions from "@opentelemetry/semantic-conventions";
import { parse } from "yaml";
import { validateConfig } from "../../src/config/load.ts";
import { DEFAULT_CONFIG, leaves, toFile } from "../../src/config/schema.ts";
import { readChecksFile } from "../../src/control/checks-file.ts";
import { PHASES } from "../../src/model/phases.ts";
import { type Environment, telemetrySettings } from "../../src/telemetry/settings.ts";

const ROOT = join(import.meta.dir, "..", "..");
const read = (path: string) => readFileSync(join(ROOT, path), "utf8");
const TEXT = read("docs/opentelemetry.md");
const TELEMETRY = readdirSync(join(ROOT, "src", "telemetry")).map((name) => read(`src/telemetry/${name}`));
/** Each check type adds attributes of its own. */
const ATTRIBUTES = [...new Bun.Glob("src/checks/**/attributes.ts").scanSync(ROOT)].map(read);
const SOURCE = [...TELEMETRY, ...ATTRIBUTES].join("\n");

/** Returns the text below a heading, until the next of its level or above; a single `#` is a comment in a block. */
function section(heading: string): string {
  const start = TEXT.indexOf(`\n${heading}\n`);
  if (start < 0) throw new Error(`no heading ${heading}`);
  const level = heading.indexOf(" ");
  const rest = TEXT.slice(start + heading.length + 2);
  const end = rest.search(new RegExp(`^#{2,${level}} `, "m"));
  return end < 0 ? rest : rest.slice(0, end);
}

/** The rows of the tables in a text, cell by cell, without their heads. */
function rows(text: string): string[][] {
  const cells = (row: string) =>
    row
      .slice(1, -1)
      .split("|")
      .map((cell) => cell.trim());
  return [...text.matchAll(/^\|[-| ]+\|\n((?:\|.*\n)+)/gm)].flatMap(([, body = ""]) =>
    body.trim().split("\n").map(cells),
  );
}

/** Returns the code spans of the first cells. */
const namesIn = (text: string) => rows(text).flatMap(([first = ""]) => quoted(first));
const quoted = (text: string) => [...text.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name);
const matches = (pattern: RegExp) => [...SOURCE.matchAll(pattern)].map(([, name = ""]) => name);
const sorted = (names: Iterable<string>) => [...new Set(names)].sort();

/** Every variable that is looked at. */
function variablesRead(): string[] {
  const asked: string[] = [];
  const env: Environment = new Proxy(
    {},
    {
      get: (_, name) => {
        asked.push(String(name));
        return undefined;
      },
    },
  );
  telemetrySettings(DEFAULT_CONFIG.telemetry, () => false, env, "0");
  return asked;
}

test("docs: every key of the section is in opentelemetry.md with its default, and whether SIGHUP is enough", () => {
  const defaults = toFile(DEFAULT_CONFIG)["telemetry"] ?? {};
  const expected = leaves()
    .filter(({ section: name }) => name === "telemetry")
    .map(({ name, about }) => [name, String(defaults[name]), about.reload ? "yes" : "no"]);
  const described = rows(section("## Enable traces").split("### ")[0] ?? "").map(
    ([key = "", fallback = "", reload]) => [quoted(key)[0], quoted(fallback)[0], reload],
  );
  expect(described.toSorted()).toEqual(expected.toSorted());
});

test("docs: opentelemetry.md names the variables that are looked at, and no others", () => {
  expect(sorted(namesIn(section("### Environment")))).toEqual(sorted(variablesRead()));
  const named = [...TEXT.matchAll(/\b(?:OTEL|SSL)_[A-Z_]+\b/g)].map(([name]) => name);
  expect(sorted(named)).toEqual(sorted(variablesRead()));
});

test("docs: exactly the variables that opentelemetry.md calls without effect are logged as such", () => {
  const all = Object.fromEntries(variablesRead().map((name) => [name, "1"]));
  const { warnings } = telemetrySettings(DEFAULT_CONFIG.telemetry, () => true, all, "0");
  const warned = warnings
    .filter(({ message }) => message.startsWith("has no effect"))
    .map(({ variable }) => variable);
  const [, without = ""] = section("### Environment").split("These have no effect");
  expect(sorted(namesIn(without))).toEqual(sorted(warned));
});

test("docs: opentelemetry.md has every span of the sources, and no other", () => {
  const described = [...section("## The spans").matchAll(/^### `(.+)`$/gm)].map(([, name = ""]) => name);
  expect(sorted(described)).toEqual(sorted(matches(/^const [A-Z]+ = "(healthcheck\.\w+)";$/gm)));
});

test("docs: opentelemetry.md has every attribute and event of the sources, and no other", () => {
  const spans = new Set(matches(/^const [A-Z]+ = "(healthcheck\.\w+)";$/gm));
  const literal = matches(/"((?!grpc\.)[a-z]+(?:\.[a-z_]+)+)"/g).filter((name) => !spans.has(name));
  const conventional = matches(/\b(ATTR_\w+)\b/g).flatMap((name) => {
    const key: unknown = Reflect.get(conventions, name);
    return typeof key === "string" ? [key] : [];
  });
  const events = ["request", ...PHASES.map(({ field }) => field.slice(0, -"_ms".length))];
  const expected = [...literal, ...conventional, ...Object.keys(defaultResource().attributes), ...events];
  expect(sorted(namesIn(section("## The spans")))).toEqual(sorted(expected));
});

test("docs: opentelemetry.md has the log lines as they are written", () => {
  const lines = [...SOURCE.matchAll(/\blog\.(\w+)\("([^"]+)"/g)].map(([, level = "", message]) => [
    level.toUpperCase(),
    message,
  ]);
  const described = rows(section("## When the collector is down")).flatMap(([level = "", message = ""]) =>
    /^[A-Z]+$/.test(level) ? [[level, quoted(message)[0]]] : [],
  );
  expect(described.toSorted()).toEqual(lines.toSorted());
  for (const message of [
    "spans are created faster than they can be delivered",
    "connection not established within",
    "HTTP status",
  ]) {
    expect(SOURCE).toContain(message);
    expect(section("## Troubleshooting")).toContain(message);
  }
});

test("docs: opentelemetry.md has the bounds of the buffer", () => {
  const bounds = Object.fromEntries(
    [...SOURCE.matchAll(/^(?:export )?const (\w+) = ([\d_]+);$/gm)].map(([, name, value = ""]) => [
      name,
      Number(value.replaceAll("_", "")),
    ]),
  );
  const { MAX_SPANS, BATCH, GATHER_MS, APART_MS, FIRST_RETRY_MS, LAST_RETRY_MS, WARN_PERIOD_MS } = bounds;
  const spans = [MAX_SPANS, BATCH].map((count) => count?.toLocaleString("en"));
  const times = [GATHER_MS, APART_MS, FIRST_RETRY_MS, LAST_RETRY_MS, WARN_PERIOD_MS].map(
    (ms) => `${Number(ms) / 1_000} s`,
  );
  const described = rows(section("## When the collector is down")).filter((cells) => cells.length === 2);
  expect(described.map(([, value]) => value)).toEqual([...spans, ...times]);
});

test("docs: the configurations of opentelemetry.md and its examples are valid", async () => {
  const blocks = [...TEXT.matchAll(/^```yaml\n((?:#.*\n)?telemetry:\n.*?)^```$/gms)].map(
    ([, text = ""]) => text,
  );
  expect(blocks.length).toBe(1);
  for (const text of [...blocks, read("examples/healthcheck-server-with-telemetry.yaml")]) {
    const { config, faults, warnings } = validateConfig(text);
    expect([faults, warnings]).toEqual([[], []]);
    expect(config?.telemetry).toEqual({ ...DEFAULT_CONFIG.telemetry, enabled: true });
  }
  const { set, faults } = await readChecksFile(join(ROOT, "examples", "jaeger", "checks.yaml"));
  expect([set.specs.length, faults]).toEqual([3, []]);
});

test("examples: the containers of traces have a version, loopback ports, and those of OTLP", () => {
  for (const name of ["jaeger", "otel-collector"]) {
    const { services } = parse(read(`examples/${name}/docker-compose.yml`));
    const ports: string[] = [];
    for (const service of Object.values<{ image: string; ports: string[] }>(services)) {
      expect(service.image).toMatch(/^[\w./-]+:v?\d+\.\d+\.\d+$/);
      ports.push(...service.ports);
    }
    for (const port of ports) expect(port).toStartWith("127.0.0.1:");
    expect(ports).toContain("127.0.0.1:4317:4317");
    expect(ports).toContain("127.0.0.1:4318:4318");
  }
});

test("examples: the collector samples by attributes that spans have", () => {
  const { processors, service } = parse(read("examples/otel-collector/config.yaml"));
  const policies: { string_attribute?: { key: string } }[] = processors.tail_sampling.policies;
  const keys = policies.flatMap(({ string_attribute }) => string_attribute?.key ?? []);
  expect(keys.length).toBe(3);
  for (const key of keys) expect(namesIn(section("## The spans"))).toContain(key);
  expect(service.pipelines.traces.processors).toEqual(Object.keys(processors));
});
