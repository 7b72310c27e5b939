/** Fields as the JSON Schemas show them to editors; both schemas are made from these. */
import { describeField, type FieldFacts } from "../../../src/schema/field.ts";
import type { JsonSchema } from "../../../src/schema/json-schema.ts";

/** The schema of one field, with what an editor shows about it. @param further - a sentence after what is allowed */
export function described(field: FieldFacts, further: string): JsonSchema {
  return { ...field.json, description: `${describeField(field)}\n\nAllowed: ${field.range}. ${further}` };
}
