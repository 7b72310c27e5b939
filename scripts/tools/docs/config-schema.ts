/** The JSON Schema of the configuration file, made from the server's own fields: editors complete and check by it. */
import { leaves, SECTIONS } from "../../../src/config/schema.ts";
import { type JsonSchema, orNull } from "../../../src/schema/json-schema.ts";
import { described } from "./described.ts";
import { DIALECT } from "./json.ts";

/**
 * Returns the schema. It accepts what `check-config --strict-config` does, as far as a JSON Schema can: it does not see the range of a
 * duration, the order of buckets, and whether an address or URL is valid.
 */
export function configJsonSchema(): JsonSchema {
  return {
    $schema: DIALECT,
    title: "healthcheck-server configuration",
    description: "The configuration file of healthcheck-server. Every section and key may be left out.",
    type: ["object", "null"],
    properties: Object.fromEntries(Object.keys(SECTIONS).map((name) => [name, sectionSchema(name)])),
    additionalProperties: false,
    // A place for anchors.
    patternProperties: { "^x-": {} },
  };
}

function sectionSchema(section: string): JsonSchema {
  const keys = leaves().filter((leaf) => leaf.section === section);
  const properties = keys.map(({ name, about }) => {
    const takesEffect = about.reload ? "A change takes effect on SIGHUP." : "A change needs a restart.";
    return [name, { ...described(about, takesEffect), default: about.default }];
  });
  return orNull({
    type: "object",
    properties: Object.fromEntries(properties),
    additionalProperties: false,
  });
}
