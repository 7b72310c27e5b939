/** The files in examples/ that people copy: the executable finds nothing wrong with them, nor does their schema. */
import { expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Ajv, type ValidateFunction } from "ajv";
import { parse } from "yaml";
import { runCommand } from "../harness/base/command.ts";

const EXAMPLES = join(import.meta.dir, "..", "..", "examples");
const NAMES = readdirSync(EXAMPLES).filter((name) => /^(?:healthcheck-server|checks)\b.*\.ya?ml$/.test(name));
const SCHEMA_LINE = /^# yaml-language-server: \$schema=(\S+)\n/;

const schemas = new Map<string, ValidateFunction>();
function schema(path: string): ValidateFunction {
  const known = schemas.get(path);
  if (known !== undefined) return known;
  const ajv = new Ajv({ strict: true, allowUnionTypes: true });
  const compiled = ajv.compile(JSON.parse(readFileSync(path, "utf8")) as object);
  schemas.set(path, compiled);
  return compiled;
}

test("examples: those that are promised are there", () => {
  for (const name of ["minimal", "development", "production", "high-volume"])
    expect(NAMES).toContain(`healthcheck-server-${name}.yaml`);
  expect(NAMES).toContain("checks-standalone.yaml");
});

test.each(NAMES)("examples: check-config --strict-config finds nothing wrong with %s", async (name) => {
  const path = join(EXAMPLES, name);
  const { status, out, err } = await runCommand(["check-config", "--strict-config", path]);
  expect([status, err]).toEqual([0, ""]);
  expect(out).toMatch(/^\S+: valid (?:configuration file|checks file, \d+ healthchecks)\n$/);
});

test.each(NAMES)("examples: the first line of %s names its schema, which it fits", (name) => {
  const text = readFileSync(join(EXAMPLES, name), "utf8");
  const [, relative = ""] = SCHEMA_LINE.exec(text) ?? [];
  const path = join(dirname(join(EXAMPLES, name)), relative);
  expect([relative !== "", existsSync(path)]).toEqual([true, true]);
  const validate = schema(path);
  expect([validate(parse(text)), validate.errors]).toEqual([true, null]);
});
