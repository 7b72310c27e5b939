/** The messages of collectors and libraries, as they may be logged. */
import { expect, test } from "bun:test";
import { redactHeaders } from "../../src/redaction/foreign.ts";

test("redactHeaders: headers' values and their parts go, and so do line breaks", () => {
  const headers = { authorization: "Bearer hunter2", "x-key": "a;longer=one" };
  expect(redactHeaders("no Bearer hunter2 here,\r\n\u0007nor hunter2 nor longer", headers)).toBe(
    "no … here, nor … nor …",
  );
  expect(redactHeaders("connect ECONNREFUSED 127.0.0.1:4317", headers)).toBe(
    "connect ECONNREFUSED 127.0.0.1:4317",
  );
});

test("redactHeaders: what is long is cut", () => {
  expect(redactHeaders("x".repeat(1_000), {}).length).toBeLessThan(250);
});
