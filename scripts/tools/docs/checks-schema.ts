/** The JSON Schema of the checks file, made from the healthcheck fields. */
import { checkTypeNames } from "../../../src/checks/registry.ts";
import { commonFields, fieldsOfType } from "../../../src/protocol/healthcheck-schema.ts";
import type { JsonSchema } from "../../../src/schema/json-schema.ts";
import { described } from "./described.ts";
import { DIALECT } from "./json.ts";

/**
 * Returns the schema. The server ignores unknown fields; an editor reports them as errors, because a misspelt field has no effect and
 * nothing else would show it.
 */
export function checksJsonSchema(): JsonSchema {
  const types = checkTypeNames();
  return {
    $schema: DIALECT,
    title: "healthcheck-server checks file",
    description: "The healthchecks of `healthcheck-server run --checks FILE`.",
    type: "object",
    required: ["healthchecks"],
    properties: {
      healthchecks: { type: ["array", "null"], items: { $ref: "#/definitions/healthcheck" } },
    },
    definitions: {
      healthcheck: {
        type: "object",
        required: ["checker_type"],
        properties: { checker_type: { enum: [...types] } },
        allOf: types.map((type) => ({
          if: { properties: { checker_type: { const: type } } },
          // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
          then: { $ref: `#/definitions/${type}` },
        })),
      },
      ...Object.fromEntries(types.map((type) => [type, ofType(type)])),
    },
  };
}

function ofType(type: string): JsonSchema {
  const fields = [...commonFields(), ...(fieldsOfType(type) ?? [])];
  return {
    type: "object",
    required: fields.filter(({ fallback }) => fallback === undefined).map(({ name }) => name),
    properties: Object.fromEntries(
      fields.map((field) => {
        const absent = field.fallback === undefined ? "Required." : `When absent: ${field.fallback}.`;
        return [field.name, described(field, absent)];
      }),
    ),
    additionalProperties: false,
  };
}
