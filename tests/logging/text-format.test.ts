/** Log lines for people, and how many of them. */
import { expect, test } from "bun:test";
import { RateLimiter } from "../../src/logging/limiter.ts";
import { formatText } from "../../src/logging/text-format.ts";

const line = ({
  level = "info",
  message,
  ...fields
}: {
  level?: string;
  message: string;
  [name: string]: unknown;
}) => formatText("T", level, message, fields);

test("text: time, level, message, fields", () => {
  expect(line({ message: "Adding healthcheck", id: "1", target: "tcp://10.0.0.1:80" })).toBe(
    "T  INFO Adding healthcheck id=1 target=tcp://10.0.0.1:80\n",
  );
  expect(line({ level: "error", message: "m" })).toBe("T ERROR m\n");
});

test("text: values that could be mistaken are JSON", () => {
  expect(line({ message: "m", a: "two words", b: "", c: 'q"', d: "x=y", e: "a\nb" })).toBe(
    'T  INFO m a="two words" b="" c="q\\"" d="x=y" e="a\\nb"\n',
  );
  expect(line({ message: "m", n: 1.5, yes: true, none: null, list: [1], map: { a: 1 } })).toBe(
    'T  INFO m n=1.5 yes=true none=null list=[1] map={"a":1}\n',
  );
});

test("text: a value cannot break the line or forge another", () => {
  const forged = line({ message: "m", reason: "x\nT ERROR forged\r\u2028" });
  expect(forged.split("\n").length).toBe(2);
});

test("limiter: one of a kind a period, then the number of those held back", () => {
  const limiter = new RateLimiter(1_000);
  expect(limiter.admit("a", 0)).toBe(0);
  expect([limiter.admit("a", 1), limiter.admit("a", 999)]).toEqual([undefined, undefined]);
  expect(limiter.admit("a", 1_000)).toBe(2);
  expect(limiter.admit("a", 1_001)).toBeUndefined();
  expect(limiter.admit("a", 9_000)).toBe(1);
  expect(limiter.admit("a", 99_000)).toBe(0);
});

test("limiter: one kind does not hold back another", () => {
  const limiter = new RateLimiter(1_000);
  expect([limiter.admit("a", 0), limiter.admit("b", 0)]).toEqual([0, 0]);
});
