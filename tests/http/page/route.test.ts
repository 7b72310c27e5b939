/** Content of the address bar. Run by `bun test`. */
import { expect, test } from "bun:test";
import {
  detailAddress,
  detailHash,
  listAddress,
  listHash,
  NO_FILTER,
  parseHash,
  sameFilter,
} from "../../../src/http/page/logic/route.ts";

const TYPES = ["tcp", "http", "dns"];

test.each([
  ["", NO_FILTER],
  ["#", NO_FILTER],
  ["#/", NO_FILTER],
  ["#/nothing/like/it", NO_FILTER],
  ["#/?state=unhealthy", { ...NO_FILTER, state: "unhealthy" as const }],
  ["#/?type=dns&q=10.0", { state: undefined, type: "dns" as const, q: "10.0" }],
  ["#/?state=sick&type=udp&q=", NO_FILTER],
  ["#/?q=a%26b%3Dc%23d", { ...NO_FILTER, q: "a&b=c#d" }],
])("page: the address %p is a list", (hash, filter) => {
  expect(parseHash(hash, TYPES)).toEqual({ view: "list", filter });
});

test("page: what a list is narrowed to survives the address", () => {
  const filter = { state: "healthy", type: "http", q: 'é & "x" #1?=%' } as const;
  expect(parseHash(listHash(filter), TYPES)).toEqual({ view: "list", filter });
  expect(listHash(NO_FILTER)).toBe("#/");
  expect(sameFilter(filter, { ...filter })).toBe(true);
  expect(sameFilter(filter, { ...filter, q: "" })).toBe(false);
});

test("page: a healthcheck's address keeps all digits of its id", () => {
  const id = "13758215386640154624";
  expect(detailHash(id)).toBe(`#/healthcheck/${id}`);
  expect(parseHash(detailHash(id), TYPES)).toEqual({ view: "detail", id });
  expect(parseHash("#/healthcheck/%E0%A4%A", TYPES)).toEqual({ view: "detail", id: "%E0%A4%A" });
  expect(parseHash(detailHash("a/b?c"), TYPES)).toEqual({ view: "detail", id: "a/b?c" });
});

test("page: questions to the server are relative to the page", () => {
  const filter = { state: "unhealthy", type: undefined, q: "10.0 x" } as const;
  expect(listAddress(filter, 40, 80)).toBe("api/healthchecks?state=unhealthy&q=10.0+x&offset=40&limit=80");
  expect(detailAddress("1/../2")).toBe("api/healthchecks/1%2F..%2F2");
});
