/** `name` and `labels`: shown where they can be, and never a reason to refuse. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { detail, listItem, searchText } from "../../src/http/views.ts";
import { diff } from "../../src/manager/diff.ts";
import { readConfig } from "../../src/protocol/healthcheck.ts";
import { readNaming } from "../../src/protocol/naming.ts";
import { configFields } from "../harness/client/configs.ts";
import { id, makeSpec, success } from "../harness/fakes/fakes.ts";
import { Stock } from "../harness/fakes/monitor-stock.ts";

const NAMED = { name: "web frontend", labels: [["rack", "r12"]] } as const;

test("naming: texts, numbers and booleans are shown as they look", () => {
  const { naming, warnings } = readNaming("web frontend", { rack: "r12", unit: 7n, up: true });
  expect(naming).toEqual({
    name: "web frontend",
    labels: [
      ["rack", "r12"],
      ["unit", "7"],
      ["up", "true"],
    ],
  });
  expect(warnings).toEqual([]);
});

test.each([
  [undefined, undefined],
  [null, null],
  ["", {}],
])("naming: %j and %j are absent", (name, labels) => {
  expect(readNaming(name, labels)).toEqual({ naming: {}, warnings: [] });
});

const TEXT = "is not valid; must be a string of at most 128 visible characters; it is left out";

test.each([
  [["a"], undefined, "name", `a list (not shown) ${TEXT}`],
  ["a\u001bb", undefined, "name", `"a\\u001bb" ${TEXT}`],
  ["a\u202eb", undefined, "name", `"a\\u202eb" ${TEXT}`],
  ["x".repeat(129), undefined, "name", `"${"x".repeat(59)}… ${TEXT}`],
  ["", [1], "labels", "a list (not shown) is not valid; must be a map of strings; it is left out"],
  [
    "",
    { "a-b": "c" },
    "labels",
    '"a-b" is not valid; must be a label name: letters, digits and _, not a digit first; it is left out',
  ],
  [
    "",
    { a: null },
    "labels.a",
    "missing; must be a string of at most 128 visible characters; it is left out",
  ],
  [
    "",
    Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`l${n}`, "x"])),
    "labels",
    "too long; must be at most 16 labels; it is left out",
  ],
] as const)("naming: %j, %j: %s is left out with a warning", (name, labels, path, words) => {
  const { warnings } = readNaming(name, labels);
  expect(warnings.map((warning) => [warning.path.join("."), warning.message])).toEqual([[path, words]]);
});

test("naming: nothing that a client may send refuses a healthcheck", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (name, labels) => {
      expect(readConfig(configFields({ name, labels }), "wire").ok).toBe(true);
    }),
  );
});

test("naming: a change keeps state and counters", async () => {
  const before = makeSpec(1);
  const after = { ...before, ...NAMED };
  expect(await diff(new Map([[before.id, before]]), { specs: [after], rejected: new Set() })).toEqual({
    add: [],
    adjust: [after],
    replace: [],
    remove: [],
  });
});

test("naming: is shown in lists and details, and can be searched for", () => {
  const monitor = new Stock().add(makeSpec(1, NAMED), [success()]);
  expect(listItem(monitor)).toMatchObject({ id: id(1), name: "web frontend" });
  expect(detail(monitor).config).toMatchObject({ name: "web frontend", labels: { rack: "r12" } });
  expect(searchText(monitor)).toContain("web frontend rack=r12 ");
});
