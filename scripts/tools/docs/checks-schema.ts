/** The JSON Schema of the checks file, made from the list of its fields. */
import { CHECK_TYPES, type CheckType } from "../../../src/model/spec.ts";
import { CHECK_FIELDS } from "./check-fields.ts";
import { DIALECT, type JsonSchema } from "./json.ts";

/**
 * The schema. The server ignores fields that it does not know; an editor calls them faults, because a misspelt field has no
 * effect and nobody says so.
 */
export function checksJsonSchema(): JsonSchema {
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
        properties: { checker_type: { enum: [...CHECK_TYPES] } },
        allOf: CHECK_TYPES.map((type) => ({
          if: { properties: { checker_type: { const: type } } },
          // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
          then: { $ref: `#/definitions/${type}` },
        })),
      },
      ...Object.fromEntries(CHECK_TYPES.map((type) => [type, ofType(type)])),
    },
  };
}

function ofType(type: CheckType): JsonSchema {
  const fields = CHECK_FIELDS.filter(({ types }) => types.includes(type));
  return {
    type: "object",
    required: fields.filter(({ fallback }) => fallback === undefined).map(({ name }) => name),
    properties: Object.fromEntries(
      fields.map(({ name, schema, about, range, fallback }) => {
        const absent = fallback === undefined ? "Must be there." : `When absent: ${fallback}.`;
        return [name, { ...schema, description: `${about}\n\nAllowed: ${range}. ${absent}` }];
      }),
    ),
    additionalProperties: false,
  };
}
