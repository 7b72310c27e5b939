/** Requests of the control socket: a field of a wrong type never widens what a command is about. */
import { expect, test } from "bun:test";
import { readRequest } from "../../src/overrides/request.ts";

const SET = { command: "set", action: "healthy", duration_ms: 1_000, reason: " a drill " };
const read = (fields: object) => readRequest(JSON.stringify(fields));

test("request: each command with its fields", () => {
  expect(read({ command: "list" })).toEqual({ command: "list" });
  expect(read({ command: "release", id: "7" })).toMatchObject({ command: "release", id: "7" });
  expect(read({ ...SET, id: "7", all: true })).toMatchObject({
    action: "healthy",
    durationMs: 1_000,
    reason: "a drill",
    all: true,
    id: "7",
    selection: { text: "id 7" },
  });
  expect(read({ ...SET, target: "10.0.0.0/8" })).toMatchObject({
    all: false,
    selection: { text: "target 10.0.0.0/8" },
  });
  expect(read({ ...SET, all: true })).toMatchObject({ all: true, selection: { text: "all" } });
});

const WRONG: readonly unknown[] = [null, 1, 1.5, true, [], ["1"], {}, { toString: "x" }];

test.each(
  ["id", "target", "all", "action", "duration_ms", "reason", "command", "until"].flatMap((field) =>
    [...WRONG, "x"].map((value) => [field, value] as const),
  ),
)("request: %s: %j is rejected, also with everything selected", (field, value) => {
  const isValid = (field === "all" && value === true) || (field === "reason" && value === "x");
  const isDuration = field === "duration_ms" && typeof value === "number";
  const answer = read({ ...SET, all: true, [field]: value });
  if (isValid || isDuration) expect(answer).toMatchObject({ command: "set" });
  else expect(answer).toBeString();
});

test.each([
  "",
  "x",
  "[]",
  "null",
  "1",
  '"set"',
  "{",
  `${"[".repeat(16_000)}`,
  `${'{"a":'.repeat(3_000)}`,
  "\u0000",
  "\ufffd{}",
])("request: a line that is not a JSON object is rejected (%#)", (line) =>
  expect(readRequest(line)).toBe("the request is not a JSON object"),
);

test("request: deep values are rejected like others", () => {
  const deep = (depth: number) => `${"[".repeat(depth)}${"]".repeat(depth)}`;
  expect(readRequest(`{"command":"release","id":${deep(7_000)}}`)).toBeString();
  expect(readRequest(`{"command":${deep(7_000)}}`)).toBe("command: must be set, release or list");
});

test("request: a field that the command does not have is rejected, not ignored", () => {
  expect(read({ command: "list", id: "1" })).toBe("id: not a field of the command list");
  expect(read({ command: "release", all: true, port: 80 })).toBe("port: not a field of the command release");
  expect(readRequest('{"command":"release","all":true,"__proto__":1}')).toMatch(/__proto__: not a field/);
});
