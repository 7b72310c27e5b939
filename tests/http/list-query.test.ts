/** The query of the list, accepted and refused. */
import { expect, test } from "bun:test";
import { readListQuery } from "../../src/http/list-query.ts";
import { BadRequestError } from "../../src/http/request.ts";

const NOTHING = { state: undefined, type: undefined, text: "", limit: 100, offset: 0 };

const read = (query: string) => readListQuery(new URLSearchParams(query));

test.each([
  ["", {}],
  ["state=unhealthy", { state: "unhealthy" }],
  ["state=unknown&type=dns", { state: "unknown", type: "dns" }],
  ["state=&type=", {}],
  ["q=TCP%20Connect", { text: "tcp connect" }],
  ["q=", {}],
  ["q=%C3%84", { text: "ä" }],
  ["limit=0", { limit: 0 }],
  ["limit=1000&offset=9007199254740991", { limit: 1_000, offset: Number.MAX_SAFE_INTEGER }],
  ["limit=007", { limit: 7 }],
])("list query: %j", (query, changes) => {
  // The compiler cannot know which of the table's texts are states and types.
  expect(read(query)).toEqual({ ...NOTHING, ...changes } as ReturnType<typeof read>);
});

test.each([
  ["state=ill", 'state: "ill" is not valid; must be one of unknown, healthy, unhealthy'],
  ["type=TCP", 'type: "TCP" is not valid; must be one of tcp, http, dns, udp, icmp, radius'],
  ["limit=1001", 'limit: "1001" is out of range; must be an integer from 0 to 1000'],
  ["limit=", 'limit: "" is not valid; must be an integer from 0 to 1000'],
  ["limit=-1", 'limit: "-1" is not valid; must be an integer from 0 to 1000'],
  ["limit=1e2", 'limit: "1e2" is not valid; must be an integer from 0 to 1000'],
  ["offset=9007199254740992", /^offset: "9007199254740992" is out of range/],
  ["offset=11111111111111111", /^offset: "11111111111111111" is out of range/],
  ["sort=id", "sort: unknown parameter; must be one of state, type, q, limit, offset"],
  ["limit=1&limit=2", "limit: given more than once"],
  ["state=&state=", "state: given more than once"],
  ["a%20b=1&a%20b=2", '"a b": unknown parameter; must be one of'],
  [
    "limit=x&state=ill&sort=id",
    'sort: unknown parameter; must be one of state, type, q, limit, offset; state: "ill" is not valid; must be one of ' +
      'unknown, healthy, unhealthy; limit: "x" is not valid; must be an integer from 0 to 1000',
  ],
  [`q=${"x".repeat(201)}`, "q: too long; must be at most 200 characters"],
])("list query: %j is rejected with this message: %s", (query, words) => {
  expect(() => read(query)).toThrow(BadRequestError);
  expect(() => read(query)).toThrow(words);
});
