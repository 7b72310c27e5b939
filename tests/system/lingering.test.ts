/** Connections that are closed while they are read to their end. */
import { expect, test } from "bun:test";
import { Lingerer, Lingering, MAX_LINGER_MS } from "../../src/system/lingering.ts";

/** Connections by name, and which of them were cut off. */
function fixture(max: number) {
  const cut: string[] = [];
  const lingering = new Lingering(max);
  class Named extends Lingerer {
    constructor(readonly name: string) {
      super();
    }

    cutOff(): void {
      cut.push(this.name);
    }
  }
  const lingerer = (name: string) => new Named(name);
  return { cut, lingering, lingerer };
}

test("lingering: a connection is closed when its time is up, not before", () => {
  const { cut, lingering, lingerer } = fixture(10);
  lingering.add(lingerer("a"), 0);
  lingering.add(lingerer("b"), 1);
  lingering.expire(MAX_LINGER_MS - 1);
  expect(cut).toEqual([]);
  lingering.expire(MAX_LINGER_MS);
  expect(cut).toEqual(["a"]);
  lingering.expire(MAX_LINGER_MS + 1);
  expect([cut, lingering.size]).toEqual([["a", "b"], 0]);
});

test("lingering: one too many closes the oldest; one that has come to its end is not closed again", () => {
  const { cut, lingering, lingerer } = fixture(2);
  const first = lingerer("first");
  lingering.add(first, 0);
  lingering.remove(first);
  lingering.remove(first);
  for (const name of ["a", "b", "c"]) lingering.add(lingerer(name), 0);
  expect([cut, lingering.size]).toEqual([["a"], 2]);
});

test("lingering: closes the oldest on demand, as long as there is one", () => {
  const { cut, lingering, lingerer } = fixture(5);
  lingering.add(lingerer("a"), 0);
  lingering.add(lingerer("b"), 0);
  expect([lingering.evict(), lingering.evict(), lingering.evict()]).toEqual([true, true, false]);
  expect(cut).toEqual(["a", "b"]);
});
