/** YAML with places. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { readYaml, readYamlInSlices, type YamlFile } from "../../src/config/yaml.ts";

setDefaultTimeout(30_000);

function file(text: string, bigIntegers = false): YamlFile {
  const read = readYaml(text, bigIntegers ? "checks" : "configuration");
  if ("faults" in read) throw new Error(JSON.stringify(read.faults));
  return read.file;
}

const TEXT = "a:\n  b: 0660\n  list:\n    - one\n    - x: 5\n";

test("yaml: values, keys and elements have their places", () => {
  const { locate } = file(TEXT);
  expect(locate(["a", "b"])).toEqual({ line: 2, column: 6 });
  expect(locate(["a", "b"], "key")).toEqual({ line: 2, column: 3 });
  expect(locate(["a", "list", 0])).toEqual({ line: 4, column: 7 });
  expect(locate(["a", "list", 1, "x"])).toEqual({ line: 5, column: 10 });
  expect(locate([])).toEqual({ line: 1, column: 1 });
});

test("yaml: what is not there has the place of the nearest enclosing key or element", () => {
  const { locate } = file(TEXT);
  expect(locate(["a", "missing"])).toEqual({ line: 1, column: 1 });
  expect(locate(["a", "list", 1, "y"])).toEqual({ line: 5, column: 7 });
  expect(locate(["none", "at", "all"])).toEqual({ line: 1, column: 1 });
});

test("yaml: the source of a scalar is as it was written", () => {
  const { source } = file(TEXT);
  expect(source(["a", "b"])).toBe("0660");
  expect(source(["a"])).toBeUndefined();
  expect(source(["none"])).toBeUndefined();
});

test("yaml: integers keep their digits on request", () => {
  const text = "id: 18446744073709551615\nn: 1.5\n";
  expect(file(text, true).value).toEqual({ id: 18446744073709551615n, n: 1.5 });
});

test("yaml: a text that is not YAML is reported with its position", () => {
  const read = readYaml("a: b: c\n", "configuration");
  expect("faults" in read ? read.faults[0] : undefined).toMatchObject({ line: 1, key: "" });
});

test("yaml: a few aliases do not become gigabytes", () => {
  const bomb = ["a: &a [x, x, x, x, x, x, x, x, x]"];
  for (let level = 1; level < 12; level++) {
    const [name, before] = [level + 10, level + 9].map((digit) => digit.toString(36));
    bomb.push(`${name}: &${name} [${`*${before}, `.repeat(9)}]`);
  }
  const read = readYaml(bomb.join("\n"), "configuration");
  expect("faults" in read).toBe(true);
});

test.each([
  ["a: *hunter2\n", "Unresolved alias (the anchor must be set before the alias)"],
  ["a: |hunter2\n", "Block scalar header includes extra characters"],
  ["a: [] ]hunter2\n", "Unexpected flow-seq-end token in YAML stream"],
  ['a: "\\qhunter2"\n', "Invalid escape sequence"],
])("yaml: the error of %j does not quote it, because it may be a secret", (text, words) => {
  const read = readYaml(text, "configuration");
  const [fault] = "faults" in read ? read.faults : [];
  expect(fault?.message).toBe(`not valid YAML: ${words}`);
});

test("yaml: a second document is reported with our own message, at its position", () => {
  const read = readYaml("a: 1\n---\nb: 2\n---\nc: 3\n", "configuration");
  expect("faults" in read && read.faults).toEqual([
    {
      line: 2,
      column: 1,
      key: "",
      message: "not valid YAML: second document (---); a file must hold one document",
    },
  ]);
});

test("yaml: an alias inside of its own anchor is reported with its position", () => {
  for (const [text, place] of [
    ["a: &x { b: *x }\n", "1:12"],
    ["a:\n  - &x [1, { b: [*x] }]\n", "2:18"],
  ] as const) {
    const read = readYaml(text, "configuration");
    const [fault] = "faults" in read ? read.faults : [];
    expect(`${fault?.line}:${fault?.column}`).toBe(place);
    expect(fault?.message).toContain("the alias *x refers to a value that contains it");
  }
});

test("yaml: of very many errors the first are reported, and their number", () => {
  const read = readYaml(`${"a: b\n".repeat(500)}`, "configuration");
  const faults = "faults" in read ? read.faults : [];
  expect(faults.length).toBe(21);
  expect(faults.at(-1)?.message).toBe("not valid YAML: 479 more errors");
});

const COMMON = "x-common: &common\n  interval: 1s\n  port: 80\n";

test("yaml: merge keys are merged, own keys win, and places are those of the source", () => {
  const { value, locate } = file(`${COMMON}a:\n  port: 81\n  <<: *common\n  id: 1\n`);
  expect(value).toMatchObject({ a: { interval: "1s", port: 81, id: 1 } });
  expect(locate(["a", "interval"])).toEqual({ line: 2, column: 13 });
  expect(locate(["a", "interval"], "key")).toEqual({ line: 2, column: 3 });
  expect(locate(["a", "port"])).toEqual({ line: 5, column: 9 });
});

test("yaml: of several merged maps the first wins, and merged maps may have merged themselves", () => {
  const { value } = file("b: &b {x: 1, y: 1}\nc: &c {<<: *b, y: 2, z: 2}\nd: {<<: [{x: 9}, *c]}\n");
  expect(value).toMatchObject({ d: { x: 9, y: 2, z: 2 } });
});

test("yaml: a quoted << is a key like any other", () => {
  expect(file('a: {"<<": 1}\n').value).toEqual({ a: { "<<": 1 } });
});

test.each(["5", "[1]", "text", "~"])("yaml: << with %s is reported with its position", (what) => {
  const read = readYaml(`a:\n  <<: ${what}\n`, "configuration");
  expect("faults" in read && read.faults).toEqual([
    {
      line: 2,
      column: 7,
      key: "",
      message: "not valid YAML: a merge key (<<) must have a map or a list of maps as its value",
    },
  ]);
});

test("yaml: literals, octal and sexagesimal numbers keep their meaning beside merge keys", () => {
  const { value } = file(
    `${COMMON}a: {<<: *common, b: yes, c: no, d: on, e: off, f: 0660, g: 1:30, h: 0o17}\n`,
  );
  expect(value).toMatchObject({ a: { b: "yes", c: "no", d: "on", e: "off", f: 660, g: "1:30", h: 15 } });
});

test("yaml: numbers as Rust's serde_yaml reads them", () => {
  expect(file("a: [0b101, -0x1F, +0o17, '0b1', 0x1f]\n").value).toEqual({ a: [5, -31, 15, "0b1", 31] });
  expect(file("a: [0b101, -0x1F]\n", true).value).toEqual({ a: [5n, -31n] });
});

/** The same in every style, long enough to be read in many pieces. */
const LONG: Readonly<Record<string, (count: number) => string>> = {
  "block list": (count) =>
    `list:\n${Array.from({ length: count }, (_, n) => `  - id: ${n}\n    # why\n    a: [x, y]\n`).join("")}last: 1\n`,
  "list without indent": (count) =>
    `list:\n${Array.from({ length: count }, (_, n) => `- {id: ${n}, a: [x, y]}\n`).join("")}last: 1\n`,
  "flow list": (count) =>
    `list: [\n${Array.from({ length: count }, (_, n) => `  {id: ${n}, a: [x, y]}`).join(",\n")}\n  ]\nlast: 1\n`,
  JSON: (count) =>
    JSON.stringify({ list: Array.from({ length: count }, (_, id) => ({ id, a: ["x", "y"] })), last: 1 }),
  "anchors and aliases": (count) =>
    `x: &x {a: [x, y]}\nlist:\n${Array.from({ length: count }, (_, n) => `- <<: *x\n  id: ${n}\n`).join("")}last: 1\n`,
};

test.each(Object.keys(LONG))("yaml: a long %s is read in pieces as it would be in one", (style) => {
  const text = LONG[style]?.(1_000) ?? "";
  const { value, locate } = file(text, true);
  const { list, last } = value as { list: { id: bigint; a: string[] }[]; last: bigint };
  expect([list.length, last]).toEqual([1_000, 1n]);
  expect(list.every(({ id, a }, n) => id === BigInt(n) && a.join() === "x,y")).toBe(true);
  const { line, column } = locate(["list", 999, "id"]);
  expect(text.split("\n")[line - 1]?.slice(column - 1)).toStartWith("999");
  const first = locate(["list"]);
  expect(text.split("\n")[first.line - 1]?.slice(first.column - 1)).toMatch(/^(?:- |\[)/);
});

test("yaml: a fault far into a long file has its place", () => {
  for (const [style, make] of Object.entries(LONG)) {
    const text = make(1_000).replace(/("?)id\1: ?998/, "id: {");
    const read = readYaml(text, "checks");
    expect([style, "faults" in read]).toEqual([style, true]);
  }
});

/** Nonsense, each repeated; what is said of it. */
const NONSENSE: Readonly<Record<string, RegExp>> = {
  "}": /262144 characters without a key/,
  "] a,\n": /262144 characters, the maximum/,
  "[,": /nested more than 100 levels deep/,
  "- ": /nested more than 100 levels deep/,
  "a: ": /nested more than 100 levels deep/,
  '{"a":': /nested more than 100 levels deep/,
  "a: b\n": /981 more errors/,
  "&a !b\n#\n": /more than 20000 words/,
  "&a #\n": /more than 20000 words/,
  "- a\n": /more than 20000 values/,
  "- {}\n": /more than 20000 values/,
  "%A - x\n": /more than 20 directives/,
  "---\n": /second document \(---\)/,
  " ": /262144 characters without a key/,
  "x\n": /262144 characters without a key/,
  '"': /262144 characters without a key/,
  "\0": /262144 characters without a key/,
  ",": /262144 characters, the maximum/,
};

test.each(Object.keys(NONSENSE))("yaml: a file of %j is abandoned early", (piece) => {
  const read = readYaml(piece.repeat((1 << 20) / piece.length), "configuration");
  expect("faults" in read && read.faults.at(-1)?.message).toMatch(NONSENSE[piece] ?? /never/);
});

test("yaml: reading costs as much a byte in a long file as in a short one", () => {
  const timeMs = (count: number) => {
    const text = LONG["block list"]?.(count) ?? "";
    return Math.min(
      ...[1, 2, 3].map(() => {
        const start = process.cpuUsage().user;
        readYaml(text, "checks");
        return process.cpuUsage().user - start;
      }),
    );
  };
  timeMs(500);
  // Eight times as much; quadratic would be sixty-four times.
  expect(timeMs(4_000) / timeMs(500)).toBeLessThan(24);
});

test("yaml: in slices the result is the same, and the event loop has its turns", async () => {
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  try {
    const text = LONG["block list"]?.(1_000) ?? "";
    const sliced = await readYamlInSlices(text, "checks");
    expect("file" in sliced && sliced.file.value).toEqual(file(text, true).value);
    expect(turns).toBeGreaterThan(3);
  } finally {
    clearInterval(timer);
  }
});
