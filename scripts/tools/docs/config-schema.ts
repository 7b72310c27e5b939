/** The JSON Schema of the configuration file, made from the server's own schema: editors complete and check by it. */
import { type JsonSchema as LibrarySchema, toJsonSchema } from "@valibot/to-json-schema";
import type { FieldFacts, FieldKind } from "../../../src/config/fields.ts";
import { ConfigSchema } from "../../../src/config/schema.ts";
import { LOG_FORMATS, LOG_LEVELS } from "../../../src/logging/logger.ts";
import { anyCase, type JsonSchema, orNull } from "../../../src/schema/json-schema.ts";
import { DIALECT } from "./json.ts";

/** A level in any case, or what has the form of RUST_LOG's directives. */
const LOG_DIRECTIVES = `^\\s*(?:${[...LOG_LEVELS, "off"].map(anyCase).join("|")}|[0-5]|healthcheck[_-]server)\\s*$|[=,]`;

/** What the conversion cannot know of a kind. */
const OF_KIND: Readonly<Partial<Record<FieldKind, (schema: JsonSchema) => JsonSchema>>> = {
  // Without quotes YAML reads 0660 as a number, and the server takes it as it was written.
  "file mode": (schema) => ({
    anyOf: [schema, { type: "integer", minimum: 0, maximum: 777 }],
  }),
  "log level": (schema) => ({
    anyOf: [schema, { type: "string", pattern: LOG_DIRECTIVES }, { type: "integer", minimum: 0, maximum: 5 }],
  }),
  "log format": (schema) => ({
    anyOf: [schema, { type: "string", pattern: `^\\s*(?:${LOG_FORMATS.map(anyCase).join("|")})\\s*$` }],
  }),
  "list of numbers": (schema) => ({
    ...schema,
    items: { type: "number", exclusiveMinimum: 0 },
    uniqueItems: true,
  }),
};

/**
 * The schema. It judges as `check-config --strict-config` does, as far as a JSON Schema can: it does not see the range of a
 * duration, the order of buckets, and whether an address or URL is one.
 */
export function configJsonSchema(): JsonSchema {
  const converted = toJsonSchema(ConfigSchema, {
    target: "draft-07",
    typeMode: "input",
    overrideAction: ({ valibotAction, jsonSchema }) => {
      if (valibotAction.type === "check") return jsonSchema;
      // Every field of fields.ts attaches its facts, and nothing else attaches metadata.
      if ("metadata" in valibotAction) return leaf(jsonSchema, valibotAction.metadata as FieldFacts);
      return undefined;
    },
    overrideSchema: ({ valibotSchema, jsonSchema: { required: _, ...rest } }) =>
      valibotSchema.type === "object" ? { ...rest, additionalProperties: false } : undefined,
  });
  const { properties = {}, ...whole } = converted;
  const sections = Object.entries(properties).map(([name, section]) => [name, orNull(nonNull(section))]);
  return {
    ...whole,
    $schema: DIALECT,
    title: "healthcheck-server configuration",
    description: "The configuration file of healthcheck-server. Every section and key may be left out.",
    type: ["object", "null"],
    properties: Object.fromEntries(sections),
    // A place for anchors.
    patternProperties: { "^x-": {} },
  };
}

function leaf(converted: object, { kind, rule, about, fallback, reload }: FieldFacts): LibrarySchema {
  const given = nonNull(converted);
  const schema = orNull(OF_KIND[kind]?.(given) ?? given);
  const takesEffect = reload ? "A change takes effect on SIGHUP." : "A change needs a restart.";
  const description = `${about}\n\n${rule.replace(/^give /, "Allowed: ")}. ${takesEffect}`;
  // The library's type wants to know that the default is JSON; it was written for a file.
  return { ...schema, description, default: fallback } as LibrarySchema;
}

/** The conversion writes what may be null as one of two; editors tell faults better without. */
function nonNull(converted: unknown): JsonSchema {
  const [schema] = (converted as { readonly anyOf?: readonly JsonSchema[] }).anyOf ?? [];
  if (schema === undefined) throw new Error(`expected a key that may be null: ${JSON.stringify(converted)}`);
  return schema;
}
