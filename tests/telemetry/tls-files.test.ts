/** What of somebody else's words may be logged. */
import { expect, test } from "bun:test";
import { redactHeaders } from "../../src/telemetry/tls-files.ts";

test("harmless: headers' values and their parts go, and so do line breaks", () => {
  const headers = { authorization: "Bearer hunter2", "x-key": "a;longer=one" };
  expect(redactHeaders("no Bearer hunter2 here,\r\n\u0007nor hunter2 nor longer", headers)).toBe(
    "no … here, nor … nor …",
  );
  expect(redactHeaders("connect ECONNREFUSED 127.0.0.1:4317", headers)).toBe(
    "connect ECONNREFUSED 127.0.0.1:4317",
  );
});

test("harmless: what is long is cut", () => {
  expect(redactHeaders("x".repeat(1_000), {}).length).toBeLessThan(250);
});
