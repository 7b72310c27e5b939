/** The schema kit: what a field accepts, how its errors read, and that documents say the same. */
import { expect, test } from "bun:test";
import { clampedDuration, duration, positiveDurationMs, YEAR_MS } from "../../src/schema/durations.ts";
import {
  describeField,
  fieldFacts,
  optional,
  required,
  setting,
  settingFacts,
  type ValueOf,
} from "../../src/schema/field.ts";
import { objectReader, readerOf, readValue, sectionsReader } from "../../src/schema/object.ts";
import { formatProblem } from "../../src/schema/problem.ts";
import {
  choice,
  decimal,
  flag,
  hex,
  integer,
  ip,
  list,
  oneOf,
  port,
  secretMap,
  secretMatching,
  secretText,
  text,
} from "../../src/schema/values.ts";
import { digits, idDigits } from "../../src/schema/written-values.ts";

const FLAGS = { about: "A test.", reload: false };

/** The error of a value under the key `k`; undefined when it is accepted. */
function errorOf(value: ValueOf<unknown>, input: unknown): string | undefined {
  const read = readValue(value, input);
  return read.ok
    ? undefined
    : read.problems.map(({ path, message }) => formatProblem({ path: ["k", ...path], message })).join("; ");
}

test("kit: a duration keeps to its range, both ends included, and a setting has its default", () => {
  const read = readerOf(setting(duration("1s", "10s"), "5s", FLAGS));
  expect(["1s", "10000ms", null, undefined].map((written) => read(written))).toEqual(
    [1_000, 10_000, 5_000, 5_000].map((value) => ({ ok: true, value })),
  );
  expect(["999ms", "10001ms"].map((written) => read(written).ok)).toEqual([false, false]);
});

test("kit: a clamped duration is replaced by the nearest in range, with a warning", () => {
  const { amend } = clampedDuration("1s", "1h");
  const rule = 'must be a duration such as "5s" or "1m30s", from 1s to 1h';
  expect(["0s", "2h", "5s", "soon", 5].map((value) => amend?.(value, undefined))).toEqual([
    { value: "1s", warnings: [`"0s" is out of range, using 1s; ${rule}`] },
    { value: "1h", warnings: [`"2h" is out of range, using 1h; ${rule}`] },
    undefined,
    undefined,
    undefined,
  ]);
});

test("kit: a positive duration is above 0 and at most a year", () => {
  expect(readValue(positiveDurationMs, "8760h")).toEqual({ ok: true, value: YEAR_MS });
  expect(
    ["0", "0s", "8761h", "-1s", "", 5].map((written) => readValue(positiveDurationMs, written).ok),
  ).toEqual(Array(6).fill(false));
});

const HEADERS = secretMap(secretMatching(/^[a-z]+$/, "a name"), secretText, "headers", 1);

const INVALID: readonly (readonly [value: ValueOf<unknown>, input: unknown, message: string])[] = [
  [integer(1, 9), 10, "k: 10 is out of range; must be an integer from 1 to 9"],
  [integer(1, 9), 10n, "k: 10 is out of range; must be an integer from 1 to 9"],
  [integer(1, 9), 0.5, "k: 0.5 is not valid; must be an integer from 1 to 9"],
  [integer(1, 9), "2", 'k: "2" is not valid; must be an integer from 1 to 9'],
  [decimal(0, 1), 1.5, "k: 1.5 is out of range; must be a number from 0 to 1"],
  [decimal(0, 1), Number.NaN, "k: NaN is not valid; must be a number from 0 to 1"],
  [port, 0, "k: 0 is out of range; must be an integer from 1 to 65535"],
  [flag, "yes", 'k: "yes" is not valid; must be true or false'],
  [oneOf(["a", "b"]), "", 'k: "" is not valid; must be one of a, b'],
  [choice(["a", "b"]), "c", 'k: "c" is not valid; must be one of a, b'],
  [ip, "::g", 'k: "::g" is not valid; must be an IPv4 or IPv6 address'],
  [text, null, "k: missing; must be a string"],
  [text, ["s3cret"], "k: a list (not shown) is not valid; must be a string"],
  [text, { a: "s3cret" }, "k: an object (not shown) is not valid; must be a string"],
  [oneOf(["a"]), "http://u:s3cret@h", "k: a string (not shown) is not valid; must be one of a"],
  [secretText, 7, "k: a number (not shown) is not valid; must be a string"],
  [hex, "0", 'k: "0" is not valid; must be bytes as pairs of hexadecimal digits'],
  [list(port, "ports", "1 to 65535", 2), [1, 2, 3], "k: too long; must be a list of at most 2 ports"],
  [
    list(port, "ports", "1 to 65535", 3),
    [0, 1, "x"],
    'k.0: 0 is out of range; must be an integer from 1 to 65535; k.2: "x" is not valid; must be an integer from 1 to 65535',
  ],
  [HEADERS, { a: "1", b: "2" }, "k: too long; must be a map of at most 1 headers"],
  [HEADERS, ["s3cret"], "k: a list (not shown) is not valid; must be a map of at most 1 headers"],
  [digits(1, 9), "0", 'k: "0" is out of range; must be an integer from 1 to 9'],
  [
    digits(1, 9),
    "99999999999999999999",
    'k: "99999999999999999999" is out of range; must be an integer from 1 to 9',
  ],
  [digits(1, 9), "1e0", 'k: "1e0" is not valid; must be an integer from 1 to 9'],
  [idDigits, "007", 'k: "007" is not valid; must be an integer from 0 to 18446744073709551615'],
];

test.each(INVALID.map(([value, input, message]) => [message, value, input] as const))(
  "kit: an invalid value has one error, in the one grammar: %s",
  (message, value, input) => {
    expect(errorOf(value, input)).toBe(message);
  },
);

test("kit: an object reports every wrong field, each once, and drops unknown ones", () => {
  const read = objectReader({
    port: required(port, "A port."),
    name: optional(text, "none", "none", "A name."),
    on: required(flag, "A switch."),
  });
  expect(read({ port: 1, on: true, other: 1 })).toEqual({
    ok: true,
    value: { port: 1, name: "none", on: true },
  });
  const wrong = read({ port: 0.5, name: 7 });
  expect(wrong.ok ? [] : wrong.problems.map(formatProblem)).toEqual([
    "port: 0.5 is not valid; must be an integer from 1 to 65535",
    "name: 7 is not valid; must be a string",
    "on: missing; must be true or false",
  ]);
});

test("kit: any section of a file may be absent, empty or null", () => {
  const read = sectionsReader({
    a: { on: setting(flag, true, FLAGS) },
    b: { size: setting(port, 80, FLAGS) },
  });
  for (const file of [{}, { a: null, b: {} }, { a: { on: null } }])
    expect(read(file)).toEqual({ ok: true, value: { a: { on: true }, b: { size: 80 } } });
});

test("kit: documents have the facts that validation uses", () => {
  const field = setting(clampedDuration("1s", "1h"), "15s", { about: "An interval.", reload: true });
  expect(settingFacts(field)).toMatchObject({
    kind: "duration",
    range: "1s to 1h",
    fallback: "15s",
    default: "15s",
    about: "An interval.",
    reload: true,
    json: { type: ["string", "null"] },
  });
  expect(describeField(fieldFacts(required(secretText, "A word.")))).toBe("A word. A secret: never shown.");
  expect(fieldFacts(required(port, "A port.")).json).toEqual({
    type: "integer",
    minimum: 1,
    maximum: 65_535,
  });
});
