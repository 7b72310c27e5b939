/** The names that a lookup asks for, as glibc's res_search does it. */
import { expect, test } from "bun:test";
import {
  failureToReport,
  type NameOutcome,
  nameAfterTimeout,
  type SearchConf,
  searchNames,
} from "../../src/checks/dns/search.ts";

const CONF: SearchConf = { search: ["a.example", "b.example."], ndots: 1, noTldQuery: false };

/** The names asked for when their outcomes are these; `no-name` for those after them. */
function asked(
  query: string,
  outcomes: readonly NameOutcome[] = [],
  changes: Partial<SearchConf> = {},
): string[] {
  const search = searchNames(query, { ...CONF, ...changes });
  const names: string[] = [];
  let next = search.next("other");
  while (next.done !== true) {
    names.push(next.value);
    next = search.next(outcomes[names.length - 1] ?? "no-name");
  }
  return names;
}

const A = "www.a.example";
const B = "www.b.example";

test.each<[string, Partial<SearchConf>, string[]]>([
  ["www", {}, [A, B, "www"]],
  ["www.dept", {}, ["www.dept", "www.dept.a.example", "www.dept.b.example"]],
  ["www.dept", { ndots: 2 }, ["www.dept.a.example", "www.dept.b.example", "www.dept"]],
  ["www", { ndots: 0 }, ["www", A, B]],
  ["www.", { ndots: 5 }, ["www"]],
  [".", {}, ["."]],
  ["www", { search: [] }, ["www"]],
  ["www", { noTldQuery: true }, [A, B]],
  ["www", { noTldQuery: true, search: [] }, ["www"]],
  ["www.dept", { noTldQuery: true, ndots: 2 }, ["www.dept.a.example", "www.dept.b.example", "www.dept"]],
  // The root in the list is the place of the name as it is.
  ["www", { search: ["a.example", ".", "b.example"] }, [A, "www", B]],
  ["www", { search: [".a.example"] }, [A, "www"]],
  // A text that cannot be a name ends the list.
  ["www", { search: [`${"x".repeat(64)}.example`, "b.example"] }, ["www"]],
])("search: %s with %j", (query, changes, names) => {
  expect(asked(query, [], changes)).toEqual(names);
});

test.each<[NameOutcome[], string[]]>([
  [
    ["no-name", "no-name"],
    [A, B, "www"],
  ],
  [
    ["no-data", "no-name"],
    [A, B, "www"],
  ],
  [
    ["server-failure", "no-name"],
    [A, B, "www"],
  ],
  // No answer, or REFUSED: the rest of the list is left out, and the name as it is still has its chance.
  [["other"], [A, "www"]],
  [
    ["no-name", "other"],
    [A, B, "www"],
  ],
  // No process listens on any server: no other name will be answered.
  [["refused"], [A]],
])("search: after %j", (outcomes, names) => {
  expect(asked("www", outcomes)).toEqual(names);
});

test("search: a name that is tried as it is first is followed by the list, whatever became of it", () => {
  for (const outcome of ["no-name", "no-data", "server-failure", "refused", "other"] as const) {
    expect(asked("www.x", [outcome])).toEqual(["www.x", "www.x.a.example", "www.x.b.example"]);
  }
});

test("search: the name that comes next when the first is not answered", () => {
  expect(nameAfterTimeout("www", CONF)).toBe("www");
  expect(nameAfterTimeout("www.x", CONF)).toBe("www.x.a.example");
  expect(nameAfterTimeout("www.x.", CONF)).toBeUndefined();
});

test("search: the failure that is reported is the one that proves most", () => {
  const report = (query: string, ...outcomes: NameOutcome[]) => {
    const names = asked(query, outcomes);
    return failureToReport(
      query,
      names.map((name, index) => ({ name, outcome: outcomes[index] ?? "no-name" })),
    )?.name;
  };
  expect(report("www", "no-name", "no-data", "server-failure")).toBe(B);
  expect(report("www", "server-failure", "no-name", "no-name")).toBe(A);
  expect(report("www", "no-name", "no-name", "no-name")).toBe("www");
  expect(report("www.x", "no-name", "no-data", "no-data")).toBe("www.x");
});
