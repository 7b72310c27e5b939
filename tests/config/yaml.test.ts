/** YAML with places. */
import { expect, test } from "bun:test";
import { readYaml, type YamlFile } from "../../src/config/yaml.ts";

function file(text: string, bigIntegers = false): YamlFile {
  const read = readYaml(text, { bigIntegers });
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

test("yaml: whole numbers keep their digits when that is asked for", () => {
  const text = "id: 18446744073709551615\nn: 1.5\n";
  expect(file(text, true).value).toEqual({ id: 18446744073709551615n, n: 1.5 });
});

test("yaml: a text that is no YAML is told with its place", () => {
  const read = readYaml("a: b: c\n", { bigIntegers: false });
  expect("faults" in read ? read.faults[0] : undefined).toMatchObject({ line: 1, key: "" });
});

test("yaml: a few aliases do not become gigabytes", () => {
  const bomb = ["a: &a [x, x, x, x, x, x, x, x, x]"];
  for (let level = 1; level < 12; level++) {
    const [name, before] = [level + 10, level + 9].map((digit) => digit.toString(36));
    bomb.push(`${name}: &${name} [${`*${before}, `.repeat(9)}]`);
  }
  const read = readYaml(bomb.join("\n"), { bigIntegers: false });
  expect("faults" in read).toBe(true);
});

test.each([
  ["a: *hunter2\n", "Unresolved alias (the anchor must be set before the alias)"],
  ["a: |hunter2\n", "Block scalar header includes extra characters"],
  ["a: [] ]hunter2\n", "Unexpected flow-seq-end token in YAML stream"],
  ['a: "\\qhunter2"\n', "Invalid escape sequence"],
])("yaml: what is wrong with %j is told without quoting it, it may be a secret", (text, words) => {
  const read = readYaml(text, { bigIntegers: false });
  const [fault] = "faults" in read ? read.faults : [];
  expect(fault?.message).toBe(`not valid YAML: ${words}`);
});

test("yaml: a second document is told in our own words, at its place", () => {
  const read = readYaml("a: 1\n---\nb: 2\n---\nc: 3\n", { bigIntegers: false });
  expect("faults" in read && read.faults).toEqual([
    {
      line: 2,
      column: 1,
      key: "",
      message: "not valid YAML: a second document begins here (---), only one is allowed",
    },
  ]);
});

test("yaml: an alias inside of its own anchor is told with its place", () => {
  for (const [text, place] of [
    ["a: &x { b: *x }\n", "1:12"],
    ["a:\n  - &x [1, { b: [*x] }]\n", "2:18"],
  ] as const) {
    const read = readYaml(text, { bigIntegers: false });
    const [fault] = "faults" in read ? read.faults : [];
    expect(`${fault?.line}:${fault?.column}`).toBe(place);
    expect(fault?.message).toContain("the alias *x stands inside of what it stands for");
  }
});

test("yaml: of very many faults the first are told, and how many there are", () => {
  const read = readYaml(`a: ${"[".repeat(500)}\n`, { bigIntegers: false });
  const faults = "faults" in read ? read.faults : [];
  expect(faults.length).toBe(21);
  expect(faults.at(-1)?.message).toMatch(/^not valid YAML: \d+ more faults$/);
});
